package schema

import (
	"net/url"
	"path"

	"golang.org/x/text/unicode/norm"
)

// UploadFolder returns where Joget keeps the uploads of a record, below the folder of
// all of them: the ID decoded as a URL is, where it can be, and normalised, in which a
// slash makes folders within folders.
func UploadFolder(table, id string) string {
	if decoded, err := url.QueryUnescape(id); err == nil {
		id = decoded
	}
	return path.Join(table, norm.NFKC.String(id))
}
