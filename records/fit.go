package records

import (
	"math/big"
	"slices"
	"strings"

	"jogetferry/migration"
)

// mismatch says why a column may not take what c holds; "" when it takes all.
// It goes by what the types mean: display widths and names of the same type are
// nothing to it. Charsets are not looked at.
func (c *Column) mismatch(to *Column) migration.MismatchKind {
	a, b := familyOf(c.Type), familyOf(to.Type)
	switch {
	case a == familyUnknown || b == familyUnknown:
		return migration.MismatchUnknown
	case b == familyText && (a == familyText || a == familyMembers || a == familyNamed):
		return narrower(!c.fitsText(to))
	case b == familyBytes && (a == familyBytes || a == familySpatial):
		return c.mismatchBytes(to)
	case a != b:
		return migration.MismatchType
	case a == familyExact:
		return narrower(!c.fitsExact(to))
	case a == familyFloat:
		return narrower(!c.fitsFloat(to))
	case a == familyMembers:
		return c.mismatchMembers(to)
	case a == familySpatial:
		return c.mismatchSpatial(to)
	case c.Type != to.Type:
		return migration.MismatchType
	}
	return narrower(to.Precision < c.Precision)
}

func narrower(is bool) migration.MismatchKind {
	if is {
		return migration.MismatchNarrower
	}
	return ""
}

// fitsText compares characters where the target counts those, or else bytes:
// the same characters take more bytes in another charset.
func (c *Column) fitsText(to *Column) bool {
	chars, octets := c.room()
	if to.Type == "char" || to.Type == "varchar" {
		return chars <= to.Chars
	}
	return octets <= to.Octets
}

// The longest texts of types of which information_schema does not tell.
const (
	uuidChars  = 36
	inet4Chars = 15
	inet6Chars = 39
	longOctets = 1<<32 - 1 // LONGTEXT and LONGBLOB; JSON and GEOMETRY have no limit of their own
)

// room returns how many characters and bytes a text of the column may have.
func (c *Column) room() (chars, octets int64) {
	switch c.Type {
	case "uuid":
		return uuidChars, uuidChars
	case "inet4":
		return inet4Chars, inet4Chars
	case "inet6":
		return inet6Chars, inet6Chars
	case "json":
		return longOctets, longOctets
	}
	return c.Chars, c.Octets
}

// charset returns the character set of the column's texts.
func (c *Column) charset() string {
	switch {
	case c.Type == "json":
		return "utf8mb4"
	case familyOf(c.Type) == familyNamed:
		return "ascii"
	}
	return c.Charset
}

// mismatchBytes knows that BINARY fills up with zeros, so that only one of the
// same length returns what it got.
func (c *Column) mismatchBytes(to *Column) migration.MismatchKind {
	octets := c.Octets
	if familyOf(c.Type) == familySpatial && c.Type != "vector" {
		octets = longOctets
	}
	switch {
	case octets > to.Octets:
		return migration.MismatchNarrower
	case to.Type == "binary" && (c.Type != "binary" || c.Octets != to.Octets):
		return migration.MismatchType
	}
	return ""
}

func (c *Column) mismatchSpatial(to *Column) migration.MismatchKind {
	from, into := spatialType(c.Type), spatialType(to.Type)
	switch {
	case from == "vector" && into == "vector" && to.Octets < c.Octets:
		return migration.MismatchNarrower
	case from == "vector" && into == "vector" && to.Octets > c.Octets:
		// MySQL takes fewer dimensions than the type says, MariaDB does not.
		return migration.MismatchType
	case from == into, into == "geometry" && from != "vector":
		return ""
	case from == "geometry" && into != "vector":
		return migration.MismatchNarrower
	}
	return migration.MismatchType
}

// spatialType gives MySQL 8's name of a type the one that it has elsewhere.
func spatialType(columnType string) string {
	if columnType == "geomcollection" {
		return "geometrycollection"
	}
	return columnType
}

// mismatchMembers compares lists: one that has all texts of the other takes all
// values, of a SET in the same order, which is that in which it returns them.
func (c *Column) mismatchMembers(to *Column) migration.MismatchKind {
	from, into := c.members(), to.members()
	lacks := slices.ContainsFunc(from, func(text string) bool { return !slices.Contains(into, text) })
	switch {
	case c.Type == to.Type && lacks:
		return migration.MismatchNarrower
	case c.Type != to.Type, c.Type == "set" && !inOrder(from, into):
		return migration.MismatchType
	}
	return ""
}

// fitsFloat: a FLOAT is a double too. (M,D) rounds to D digits.
func (c *Column) fitsFloat(to *Column) bool {
	fixed := func(c *Column) bool { return strings.Contains(c.FullType, ",") }
	switch {
	case c.Type == "double" && to.Type == "float", to.unsigned() && !c.unsigned():
		return false
	case fixed(to):
		return fixed(c) && to.Scale >= c.Scale && to.Digits-to.Scale >= c.Digits-c.Scale
	}
	return true
}

func (c *Column) fitsExact(to *Column) bool {
	low, high := c.bounds()
	lowest, highest := to.bounds()
	return lowest.Cmp(low) <= 0 && highest.Cmp(high) >= 0 && to.Scale >= c.Scale
}

var integerBits = map[string]uint{"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}

// bounds returns the least and the greatest number of an exact type, cut to its integer part.
func (c *Column) bounds() (low, high *big.Int) {
	one := big.NewInt(1)
	low = new(big.Int)
	bits, integer := integerBits[c.Type]
	switch {
	case c.Type == "decimal":
		high = new(big.Int).Exp(big.NewInt(10), big.NewInt(c.Digits-c.Scale), nil)
		high.Sub(high, one)
		if !c.unsigned() {
			low.Neg(high)
		}
		return low, high
	case !integer:
		bits = uint(c.Digits) //nolint:gosec // 1 to 64, of a BIT
	case !c.unsigned():
		bits--
		low.Neg(new(big.Int).Lsh(one, bits))
	}
	high = new(big.Int).Lsh(one, bits)
	return low, high.Sub(high, one)
}
