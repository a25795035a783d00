package diagram

import (
	"strings"

	"github.com/rivo/uniseg"
)

// How names are written: sans-serif of 12 pixels, in lines of 14.
const (
	LineHeight  = 14
	cellWidth   = 7 // of a Latin letter, on the wide side
	textPadding = 12
	maxLines    = 3
	leastText   = 90 // the name of a small node may be wider than it
)

// wrap cuts a name into lines of so many pixels: between words, and within a word that is longer,
// as those of scripts without spaces are. What does not fit is left out with an ellipsis.
func wrap(name string, width, lines int) []string {
	columns := max(1, width/cellWidth)
	if columns < len("...") {
		return nil
	}
	var out []string
	for _, word := range strings.Fields(name) {
		if n := len(out); n > 0 && uniseg.StringWidth(out[n-1])+1+uniseg.StringWidth(word) <= columns {
			out[n-1] += " " + word
			continue
		}
		out = append(out, broken(word, columns)...)
	}
	if len(out) <= lines {
		return out
	}
	out = out[:lines]
	last := broken(out[lines-1], columns-1)[0]
	out[lines-1] = last + "…"
	return out
}

// broken cuts a word into pieces of so many columns.
func broken(word string, columns int) []string {
	pieces := []string{""}
	used := 0
	for g := uniseg.NewGraphemes(word); g.Next(); {
		if used+g.Width() > columns && used > 0 {
			pieces, used = append(pieces, ""), 0
		}
		pieces[len(pieces)-1] += g.Str()
		used += g.Width()
	}
	return pieces
}
