package migration

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// Fingerprint returns a short digest of what the server says of itself: what
// claims and migrations are bound to. Two aliases of one database give the
// same, a copy of it on another host another.
func (s Server) Fingerprint() Fingerprint {
	sum := sha256.Sum256([]byte(s.Host + "\x00" + strconv.Itoa(s.Port) + "\x00" + s.Database))
	return Fingerprint(hex.EncodeToString(sum[:12]))
}
