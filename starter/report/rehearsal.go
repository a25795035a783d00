package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jogetferry/migration"
)

// Rehearsal is one rehearsal, the path and what is left of it: the result of rehearse.
type Rehearsal struct {
	Instance  string          `json:"instance"`
	State     string          `json:"state"` // of the instance, now
	Rehearsal int64           `json:"rehearsal"`
	BegunBy   string          `json:"begun_by"`
	BegunAt   string          `json:"begun_at"`
	EndedAt   string          `json:"ended_at"`
	Ended     bool            `json:"ended"`
	Stopped   string          `json:"stopped,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	Target    string          `json:"target_instance,omitempty"`
	Path      []RehearsalStep `json:"path"`
	Undone    bool            `json:"undone"`
	Rows      int             `json:"rows"`
	Files     int             `json:"files"`
	Conflicts int             `json:"conflicts"`
	Shared    int             `json:"shared"`
	ToolsRan  []Tool          `json:"tools_ran"`
	stands    bool            // Target is what the instance is migrated to now
}

// RehearsalStep is one completed assignment.
type RehearsalStep struct {
	Number    int               `json:"step"`
	At        string            `json:"at"`
	Path      string            `json:"subflow,omitempty"` // subflow activities that lead to it
	Process   string            `json:"process"`
	Activity  string            `json:"activity"`
	User      string            `json:"user"`
	Variables map[string]string `json:"variables"`
	Closed    string            `json:"activity_state"`
	Ran       []Run             `json:"ran"`
	Opened    []Run             `json:"opened"`
	Rows      int               `json:"rows_changed"`
}

// Run is an activity that ran or opened by itself.
type Run struct {
	Path     string `json:"subflow,omitempty"`
	Activity string `json:"activity"`
	Kind     string `json:"kind"`
	Plugin   string `json:"plugin,omitempty"`
}

func (r Run) place() string { return placed(r.Path, r.Activity) }

func placed(path, activity string) string {
	return string(migration.Path(path).Below(migration.ActivityDefID(activity)))
}

// Tool is a plugin that ran, and how often.
type Tool struct {
	Activity string `json:"activity"`
	Plugin   string `json:"plugin"`
	Times    int    `json:"times"`
}

// NewRehearsal shows a rehearsal that has ended; e is its instance as it is now.
func NewRehearsal(e migration.Entry, r *migration.Rehearsal) Rehearsal {
	v := Rehearsal{
		Instance: string(r.Instance), State: string(e.State), Rehearsal: r.ID, BegunBy: r.By, BegunAt: stamp(r.BegunAt), EndedAt: stamp(r.EndedAt),
		Ended: r.Result.Ended, Stopped: r.Result.Stopped, Reason: string(r.Result.Reason), Target: string(r.Result.Target),
		Path: []RehearsalStep{}, Undone: r.Result.Undone, Rows: r.Result.Rows, Files: r.Result.Files,
		Conflicts: r.Result.Conflicts, Shared: r.Result.Shared, ToolsRan: []Tool{},
		stands: r.Result.Target != "" && r.Result.Target == e.TargetID,
	}
	for _, s := range r.Steps {
		v.Path = append(v.Path, NewRehearsalStep(s))
		for _, ran := range s.Ran {
			if ran.Plugin != "" {
				v.ToolsRan = counted(v.ToolsRan, placed(string(ran.Path), string(ran.Activity)), ran.Plugin)
			}
		}
	}
	return v
}

func counted(tools []Tool, activity, plugin string) []Tool {
	i := slices.IndexFunc(tools, func(t Tool) bool { return t.Activity == activity && t.Plugin == plugin })
	if i < 0 {
		return append(tools, Tool{activity, plugin, 1})
	}
	tools[i].Times++
	return tools
}

// NewRehearsalStep shows one completed assignment.
func NewRehearsalStep(s migration.RehearsalStep) RehearsalStep {
	v := RehearsalStep{
		Number: s.Number, At: stamp(s.At), Path: string(s.Path), Process: s.Process, Activity: string(s.Activity), User: string(s.User),
		Variables: s.Variables, Closed: string(s.State), Ran: newRuns(s.Ran), Opened: newRuns(s.Opened), Rows: s.Rows,
	}
	if v.Variables == nil {
		v.Variables = map[string]string{}
	}
	return v
}

func newRuns(runs []migration.RehearsalRun) []Run {
	views := make([]Run, 0, len(runs))
	for _, r := range runs {
		views = append(views, Run{string(r.Path), string(r.Activity), r.Kind, r.Plugin})
	}
	return views
}

func (v RehearsalStep) place() string { return placed(v.Path, v.Activity) }

// Progress is the step as a verb tells it that follows the rehearsal.
func (v RehearsalStep) Progress() string {
	return fmt.Sprintf("%s  step %d  %s by %s; then %s", v.At, v.Number, v.place(), v.User, v.then())
}

// then tells what followed in one line.
func (v RehearsalStep) then() string {
	var parts, waits []string
	for _, r := range v.Ran {
		parts = append(parts, fmt.Sprintf("%s (%s)", r.place(), r.Kind))
	}
	for _, o := range v.Opened {
		waits = append(waits, o.place())
	}
	if len(waits) > 0 {
		parts = append(parts, "open: "+strings.Join(waits, ", "))
	}
	return cmp.Or(strings.Join(parts, ", "), "nothing new")
}

// Trouble says in one line why it is not all well.
func (v Rehearsal) Trouble() string {
	text := fmt.Sprintf("the rehearsal of %s reached the end", v.Instance)
	if !v.Ended {
		text = fmt.Sprintf("the rehearsal of %s stopped: %s", v.Instance, v.Stopped)
	} else if v.Stopped != "" {
		text += "; " + v.Stopped
	}
	if v.Conflicts > 0 {
		text += fmt.Sprintf("; %d rows or files stay, because somebody changed them: starter show %s names them", v.Conflicts, v.Instance)
	}
	switch {
	case v.Undone:
	case v.Reason != "" && v.State == string(migration.InstanceParked):
		text += fmt.Sprintf("; starter resolve %s --action ... goes on with the migration, and then nothing is rolled back", v.Instance)
	case v.stands:
		text += fmt.Sprintf("; starter rollback --discard-target-work %s rolls it back", v.Instance)
	}
	return text
}

func (v Rehearsal) sheets() []sheet {
	path := sheet{title: "The path", header: []string{"step", "activity", "by", "with", "then"}, fits: true}
	for _, s := range v.Path {
		var values []string
		for _, name := range slices.Sorted(maps.Keys(s.Variables)) {
			values = append(values, name+"="+brief(s.Variables[name]))
		}
		path.add(s.Number, s.place(), s.User, strings.Join(values, " "), s.then())
	}
	end := "It stopped: " + v.Stopped + "."
	if v.Ended {
		end = fmt.Sprintf("The instance ended after %s.", plural(len(v.Path), "step"))
		if v.Stopped != "" {
			end += " But: " + v.Stopped + "."
		}
	}
	result := sheet{text: wrap("", end)}
	if v.Undone {
		result.text = append(result.text, wrap("", fmt.Sprintf(
			"Rolled back: %s, %s. Not rolled back because somebody changed them: %d; because another migrated instance uses them: %d. The instance is %s.",
			plural(v.Rows, "row"), plural(v.Files, "file"), v.Conflicts, v.Shared, v.State))...)
	}
	return []sheet{path, result, v.remains()}
}

// remains says what the target keeps.
func (v Rehearsal) remains() sheet {
	if v.Target == "" {
		return sheet{}
	}
	text := fmt.Sprintf("What stays on the target: instance %s, closed, in its history, with its link and audit trail; higher counters.", v.Target)
	var tools []string
	for _, t := range v.ToolsRan {
		tool := fmt.Sprintf("%s (%s)", t.Activity, t.Plugin)
		if t.Times > 1 {
			tool += fmt.Sprintf(" %d times", t.Times)
		}
		tools = append(tools, tool)
	}
	ran := "No plugins ran on the path."
	if len(tools) > 0 {
		ran = "These plugins ran on the path, and may have sent mail or called others: " + strings.Join(tools, ", ") + "."
	}
	return sheet{text: slices.Concat(wrap("", text), wrap("", ran), wrap("", "The tools of the start ran, as in every migration: starter plan names them."))}
}
