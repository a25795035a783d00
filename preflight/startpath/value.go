package startpath

import (
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"

	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// value is what a variable holds during a walk. The zero value is an empty text.
type value struct {
	text string
	// unset: a number or boolean without a value; the engine holds null or zero,
	// and nobody knows which (CONTRACT 3.2).
	unset bool
	why   string // why the value cannot be known, "" when it can
}

// initial is the value that the engine gives a variable of the definition.
func initial(v xpdl.Variable) value {
	text := v.Initial
	var err error
	switch v.Type {
	case xpdl.String, xpdl.Reference, xpdl.Performer:
		return value{text: text}
	case xpdl.Integer:
		_, err = strconv.ParseInt(text, 10, 64)
	case xpdl.Float:
		_, err = strconv.ParseFloat(text, 64)
	case xpdl.Boolean:
		if text = strings.ToLower(text); text != "true" && text != "false" {
			err = strconv.ErrSyntax
		}
	case xpdl.DateTime:
		if text == "" {
			return value{why: "which has no initial value"}
		}
		_, err = date(text)
	case xpdl.Other:
		return value{why: "which is of a type that cannot be followed"}
	}
	switch {
	case text == "":
		return value{unset: true}
	case err != nil:
		return value{why: "whose initial value is not of its type"}
	}
	return value{text: text}
}

func date(text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	return time.ParseInLocation(time.DateTime, text, time.Local)
}

// given is the value of a variable after process/start was given one for it:
// unchanged when it does not take that one.
func given(declared xpdl.Variable, now value, v migration.Variable) value {
	if v.Kind == migration.VariableUnreadable || !declared.Type.Takes(v.Value) {
		return now
	}
	return value{text: v.Value}
}

// script makes the value that conditions see. An unset one is null, or zero.
func (v value) script(rt *goja.Runtime, t xpdl.Type, zero bool) (goja.Value, error) {
	if v.unset {
		switch {
		case !zero:
			return goja.Null(), nil
		case t == xpdl.Boolean:
			return rt.ToValue(false), nil
		default:
			return rt.ToValue(0), nil
		}
	}
	switch t {
	case xpdl.Integer:
		n, err := strconv.ParseInt(v.text, 10, 64)
		return rt.ToValue(n), err
	case xpdl.Float:
		f, err := strconv.ParseFloat(v.text, 64)
		return rt.ToValue(f), err
	case xpdl.Boolean:
		b, err := strconv.ParseBool(v.text)
		return rt.ToValue(b), err
	case xpdl.DateTime:
		d, err := date(v.text)
		if err != nil {
			return nil, err
		}
		return rt.New(rt.Get("Date"), rt.ToValue(d.UnixMilli()))
	case xpdl.String, xpdl.Reference, xpdl.Performer, xpdl.Other:
	}
	return rt.ToValue(v.text), nil
}
