package engine

import (
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"
)

// Markers of the Java Object Serialization Stream Protocol.
const (
	streamNull       = 0x70
	streamString     = 0x74
	streamLongString = 0x7C
)

var (
	streamHeader = []byte{0xAC, 0xED, 0x00, 0x05}
	errStream    = errors.New("not a serialized string or null")
)

// deserialize reads what schema.JavaString and schema.JavaNull write; false
// for null.
func deserialize(b []byte) (string, bool, error) {
	if len(b) < len(streamHeader)+1 || string(b[:len(streamHeader)]) != string(streamHeader) {
		return "", false, errStream
	}
	marker, rest := b[len(streamHeader)], b[len(streamHeader)+1:]
	var size uint64
	switch {
	case marker == streamNull:
		return "", false, nil
	case marker == streamString && len(rest) >= 2:
		size, rest = uint64(binary.BigEndian.Uint16(rest)), rest[2:]
	case marker == streamLongString && len(rest) >= 8:
		size, rest = binary.BigEndian.Uint64(rest), rest[8:]
	default:
		return "", false, errStream
	}
	if size != uint64(len(rest)) {
		return "", false, errStream
	}
	s, err := fromModifiedUTF8(rest)
	return s, true, err
}

func fromModifiedUTF8(b []byte) (string, error) {
	var units []uint16
	for len(b) > 0 {
		switch c := b[0]; {
		case c < 0x80:
			units, b = append(units, uint16(c)), b[1:]
		case c&0xE0 == 0xC0 && len(b) >= 2:
			units, b = append(units, uint16(c&0x1F)<<6|uint16(b[1]&0x3F)), b[2:]
		case c&0xF0 == 0xE0 && len(b) >= 3:
			units, b = append(units, uint16(c&0x0F)<<12|uint16(b[1]&0x3F)<<6|uint16(b[2]&0x3F)), b[3:]
		default:
			return "", errStream
		}
	}
	var out strings.Builder
	for _, r := range utf16.Decode(units) {
		out.WriteRune(r)
	}
	return out.String(), nil
}
