package schema

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// javaString writes text as Java's ObjectOutputStream does, char by char.
func javaString(text string) []byte {
	var body []byte
	for _, c := range utf16.Encode([]rune(text)) {
		switch {
		case c != 0 && c < 0x80:
			body = append(body, byte(c))
		case c < 0x800:
			body = append(body, 0xC0|byte(c>>6), 0x80|byte(c&0x3F))
		default:
			body = append(body, 0xE0|byte(c>>12), 0x80|byte(c>>6&0x3F), 0x80|byte(c&0x3F))
		}
	}
	if len(body) < 1<<16 {
		return append(binary.BigEndian.AppendUint16(append(streamHeader[:4:4], tagString), uint16(len(body))), body...)
	}
	return append(binary.BigEndian.AppendUint64(append(streamHeader[:4:4], tagLongString), uint64(len(body))), body...)
}

func TestJavaStrings(t *testing.T) {
	t.Parallel()
	const head = "\xAC\xED\x00\x05"
	for _, tc := range []struct {
		name, stream, want string
		null, bad          bool
	}{
		{name: "text", stream: head + "t\x00\x02ab", want: "ab"},
		{name: "empty", stream: head + "t\x00\x00"},
		{name: "long_form", stream: head + "|\x00\x00\x00\x00\x00\x00\x00\x02ab", want: "ab"},
		{name: "null", stream: head + "p", null: true},
		{name: "nul_is_two_bytes", stream: head + "t\x00\x04a\xC0\x80b", want: "a\x00b"},
		{name: "surrogate_pair", stream: head + "t\x00\x06\xED\xA0\xBD\xED\xB8\x80", want: "😀"},
		{name: "the_replacement_character_itself", stream: head + "t\x00\x03\xEF\xBF\xBD", want: "\uFFFD"},
		{name: "no_bytes", bad: true},
		{name: "header_only", stream: head, bad: true},
		{name: "other_header", stream: "\xAC\xED\x00\x04p", bad: true},
		{name: "an_object", stream: head + "sr\x00", bad: true},
		{name: "shorter_than_announced", stream: head + "t\x00\x03ab", bad: true},
		{name: "longer_than_announced", stream: head + "t\x00\x01ab", bad: true},
		{name: "null_and_more", stream: head + "pp", bad: true},
		{name: "huge_length", stream: head + "|\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFab", bad: true},
		{name: "four_byte_form", stream: head + "t\x00\x04\xF0\x9F\x98\x80", bad: true},
		{name: "high_surrogate_alone", stream: head + "t\x00\x03\xED\xA0\xBD", bad: true},
		{name: "high_surrogate_before_text", stream: head + "t\x00\x04\xED\xA0\xBDa", bad: true},
		{name: "low_surrogate_alone", stream: head + "t\x00\x03\xED\xB8\x80", bad: true},
		{name: "cut_character", stream: head + "t\x00\x02\xE2\x82", bad: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, null, err := decodeJavaString([]byte(tc.stream))
			if (err != nil) != tc.bad || got != tc.want || null != tc.null {
				t.Errorf("got %q, null %v, %v", got, null, err)
			}
		})
	}
}

func FuzzJavaStringRoundTrip(f *testing.F) {
	for _, seed := range []string{"", "a", "\x00", "é€😀", strings.Repeat("ü", 40000), "\uFFFD\uFFFF"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "?") // what is no text has no Java form
		stream := encodeJavaString(text)
		if want := javaString(text); !bytes.Equal(stream, want) {
			t.Errorf("%q is %x, want %x", text, stream, want)
		}
		got, null, err := decodeJavaString(stream)
		if err != nil || null || got != text {
			t.Errorf("%q came back as %q, null %v, %v", text, got, null, err)
		}
	})
}

func FuzzJavaStringNeverGivesInvalidText(f *testing.F) {
	f.Add([]byte("\xAC\xED\x00\x05t\x00\x06\xED\xA0\xBD\xED\xB8\x80"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		text, _, err := decodeJavaString(stream)
		if err == nil && !utf8.ValidString(text) {
			t.Errorf("%x gives invalid text %q", stream, text)
		}
	})
}
