package migration_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"jogetferry/migration"
)

// events reads the constants of type Event: what is not among them cannot be logged.
func events(t *testing.T) []migration.Event {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "log.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var list []migration.Event
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Event" {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, migration.Event(value))
		return true
	})
	if len(list) < 2 {
		t.Fatal("no events found")
	}
	return list
}

func TestEveryEventHasWordsOfItsOwn(t *testing.T) {
	t.Parallel()
	told := map[string]migration.Event{}
	for _, event := range events(t) {
		line := migration.StepLine{Event: event}
		if event == migration.EventCall {
			line.Call = &migration.Call{Verb: migration.VerbStartProcess}
		}
		text := line.Text()
		// A state is told by its name alone.
		if text == string(event) && event != migration.EventRedo && event != migration.EventRollback || text == "" && event != migration.EventState {
			t.Errorf("%s has no words", event)
		}
		if other, twice := told[text]; twice {
			t.Errorf("%s and %s are told alike: %q", event, other, text)
		}
		told[text] = event
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for want, line := range map[string]migration.StepLine{
		"activity/start approve abortCurrent=true after 41 of them in 9_t: answered": {
			Event: migration.EventCall, Fate: migration.FateAnswered,
			Call: &migration.Call{Verb: migration.VerbStartActivity, Target: "9_t", Activity: "approve", Abort: true, Earlier: 41},
		},
		"activity/reassign 42_9_t_approve to cat in 9_t": {
			Event: migration.EventCall, Call: &migration.Call{Verb: migration.VerbReassign, Target: "9_t", ActivityID: "42_9_t_approve", User: "cat"},
		},
		"set variable status for approve in 9_t": {
			Event: migration.EventCall, Call: &migration.Call{Verb: migration.VerbSetVariable, Target: "9_t", Activity: "approve", Variable: "status"},
		},
		"process/abort 9_t": {Event: migration.EventCall, Call: &migration.Call{Verb: migration.VerbAbortProcess, Target: "9_t"}},
		"started 9_t":       {Event: migration.EventStarted, Facts: migration.Facts{Target: "9_t"}},
		"start answered: start_failed, too late: the start is unknown, attempt 2": {
			Event: migration.EventStarted, Fate: migration.FateAnswered,
			Facts: migration.Facts{Reason: migration.ReasonStartFailed, Summary: "too late: the start is unknown, attempt 2"},
		},
		"failed: operator":            {Event: migration.EventState, Facts: migration.Facts{State: migration.InstanceFailed, Reason: migration.ReasonOperator}},
		"aborting 9_t with 10_t 11_t": {Event: migration.EventEnding, Facts: migration.Facts{Target: "9_t", Instances: []migration.InstanceID{"10_t", "11_t"}}},
		"verdict: same":               {Event: migration.EventVerdict, Facts: migration.Facts{Verdict: migration.VerdictSame}},
		"rehearsal 1 stopped after 2 steps: nobody holds it": {
			Event: migration.EventRehearsalStopped, Facts: migration.Facts{Number: 1, Steps: 2, Summary: "nobody holds it"},
		},
	} {
		if got := line.Text(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
