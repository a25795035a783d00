package schema

import (
	"encoding/binary"
	"math"
	"unicode/utf16"
)

// MaxVarchar is the longest variable, in UTF-16 units, that the engine stores
// as text; longer ones are stored as JavaString (docs/joget.md#engine-tables).
const MaxVarchar = 4000

// JavaNull is a null as Java's ObjectOutputStream writes it.
func JavaNull() []byte { return []byte{0xAC, 0xED, 0x00, 0x05, 0x70} }

// JavaString is a string as Java's ObjectOutputStream writes it: header,
// marker, length and modified UTF-8 (surrogates one by one, NUL as two bytes).
func JavaString(s string) []byte {
	var body []byte
	for _, u := range utf16.Encode([]rune(s)) {
		switch {
		case u != 0 && u < 0x80:
			body = append(body, byte(u))
		case u < 0x800:
			body = append(body, 0xC0|byte(u>>6), 0x80|byte(u&0x3F))
		default:
			body = append(body, 0xE0|byte(u>>12), 0x80|byte(u>>6&0x3F), 0x80|byte(u&0x3F))
		}
	}
	out := []byte{0xAC, 0xED, 0x00, 0x05}
	if len(body) <= math.MaxUint16 {
		out = binary.BigEndian.AppendUint16(append(out, 0x74), uint16(len(body))) //nolint:gosec // checked
	} else {
		out = binary.BigEndian.AppendUint64(append(out, 0x7C), uint64(len(body)))
	}
	return append(out, body...)
}
