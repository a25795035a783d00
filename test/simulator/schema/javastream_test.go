package schema_test

import (
	"bytes"
	"strings"
	"testing"

	"jogetferry/test/simulator/schema"
)

func TestJavaString_matches_the_stream_protocol(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []byte
	}{
		{"empty", "", []byte{0xAC, 0xED, 0, 5, 0x74, 0, 0}},
		{"ascii_and_nul", "a\x00", []byte{0xAC, 0xED, 0, 5, 0x74, 0, 3, 'a', 0xC0, 0x80}},
		{"two_and_three_bytes", "é€", []byte{0xAC, 0xED, 0, 5, 0x74, 0, 5, 0xC3, 0xA9, 0xE2, 0x82, 0xAC}},
		{"surrogates_one_by_one", "😀", []byte{0xAC, 0xED, 0, 5, 0x74, 0, 6, 0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := schema.JavaString(c.text); !bytes.Equal(got, c.want) {
				t.Errorf("% x, want % x", got, c.want)
			}
		})
	}
	long := schema.JavaString(strings.Repeat("x", 65536))
	if head := []byte{0xAC, 0xED, 0, 5, 0x7C, 0, 0, 0, 0, 0, 1, 0, 0}; !bytes.HasPrefix(long, head) || len(long) != len(head)+65536 {
		t.Errorf("long string starts % x and has %d bytes", long[:13], len(long))
	}
}
