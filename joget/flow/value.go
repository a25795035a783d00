package flow

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
	// unset: a number or boolean without a value, or a text that is null; the
	// engine holds null or what is empty, and nobody knows which
	// (docs/joget.md#variables-at-the-start).
	unset bool
	why   string // why the value cannot be known, "" when it can
}

// typed is the value of a variable whose text is known.
func typed(t xpdl.Type, text string) value {
	var err error
	switch t {
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
			return value{why: "which has no value"}
		}
		_, err = date(text)
	case xpdl.Other:
		return value{why: "which is of a type that cannot be followed"}
	}
	switch {
	case text == "":
		return value{unset: true}
	case err != nil:
		return value{why: "whose value is not of its type"}
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

// held is the value of a variable in an instance that has v now.
func held(declared xpdl.Variable, v migration.Variable) value {
	switch {
	case v.Kind == migration.VariableUnreadable:
		return value{why: "whose value cannot be read"}
	case v.Kind == migration.VariableNull && declared.Type.Text():
		return value{unset: true} // the API can only make it empty
	}
	return typed(declared.Type, v.Value)
}

// stand is what conditions see of a variable that nobody set: Joget has both.
type stand int

const (
	asNull stand = iota
	asEmpty
)

// script makes the value that conditions see. An unset one is null, or empty:
// zero, false or no text.
func (v value) script(rt *goja.Runtime, t xpdl.Type, unset stand) (goja.Value, error) {
	if v.unset {
		switch {
		case unset == asNull:
			return goja.Null(), nil
		case t == xpdl.Boolean:
			return rt.ToValue(false), nil
		case t.Text():
			return rt.ToValue(""), nil
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
