package uploads

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"
)

// Bounds of what a store lists of one record.
const (
	MaxDepth = 16      // of folders below it
	MaxFiles = 100_000 // the rest is not listed, and List CodeUnsupported
)

const (
	partialPrefix = ".ferry-"
	partialSuffix = ".partial"
)

// PartialName returns the path of the partial file of the file or folder at name. It is
// stable, so that a later attempt finds it, and short, so that the longest of names has one.
func PartialName(name string) string {
	sum := sha256.Sum256([]byte(path.Base(name)))
	return path.Join(path.Dir(name), partialPrefix+hex.EncodeToString(sum[:16])+partialSuffix)
}

// IsPartial reports whether a name without folders is one that partial files have.
func IsPartial(base string) bool {
	middle, ok := strings.CutPrefix(base, partialPrefix)
	if !ok {
		return false
	}
	middle, ok = strings.CutSuffix(middle, partialSuffix)
	_, err := hex.DecodeString(middle)
	return ok && err == nil && len(middle) == sha256.Size
}
