package engine

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/schema"
)

// Codes of VariableType.
const (
	typeBoolean = 0
	typeLong    = 1
	typeDouble  = 2
	typeString  = 3
	typeDate    = 4
	typeObject  = 5
)

// value is nil, bool, int64, float64, string or time.Time.
type value any

// variable is one row of SHKProcessData or SHKActivityData.
type variable struct {
	oid     int64
	version int64
	name    string
	value   value
	result  bool // activities: to be written back at completion
}

const dateLayout = "2006-01-02 15:04:05"

// initial is the value of a variable that nobody set: zero for numbers and
// booleans, empty text, for dates the time now whatever the definition says
// (docs/joget.md#variables-at-the-start).
func (e *Engine) initial(v xpdl.Variable) value {
	switch v.Type {
	case xpdl.Integer:
		n, err := strconv.ParseInt(v.Initial, 10, 64)
		if err != nil {
			return int64(0)
		}
		return n
	case xpdl.Float:
		f, err := strconv.ParseFloat(v.Initial, 64)
		if err != nil {
			return float64(0)
		}
		return f
	case xpdl.Boolean:
		return strings.EqualFold(v.Initial, "true")
	case xpdl.DateTime:
		return e.now().Truncate(time.Second)
	case xpdl.Other:
		return nil
	case xpdl.String, xpdl.Reference, xpdl.Performer:
		return v.Initial
	}
	return nil
}

// fits reports whether the engine takes a value for a declared type.
func fits(t xpdl.Type, v value) bool {
	switch v.(type) {
	case nil:
		return true
	case string:
		return t.Text()
	case int64:
		return t == xpdl.Integer
	case float64:
		return t == xpdl.Float
	case bool:
		return t == xpdl.Boolean
	case time.Time:
		return t == xpdl.DateTime
	}
	return false
}

var errNumber = errors.New("not a number")

// parseStart converts the text of a start parameter by the declared type, with
// the faults of the real parser: booleans are parsed as numbers, dates not at all.
func parseStart(t xpdl.Type, text string) (value, error) {
	switch t {
	case xpdl.Integer, xpdl.Boolean:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, errNumber
		}
		return n, nil
	case xpdl.Float:
		f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil {
			return nil, errNumber
		}
		return f, nil
	case xpdl.String, xpdl.Reference, xpdl.Performer, xpdl.DateTime, xpdl.Other:
		return text, nil
	}
	return text, nil
}

// parseAs converts text by the class of the current value.
func parseAs(current value, text string) (value, error) {
	switch current.(type) {
	case int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, errNumber
		}
		return n, nil
	case float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, errNumber
		}
		return f, nil
	case bool:
		return strings.EqualFold(text, "true"), nil
	}
	return text, nil
}

// javaDate is the pattern of Java's Date.toString.
const javaDate = "Mon Jan 02 15:04:05 MST 2006"

// text prints a value as Java's toString does; nil is empty.
func (e *Engine) text(v value) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case bool:
		return strconv.FormatBool(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return floatText(x)
	case time.Time:
		return x.In(e.zone).Format(javaDate)
	}
	return ""
}

func floatText(x float64) string {
	s := strconv.FormatFloat(x, 'g', -1, 64)
	if !strings.ContainsAny(s, ".eIN") {
		s += ".0"
	}
	return s
}

// printable is the value as JSON prints it: numbers and booleans keep their
// type, nil is empty text.
func (e *Engine) printable(v value) any {
	switch x := v.(type) {
	case int64, float64, bool:
		return x
	}
	return e.text(v)
}

// noObject is what VariableValue holds beside most values.
var noObject = []byte{0}

// fresh is columns for a new row, where texts too have noObject beside them.
func (e *Engine) fresh(v value, t xpdl.Type) []any {
	c := e.columns(v, t)
	if c[1] == nil {
		c[1] = noObject
	}
	return c
}

// columns are the values of VariableType, VariableValue, VariableValueVCHAR,
// VariableValueDBL, VariableValueLONG, VariableValueDATE, VariableValueBOOL.
// Unused numbers are 0; a null leaves the one of its type NULL. A date is wall time in
// the engine's zone.
func (e *Engine) columns(v value, t xpdl.Type) []any {
	c := []any{typeObject, noObject, nil, 0, 0, nil, 0}
	switch x := v.(type) {
	case nil:
		switch t {
		case xpdl.String, xpdl.Reference, xpdl.Performer:
			c[0], c[1] = typeString, nil
		case xpdl.Integer:
			c[0], c[4] = typeLong, nil
		case xpdl.Float:
			c[0], c[3] = typeDouble, nil
		case xpdl.Boolean:
			c[0], c[6] = typeBoolean, nil
		case xpdl.DateTime:
			c[0] = typeDate
		case xpdl.Other:
			c[1] = schema.JavaNull()
		default:
			c[1] = schema.JavaNull()
		}
	case string:
		if len(utf16.Encode([]rune(x))) > schema.MaxVarchar {
			c[1] = schema.JavaString(x)
		} else {
			c[0], c[1], c[2] = typeString, nil, x
		}
	case float64:
		c[0], c[3] = typeDouble, x
	case int64:
		c[0], c[4] = typeLong, x
	case time.Time:
		c[0], c[5] = typeDate, x.In(e.zone).Format(dateLayout)
	case bool:
		n := 0
		if x {
			n = 1
		}
		c[0], c[6] = typeBoolean, n
	}
	return c
}

// scanVariables reads rows of (oid, version, name, columns..., IsResult). A NULL
// number reads as 0 and a NULL boolean as false, as JDBC gives them.
func (e *Engine) scanVariables(ctx context.Context, q queryer, query string, args ...any) ([]*variable, error) {
	var out []*variable
	err := each(ctx, q, query, args, func(scan func(...any) error) error {
		var (
			v       variable
			kind    int
			blob    []byte
			vchar   sql.NullString
			double  sql.NullFloat64
			long    sql.NullInt64
			date    any
			boolean sql.NullInt64
			result  int
		)
		if err := scan(&v.oid, &v.version, &v.name, &kind, &blob, &vchar, &double, &long, &date, &boolean, &result); err != nil {
			return err
		}
		v.result = result != 0
		switch {
		case kind == typeString && vchar.Valid:
			v.value = vchar.String
		case kind == typeDouble:
			v.value = double.Float64
		case kind == typeLong:
			v.value = long.Int64
		case kind == typeBoolean:
			v.value = boolean.Int64 != 0
		case kind == typeDate && date != nil:
			v.value = e.datetime(date)
		case kind == typeObject:
			s, isText, err := deserialize(blob)
			if err != nil {
				return fmt.Errorf("variable %s: %w", v.name, err)
			}
			if isText {
				v.value = s
			}
		}
		out = append(out, e.cached(v))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// datetime reads a DATETIME column, whatever the driver's parseTime is, which holds wall
// time in the engine's zone; nil if it is neither.
func (e *Engine) datetime(v any) value {
	text := ""
	switch x := v.(type) {
	case time.Time:
		text = x.Format(dateLayout)
	case []byte:
		text = string(x)
	case string:
		text = x
	}
	t, err := time.ParseInLocation(dateLayout, text, e.zone)
	if err != nil {
		return nil
	}
	return t
}

// asJSON is the variables column of the history tables: an object of texts.
func (e *Engine) asJSON(vars []*variable) (string, error) {
	out := map[string]string{}
	for _, v := range vars {
		out[v.name] = e.text(v.value)
	}
	raw, err := json.Marshal(out)
	return string(raw), err
}
