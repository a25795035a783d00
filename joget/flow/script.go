package flow

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/dop251/goja"

	"jogetferry/joget/xpdl"
)

// Bounds of what conditions may cost.
const (
	maxScript  = 16 << 10 // bytes; the parser recurses
	maxCalls   = 256      // depth
	maxTime    = time.Second
	maxAnswers = 10_000 // remembered per condition
)

var (
	// words also finds words in texts and comments: harmless, the key of an answer gets longer.
	words = regexp.MustCompile(`[\pL_$][\pL\pN_$]*`)
	// indirect is what can read variables without their names.
	indirect = regexp.MustCompile(`\b(eval|Function|constructor|this|globalThis)\b|\\[ux]`)
	// backtracking are regular expressions that may take for ever, where nothing
	// can stop them.
	backtracking = regexp.MustCompile(`\(\?[=!<]|\\[1-9]|\bRegExp\b`)
	// hash is a hash variable, which Joget replaces before it evaluates.
	hash = regexp.MustCompile(`#[^#]*#`)
	// undefined is how the engine says that a name is not there.
	undefined = regexp.MustCompile(`^ReferenceError: (\S+) is not defined$`)
	// newer is what came after Joget's engine, Rhino 1.7R4: there it is an error.
	// A name may be a variable's, so members count only after a dot.
	newer = regexp.MustCompile("=>|`|\\.\\.\\.|\\*\\*|\\?\\?|\\?\\.[^0-9]" +
		`|\.\s*(?:at|codePointAt|endsWith|includes|matchAll|normalize|padEnd|padStart|repeat|replaceAll|startsWith|trimEnd|trimStart)\b` +
		`|\.\s*(?:entries|fill|find|findIndex|findLast|findLastIndex|flat|flatMap|from|fromCodePoint|of|raw|values)\b` +
		`|\.\s*(?:assign|fromEntries|groupBy|hasOwn|is|setPrototypeOf|isInteger|isSafeInteger|isFinite|isNaN|sign|trunc|log2|log10|cbrt|hypot)\b` +
		`|\bnew\s+(?:Map|Set|WeakMap|WeakSet|Promise|Proxy)\b|\b(?:Symbol|Reflect|BigInt)\b`)
	// describe makes text of what was thrown.
	describe = goja.MustCompile("", "String(thrown)", false)
	// interop is what Joget's engine has and an ECMAScript engine has not.
	interop = []string{"Packages", "java", "javax", "org", "com", "edu", "net", "importPackage", "importClass", "JavaImporter", "JavaAdapter"}
)

// script is one condition. It is safe for use by several goroutines.
type script struct {
	text    string
	vars    []xpdl.Variable
	reads   []int // indexes of the variables it mentions
	program *goja.Program

	mu      sync.Mutex
	answers map[string]answer // by the values of reads
	broken  string            // why it can never be known, "" when it can
}

// answer is what a condition yields, or why that is not known.
type answer struct {
	yes bool
	why string
}

func newScript(text string, vars []xpdl.Variable) *script {
	s := &script{text: text, vars: vars, answers: map[string]answer{}}
	if len(text) > maxScript {
		s.broken = "is longer than 16 KiB"
		return s
	}
	if hash.MatchString(text) {
		s.broken = "has a hash variable, which only the server can replace"
		return s
	}
	if backtracking.MatchString(text) {
		s.broken = "has a regular expression that may not end"
		return s
	}
	if newer.MatchString(text) {
		s.broken = "is written in a newer JavaScript than Joget's"
		return s
	}
	var err error
	if s.program, err = goja.Compile("", text, false); err != nil {
		s.broken = "cannot be read as a script"
		return s
	}
	mentioned := words.FindAllString(text, -1)
	for i, v := range vars {
		if indirect.MatchString(text) || slices.Contains(mentioned, v.Name) {
			s.reads = append(s.reads, i)
		}
	}
	return s
}

// answer evaluates the condition over the values of its variables.
func (s *script) answer(values []value) answer {
	key := make([]byte, 0, 64)
	for _, i := range s.reads {
		v := values[i]
		if v.why != "" {
			return answer{why: "reads " + s.vars[i].Name + ", " + v.why}
		}
		key = strconv.AppendBool(key, v.unset)
		key = strconv.AppendInt(key, int64(len(v.text)), 10)
		key = append(append(key, ':'), v.text...)
	}
	s.mu.Lock()
	a, ok := s.answers[string(key)]
	broken := s.broken
	s.mu.Unlock()
	switch {
	case broken != "":
		return answer{why: broken}
	case ok:
		return a
	}
	a, ended := s.evaluate(values)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !ended {
		s.broken = a.why // not a second for each instance
	}
	if len(s.answers) >= maxAnswers {
		clear(s.answers)
	}
	s.answers[string(key)] = a
	return a
}

// evaluate runs the condition; with unset variables once for each thing they
// may be. ended is false when it had to be stopped.
func (s *script) evaluate(values []value) (a answer, ended bool) {
	a, ended = s.run(values, asNull)
	unset := slices.IndexFunc(s.reads, func(i int) bool { return values[i].unset })
	if a.why != "" || unset < 0 {
		return a, ended
	}
	empty, ended := s.run(values, asEmpty)
	if empty != a {
		return answer{why: "reads " + s.vars[s.reads[unset]].Name + ", which has no value: null or empty"}, ended
	}
	return a, ended
}

// run evaluates once, in a runtime of its own: Joget too gives each evaluation
// a scope of its own.
func (s *script) run(values []value, unset stand) (a answer, ended bool) {
	rt := goja.New()
	rt.SetMaxCallStackSize(maxCalls)
	var unfit string
	rt.SetTimeSource(func() time.Time {
		unfit = "depends on the time"
		return time.Time{}
	})
	rt.SetRandSource(func() float64 {
		unfit = "depends on chance"
		return 0
	})
	java := rt.ToValue(func(goja.FunctionCall) goja.Value {
		unfit = "uses Java"
		return goja.Undefined()
	})
	for _, name := range interop {
		if err := rt.GlobalObject().DefineAccessorProperty(name, java, nil, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
			return answer{why: "cannot be prepared"}, true
		}
	}
	for _, i := range s.reads {
		v, err := values[i].script(rt, s.vars[i].Type, unset)
		if err == nil {
			err = rt.GlobalObject().DefineDataProperty(s.vars[i].Name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
		}
		if err != nil {
			return answer{why: "reads " + s.vars[i].Name + ", which a script cannot hold"}, true
		}
	}
	timer := time.AfterFunc(maxTime, func() { rt.Interrupt("too long") })
	defer timer.Stop()
	result, err := rt.RunProgram(s.program)
	var interrupted *goja.InterruptedError
	switch {
	case errors.As(err, &interrupted):
		return answer{why: "does not end within a second"}, false
	case unfit != "":
		return answer{why: unfit}, true
	case err != nil:
		return answer{why: s.fault(rt, err)}, true
	}
	yes := result.StrictEquals(rt.ToValue(true))
	if !yes && !result.StrictEquals(rt.ToValue(false)) {
		return answer{why: "yields neither true nor false"}, true // which Joget's evaluator throws at
	}
	return answer{yes: yes}, true
}

// fault says what is wrong without what was thrown, which may be a value.
func (s *script) fault(rt *goja.Runtime, err error) string {
	const otherwise = "ends with a script error"
	var thrown *goja.Exception
	if !errors.As(err, &thrown) || rt.Set("thrown", thrown.Value()) != nil {
		return otherwise
	}
	text, err := rt.RunProgram(describe) // what is thrown may throw, or not end, when it is read
	if err != nil {
		return otherwise
	}
	m := undefined.FindStringSubmatch(text.String())
	if m == nil || !slices.Contains(words.FindAllString(s.text, -1), m[1]) {
		return otherwise
	}
	return "reads " + m[1] + ", which is not declared"
}
