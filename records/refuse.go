package records

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// refuses says why a value cannot be stored; "" if it can, as far as that can be told without the server.
func (c *Column) refuses(value []byte) string {
	switch {
	case value == nil && !c.Nullable && !c.Generated:
		return "this column needs a value on the target, and the source has none"
	case value == nil, len(value) == 0 && (c.Generated || c.Type != "enum"):
		return ""
	case c.Generated:
		return "the target computes this column, and the source stores values in it"
	}
	switch familyOf(c.Type) {
	case familyTime:
		return c.refusesTime(value)
	case familyBytes:
		if int64(len(value)) > c.Octets {
			return tooLong
		}
	case familyText:
		return c.refusesText(value)
	case familyMembers:
		return c.refusesMember(value)
	case familyExact:
		if c.Type != "bit" {
			return ""
		}
		if _, err := strconv.ParseUint(string(value), 10, int(c.Digits)); err != nil {
			return fmt.Sprintf("the target's column holds numbers of %d bits only", c.Digits)
		}
	case familyUnknown:
		return "the target's column is " + c.Type + ", a type that cannot be copied exactly"
	case familyFloat, familyNamed, familySpatial:
	}
	return ""
}

// timeLengths are how long dates and times are, without a fraction.
var timeLengths = map[string]int{"datetime": len("2006-01-02 15:04:05"), "timestamp": len("2006-01-02 15:04:05"), "date": len("2006-01-02"), "year": len("2006")}

func (c *Column) refusesTime(value []byte) string {
	whole, fraction, _ := strings.Cut(string(value), ".")
	// MySQL rounds and MariaDB cuts, both without a word.
	if int64(len(fraction)) > c.Precision {
		return "the target keeps fewer digits of a second than the source has"
	}
	// A date would get a time of day, and a year of two digits a century.
	if length, ok := timeLengths[c.Type]; ok && len(whole) != length {
		return "the target's column is " + c.Type + ", and the source has another kind of date or time"
	}
	return ""
}

func (c *Column) refusesText(value []byte) string {
	if size := int64(len(value)); size > c.Chars && (int64(utf8.RuneCount(value)) > c.Chars || size > c.Octets && isUTF8(c.Charset)) {
		return tooLong
	}
	if c.Type == "char" && bytes.HasSuffix(value, []byte(" ")) {
		return "the target's column drops spaces at the end of a text; make it varchar"
	}
	if lost(c.Charset, value) {
		return "the target's character set " + c.Charset + " cannot hold a character of the source; convert its table to utf8mb4"
	}
	return ""
}

// refusesMember judges by bytes: a text that the target only finds equal to one
// of its own would come back as that.
func (c *Column) refusesMember(value []byte) string {
	if lost("utf8mb3", value) {
		return "" // COLUMN_TYPE cannot say such characters: left to the server
	}
	members, wanted := c.members(), []string{string(value)}
	if c.Type == "set" {
		wanted = strings.Split(string(value), ",")
	}
	if !inOrder(wanted, members) {
		return "the target's column does not list the text of the source, or lists texts in another order; compare the column types of both servers"
	}
	return ""
}

// inOrder reports whether all of some are in all, in the same order.
func inOrder(some, all []string) bool {
	for _, text := range some {
		at := slices.Index(all, text)
		if at < 0 {
			return false
		}
		all = all[at+1:]
	}
	return true
}

const tooLong = "the target's column is too short for the value of the source; widen it"

func isUTF8(charset string) bool { return strings.HasPrefix(charset, "utf8") }

// lost reports whether a charset has no place for a character of a text; of
// those that are not listed only the server knows.
func lost(charset string, text []byte) bool {
	switch charset {
	case "ascii":
		return slices.ContainsFunc(text, func(b byte) bool { return b >= utf8.RuneSelf })
	case "utf8", "utf8mb3":
		return slices.ContainsFunc(text, func(b byte) bool { return b >= fourBytes })
	case "latin1":
		return bytes.ContainsFunc(text, func(r rune) bool {
			return r > 0xFF && !strings.ContainsRune(cp1252, r) || strings.ContainsRune(notLatin1, r)
		})
	}
	return false
}

const (
	fourBytes = 0xF0 // the first byte of characters beyond U+FFFF
	// MySQL's latin1 is cp1252: it has these characters in place of most of U+0080 to U+009F.
	cp1252    = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
	notLatin1 = "\u0080\u0082\u0083\u0084\u0085\u0086\u0087\u0088\u0089\u008a\u008b\u008c\u008e" +
		"\u0091\u0092\u0093\u0094\u0095\u0096\u0097\u0098\u0099\u009a\u009b\u009c\u009e\u009f"
)
