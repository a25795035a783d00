package uploads

import (
	"path"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"

	"jogetferry/migration"
)

// maxComponent is the longest name of file systems in use, in bytes.
const maxComponent = 255

// Folder returns the folder of a record below that of all uploads, as Joget names
// it (docs/joget.md#uploads): a path of two elements, or of more where the ID has
// slashes. So records whose IDs Joget decodes to one text have one folder, and that
// of one may lie in that of another. CodeUnsupported where the path would lead out of
// its table's folder, or cannot be one.
func Folder(row migration.RowKey) (string, error) {
	table, err := TableFolder(row.Table)
	if err != nil {
		return "", err
	}
	id := folderName(string(row.ID))
	parts := strings.FieldsFunc(id, func(r rune) bool { return r == '/' })
	if len(parts) == 0 || strings.Contains(id, `..\`) {
		return "", refusedName()
	}
	parts = append([]string{table}, parts...)
	for _, part := range parts {
		if !component(part) {
			return "", refusedName()
		}
	}
	return path.Join(parts...), nil
}

// TableFolder returns the folder of a table (without app_fd_) below that of all uploads:
// one element. CodeUnsupported where its name cannot be one.
func TableFolder(table string) (string, error) {
	name := folderName(table)
	if strings.Contains(name, "/") || !component(name) {
		return "", refusedName()
	}
	return name, nil
}

// CheckKey returns CodeUnsupported when key names no place within a store: its
// record has no Folder, or a part of its Name cannot be a name within one: empty, ".",
// "..", with NUL, or too long. An empty Name stands for the record's folder.
func CheckKey(key Key) error {
	if _, err := Folder(key.Row); err != nil || key.Name == "" {
		return err
	}
	for part := range strings.SplitSeq(key.Name, "/") {
		if !component(part) {
			return refusedName()
		}
	}
	return nil
}

func component(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= maxComponent && !strings.Contains(name, "\x00")
}

func refusedName() error {
	return &migration.Error{
		Code: migration.CodeUnsupported, Op: "name an upload",
		Hint: "the name of a table, record or file is not a file name, or leads out of the uploads folder",
	}
}

// folderName is what Joget makes of the name of a table or a record:
// URL-decoded where that is possible, and then normalised.
func folderName(text string) string {
	if decoded, ok := urlDecode(text); ok {
		text = decoded
	}
	return norm.NFKC.String(text)
}

// urlDecode decodes as Java's URLDecoder does with UTF-8; false where that throws. A
// run of escaped bytes that is no UTF-8 has the replacement character in its place.
func urlDecode(text string) (string, bool) {
	var out strings.Builder
	for len(text) > 0 {
		switch text[0] {
		case '+':
			out.WriteByte(' ')
			text = text[1:]
		case '%':
			var run []byte
			for strings.HasPrefix(text, "%") {
				if len(text) < len("%41") {
					return "", false
				}
				// Java reads a sign there, too: "%+4" is a byte, "%-4" is none.
				value, err := strconv.ParseInt(text[1:3], 16, 16)
				if err != nil || value < 0 {
					return "", false
				}
				run, text = append(run, byte(value)), text[3:] //nolint:gosec // of two digits
			}
			decoded, err := unicode.UTF8.NewDecoder().Bytes(run) // replaces what is no UTF-8
			if err != nil {
				return "", false
			}
			out.Write(decoded)
		default:
			next := strings.IndexAny(text, "+%")
			if next < 0 {
				next = len(text)
			}
			out.WriteString(text[:next])
			text = text[next:]
		}
	}
	return out.String(), true
}
