package uploads

import (
	"cmp"
	"slices"
	"strings"
)

// thumbnail is what Joget adds to the name of an image for the preview beside it.
const thumbnail = ".thumb.jpg"

// thumbnailOf returns the key of the file that key would be the preview of.
// Whether it is one, that file tells by being there: without it, key is an
// upload like any other.
func thumbnailOf(key Key) (image Key, ok bool) {
	name, ok := strings.CutSuffix(key.Name, thumbnail)
	if !ok || name == "" || strings.HasSuffix(name, "/") {
		return Key{}, false
	}
	return Key{Row: key.Row, Name: name}, true
}

// isThumbnail reports whether key is the preview of a file that one of the
// listings of Store.List has. Joget makes previews again whenever it shows the image
// (docs/joget.md#uploads), so what one holds says nothing of anybody's data.
func isThumbnail(key Key, listings ...[]Entry) bool {
	image, ok := thumbnailOf(key)
	if !ok {
		return false
	}
	return slices.ContainsFunc(listings, func(entries []Entry) bool {
		n, found := slices.BinarySearchFunc(entries, image.Name, func(e Entry, name string) int { return cmp.Compare(e.Name, name) })
		return found && entries[n].Kind == KindFile
	})
}
