package bench

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Quantity is a number with its unit, such as 12.9 "instances/s". Without a unit it is a count.
type Quantity struct {
	Value float64
	Unit  string
}

// String rounds to three digits or more.
func (q Quantity) String() string {
	return strings.TrimSpace(number(q.Value) + " " + q.Unit)
}

// number is v with at least three digits, and commas between thousands.
func number(v float64) string {
	decimals := 2
	switch a := math.Abs(v); {
	case a >= 100:
		decimals = 0
	case a >= 10:
		decimals = 1
	}
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction = strings.TrimRight(fraction, "0"); fraction == "" {
		return whole
	}
	return whole + "." + fraction
}

// Rival is what a row is measured against. The zero Rival is none.
type Rival struct {
	Name string
	Quantity
	Missing string // why it could not be had on this machine; "" where it could
}

// Budget bounds what was measured or its ratio to the rival. The zero Budget is none.
type Budget struct {
	bound bound
	limit float64
}

type bound int

const (
	unbounded bound = iota
	atLeast
	atMost
	ratioAtLeast
	ratioAtMost
)

// AtLeast and AtMost bound what was measured, in its unit.
func AtLeast(limit float64) Budget { return Budget{atLeast, limit} }

// AtMost is like AtLeast.
func AtMost(limit float64) Budget { return Budget{atMost, limit} }

// RatioAtLeast and RatioAtMost bound the ratio to the rival.
func RatioAtLeast(limit float64) Budget { return Budget{ratioAtLeast, limit} }

// RatioAtMost is like RatioAtLeast.
func RatioAtMost(limit float64) Budget { return Budget{ratioAtMost, limit} }

// ofRatio reports whether the budget needs the rival.
func (b Budget) ofRatio() bool { return b.bound == ratioAtLeast || b.bound == ratioAtMost }

// Row is one line of the table.
type Row struct {
	What     string
	Measured Quantity
	Against  Rival
	Budget   Budget
}

// Ratio is how many times the rival's number was measured; false where that is 0, as of
// one that is missing or not there at all.
func (r Row) Ratio() (float64, bool) {
	if r.Against.Value == 0 {
		return 0, false
	}
	return r.Measured.Value / r.Against.Value, true
}

// What a row says of its budget.
const (
	Met         = "met"
	Missed      = "**missed**"
	NotMeasured = "not measured"
	none        = "–"
)

// Verdict is Met, Missed, NotMeasured, or a dash for a row without a budget.
func (r Row) Verdict() string {
	value := r.Measured.Value
	if r.Budget.ofRatio() {
		ratio, ok := r.Ratio()
		if !ok {
			return NotMeasured
		}
		value = ratio
	}
	met := false
	switch r.Budget.bound {
	case unbounded:
		return none
	case atLeast, ratioAtLeast:
		met = value >= r.Budget.limit
	case atMost, ratioAtMost:
		met = value <= r.Budget.limit
	}
	if met {
		return Met
	}
	return Missed
}

// cells are the columns of the row: what, measured, against, ratio, budget, met.
func (r Row) cells() []string {
	against, ratio := none, none
	switch {
	case r.Against.Missing != "":
		against = r.Against.Name + ": not available here: " + r.Against.Missing
	case r.Against.Name != "":
		against = r.Against.Name + ": " + r.Against.String()
	}
	if v, ok := r.Ratio(); ok {
		ratio = number(v) + " x"
	}
	return []string{r.What, r.Measured.String(), against, ratio, r.limit(), r.Verdict()}
}

// limit is the budget in words.
func (r Row) limit() string {
	text, unit := number(r.Budget.limit), r.Measured.Unit
	if r.Budget.ofRatio() {
		unit = "x"
	}
	switch r.Budget.bound {
	case atLeast, ratioAtLeast:
		text = ">= " + text
	case atMost, ratioAtMost:
		text = "<= " + text
	case unbounded:
		return none
	}
	return strings.TrimSpace(text + " " + unit)
}

// median is the middle one of values, or the mean of the middle two; 0 of none.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// perSecond is the rate at which n things were done in a time.
func perSecond(n float64, unit string, took time.Duration) Quantity {
	return Quantity{n / took.Seconds(), unit + "/s"}
}

func seconds(took time.Duration) Quantity { return Quantity{took.Seconds(), "s"} }

func millis(took time.Duration) Quantity {
	return Quantity{float64(took) / float64(time.Millisecond), "ms"}
}

// count is n things that have no unit.
func count(n float64) Quantity { return Quantity{Value: n} }

// sizeName is bytes as people say it, such as 1 GiB or 8 kB.
func sizeName(bytes int64) string {
	for _, u := range []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"kB", 1000}} {
		if bytes >= u.size && bytes%u.size == 0 {
			return fmt.Sprintf("%d %s", bytes/u.size, u.name)
		}
	}
	return fmt.Sprintf("%s bytes", number(float64(bytes)))
}
