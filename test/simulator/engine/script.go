package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/dop251/goja"
)

// scriptTimeout bounds a condition that does not end.
const scriptTimeout = 5 * time.Second

// script evaluates JavaScript over variables, in a runtime of its own.
func (e *Engine) script(source string, vars []*variable, more map[string]any) (goja.Value, error) {
	e.mu.Lock()
	program := e.scripts[source]
	e.mu.Unlock()
	if program == nil {
		var err error
		if program, err = goja.Compile("condition", source, false); err != nil {
			return nil, fmt.Errorf("compile condition: %w", err)
		}
		e.mu.Lock()
		e.scripts[source] = program
		e.mu.Unlock()
	}
	rt := goja.New()
	date := func(t time.Time) (goja.Value, error) {
		return rt.New(rt.Get("Date"), rt.ToValue(t.UnixMilli()))
	}
	set := func(name string, v any) error {
		if t, ok := v.(time.Time); ok {
			d, err := date(t)
			if err != nil {
				return err
			}
			return rt.Set(name, d)
		}
		return rt.Set(name, v)
	}
	// Rhino sees Java's classes; deadlines are written with this one
	if err := rt.Set("java", map[string]any{"util": map[string]any{"Date": rt.Get("Date")}}); err != nil {
		return nil, fmt.Errorf("set java.util.Date for a condition: %w", err)
	}
	for _, v := range vars {
		if err := set(v.name, v.value); err != nil {
			return nil, fmt.Errorf("set %s for a condition: %w", v.name, err)
		}
	}
	for name, v := range more {
		if err := set(name, v); err != nil {
			return nil, fmt.Errorf("set %s for a condition: %w", name, err)
		}
	}
	stop := time.AfterFunc(scriptTimeout, func() { rt.Interrupt("condition runs too long") })
	defer stop.Stop()
	v, err := rt.RunProgram(program)
	if err != nil {
		return nil, fmt.Errorf("evaluate condition: %w", err)
	}
	return v, nil
}

var errNotBoolean = errors.New("condition yields neither true nor false")

// condition evaluates the condition of a transition. Only a JavaScript boolean
// has a truth: Joget's WorkflowJavaScriptEvaluator casts the result to
// java.lang.Boolean, at which texts, numbers, objects, null and undefined
// throw, whether they are truthy or not. Unlike Joget it does not replace hash
// variables (#...#) first: they are evaluated as written.
func (e *Engine) condition(source string, vars []*variable) (bool, error) {
	v, err := e.script(source, vars, nil)
	if err != nil {
		return false, err
	}
	if _, object := v.(*goja.Object); !object { // a Boolean object would export as bool
		if yes, ok := v.Export().(bool); ok {
			return yes, nil
		}
	}
	return false, errNotBoolean
}
