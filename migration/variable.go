package migration

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Zones are the offsets from UTC, in minutes east, that the Java machine of a server
// was seen with, the newest first: "60,120". "" where nobody looked.
type Zones string

// ZonesOf makes Zones of minutes, the newest first.
func ZonesOf(minutes []int) Zones {
	texts := make([]string, 0, len(minutes))
	for _, m := range minutes {
		texts = append(texts, strconv.Itoa(m))
	}
	return Zones(strings.Join(texts, ","))
}

func (z Zones) minutes() []int {
	var all []int
	for text := range strings.SplitSeq(string(z), ",") {
		if m, err := strconv.Atoi(text); err == nil {
			all = append(all, m)
		}
	}
	return all
}

// mostSeason is how many minutes the seasons of one time zone differ by at most.
const mostSeason = 60

// Shift returns what has to be added to a wall time of a server with z so that it is
// the same moment on one with target. ok is false where that cannot be told: the zones
// are not the same, and at least one of them seems to change over the year, or they
// differ by no more than the seasons of one zone do.
func (z Zones) Shift(target Zones) (by time.Duration, ok bool) {
	from, to := z.minutes(), target.minutes()
	if len(from) == 0 || len(to) == 0 || from[0] == to[0] {
		return 0, true
	}
	apart := to[0] - from[0]
	season := max(apart, -apart) <= mostSeason
	switch {
	case season && (slices.Contains(from, to[0]) || slices.Contains(to, from[0])):
		return 0, true // one zone, seen in two seasons
	case season || len(from) > 1 || len(to) > 1:
		return 0, false
	}
	return time.Duration(apart) * time.Minute, true
}

// InZones is a variable of the source as a server with target zones has to have it: a
// date in its wall time, anything else as it is. ok is false where that cannot be told.
func (v Variable) InZones(target Zones) (moved Variable, ok bool) {
	if v.Kind != VariableDate {
		return v, true
	}
	by, ok := v.Zones.Shift(target)
	if at, err := time.Parse(time.DateTime, v.Value); ok && err == nil && by != 0 {
		v.Value = at.Add(by).Format(time.DateTime)
	}
	return v, ok
}

// SameValue reports whether a variable of the target has the value of the source's, as
// far as its kind can have it: dates are compared as moments where the zones of both
// servers tell, else as they stand there; numbers as numbers. Null is no empty text: no
// call tells them apart (docs/joget.md#variables-of-an-instance), but conditions do.
func SameValue(source, target Variable) bool {
	if source.Kind == VariableNull && target.Kind == VariableString && target.Value == "" {
		return false
	}
	if source.Value == target.Value && target.Kind != VariableDate {
		return true
	}
	source, _ = source.InZones(target.Zones)
	as, ok := source.As(target.Kind)
	if !ok {
		return source.Value == target.Value
	}
	if target.Kind == VariableFloat && as.Kind == VariableFloat {
		return sameNumber(as.Value, target.Value)
	}
	return as.Value == target.Value
}

func sameNumber(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && x == y
}

// As is v as a variable of kind keeps it: its value in the form that the reader gives
// such a variable. ok is false where it has no place there: a text that is no number, a date in
// a number, an object anywhere. Null has a place in each.
func (v Variable) As(kind VariableKind) (as Variable, ok bool) {
	as = Variable{Name: v.Name, Kind: kind, Value: v.Value, Zones: v.Zones}
	switch {
	case v.Kind == VariableUnreadable || kind == VariableUnreadable || kind == VariableNull:
		return v, false
	case v.Kind == VariableNull || v.Kind == VariableString && v.Value == "" && kind != VariableString:
		as.Kind, as.Value = VariableNull, ""
		return as, true
	case kind == VariableDate || v.Kind == VariableDate:
		return as, kind == v.Kind || kind == VariableString
	}
	switch kind { //nolint:exhaustive // the others are done with
	case VariableBoolean:
		as.Value = strings.ToLower(v.Value)
		return as, as.Value == "true" || as.Value == "false"
	case VariableInteger:
		n, err := strconv.ParseInt(v.Value, 10, 64)
		as.Value = strconv.FormatInt(n, 10)
		return as, err == nil
	case VariableFloat:
		f, err := strconv.ParseFloat(v.Value, 64)
		return as, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
	}
	return as, true
}

// Shown reports whether a text that the target's API shows of a variable is v's: numbers
// are printed in Java's way, dates with the name of the zone, and null as nothing, zero
// or false.
func (v Variable) Shown(text string) bool {
	switch v.Kind {
	case VariableNull:
		return text == "" || text == "0" || text == "0.0" || text == "false"
	case VariableFloat:
		return sameNumber(v.Value, text)
	case VariableDate:
		return javaDate(text) == v.Value
	case VariableBoolean, VariableInteger, VariableString, VariableUnreadable:
	}
	return v.Value == text
}

// javaDate is the wall time of what java.util.Date prints, such as "Fri Nov 10
// 19:05:12 MYT 2023"; "" for anything else. The name of the zone says nothing certain.
func javaDate(text string) string {
	parts := strings.Fields(text)
	if len(parts) != 6 {
		return ""
	}
	at, err := time.Parse("Jan 2 15:04:05 2006", strings.Join([]string{parts[1], parts[2], parts[3], parts[5]}, " "))
	if err != nil {
		return ""
	}
	return at.Format(time.DateTime)
}
