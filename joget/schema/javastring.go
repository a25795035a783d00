package schema

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The Java object stream protocol, as far as a string or null needs it.
var streamHeader = []byte{0xAC, 0xED, 0x00, 0x05}

const (
	tagNull       = 0x70
	tagString     = 0x74 // length in 2 bytes
	tagLongString = 0x7C // length in 8 bytes
)

var errNoString = errors.New("not a serialized Java string")

// decodeJavaString decodes a stream that holds exactly one string, or null
// (then null is true). Anything else is an error, also a text that UTF-8
// cannot hold (an unpaired surrogate).
func decodeJavaString(stream []byte) (text string, null bool, err error) {
	rest, ok := bytes.CutPrefix(stream, streamHeader)
	if !ok || len(rest) == 0 {
		return "", false, errNoString
	}
	tag, rest := rest[0], rest[1:]
	var length uint64
	switch {
	case tag == tagNull && len(rest) == 0:
		return "", true, nil
	case tag == tagString && len(rest) >= 2:
		length, rest = uint64(binary.BigEndian.Uint16(rest)), rest[2:]
	case tag == tagLongString && len(rest) >= 8:
		length, rest = binary.BigEndian.Uint64(rest), rest[8:]
	default:
		return "", false, errNoString
	}
	if uint64(len(rest)) != length {
		return "", false, errNoString
	}
	text, err = decodeModifiedUTF8(rest)
	return text, false, err
}

// encodeJavaString is what decodeJavaString decodes: the stream of a string.
func encodeJavaString(text string) []byte {
	body := encodeModifiedUTF8(text)
	stream := slices.Clone(streamHeader)
	if len(body) <= math.MaxUint16 {
		stream = binary.BigEndian.AppendUint16(append(stream, tagString), uint16(len(body))) //nolint:gosec // it fits
	} else {
		stream = binary.BigEndian.AppendUint64(append(stream, tagLongString), uint64(len(body)))
	}
	return append(stream, body...)
}

// encodeModifiedUTF8 encodes Java's DataInput format: a raw NUL or a character of four
// bytes in it, and the engine lists no variable of the instance at all
// (docs/joget.md#variables-written-by-sql).
func encodeModifiedUTF8(text string) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		switch {
		case r == 0:
			out = append(out, 0xC0, 0x80)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			for _, unit := range []rune{high, low} {
				out = append(out, 0xE0|byte(unit>>12&0x0F), 0x80|byte(unit>>6&0x3F), 0x80|byte(unit&0x3F))
			}
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}

// decodeModifiedUTF8 decodes Java's DataInput format: NUL as C0 80, and
// characters beyond U+FFFF as two surrogates of three bytes each. Like Java it
// takes overlong forms.
func decodeModifiedUTF8(b []byte) (string, error) {
	var out strings.Builder
	out.Grow(len(b))
	for high := rune(0); len(b) > 0 || high != 0; {
		if n := commonPrefix(b); n > 0 && high == 0 {
			out.Write(b[:n])
			b = b[n:]
			continue
		}
		unit, n := javaChar(b)
		switch {
		case n == 0: // also: the text ends after a high surrogate
			return "", errNoString
		case high != 0:
			r := utf16.DecodeRune(high, unit)
			if r == utf8.RuneError {
				return "", errNoString
			}
			out.WriteRune(r)
			high = 0
		case unit >= 0xD800 && unit < 0xDC00:
			high = unit
		case utf16.IsSurrogate(unit):
			return "", errNoString
		default:
			out.WriteRune(unit)
		}
		b = b[n:]
	}
	return out.String(), nil
}

// commonPrefix returns how many bytes at the head of b mean the same in Java's
// format and in UTF-8, which is checked many times faster than decoded: no NUL,
// surrogates, overlong and four-byte forms. It may be less than there are.
func commonPrefix(b []byte) int {
	n := slices.IndexFunc(b, func(c byte) bool { return c == 0xC0 || c == 0xE0 || c == 0xED || c >= 0xF0 })
	if n < 0 {
		n = len(b)
	}
	if !utf8.Valid(b[:n]) {
		return 0
	}
	return n
}

// javaChar decodes one Java char; n is 0 when there is none.
func javaChar(b []byte) (unit rune, n int) {
	tail := func(i int) bool { return len(b) > i && b[i]&0xC0 == 0x80 }
	switch {
	case len(b) == 0:
		return 0, 0
	case b[0] < 0x80:
		return rune(b[0]), 1
	case b[0]&0xE0 == 0xC0 && tail(1):
		return rune(b[0]&0x1F)<<6 | rune(b[1]&0x3F), 2
	case b[0]&0xF0 == 0xE0 && tail(1) && tail(2):
		return rune(b[0]&0x0F)<<12 | rune(b[1]&0x3F)<<6 | rune(b[2]&0x3F), 3
	}
	return 0, 0
}
