package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jogetferry/migration"
)

// Explanation is everything that the last plan says about one instance: the
// result of plan --explain.
type Explanation struct {
	Entry
	Activities []string  `json:"activities"`
	FindingsOf []Finding `json:"findings_list"`
	About      []Finding `json:"definition_findings"` // of its definition, what that maps to, and its app
	StartTools string    `json:"start_tools,omitempty"`
	Conclusion string    `json:"conclusion"` // what stands between it and migration
}

// PlanFacts is what the last plan, and the pilots since, say of one instance.
type PlanFacts struct {
	Instance migration.PlanEntry
	General  []migration.Finding // about servers, apps and definitions
	Piloted  bool                // its definition has a verified pilot, mapped as it is now
}

// NewExplanation tells all of f.
func NewExplanation(f PlanFacts) Explanation {
	p := f.Instance
	about := About(f.General, p.Entry)
	return Explanation{
		Entry: newEntry(p.Entry), Activities: activityNames(p.Activities),
		FindingsOf: newFindings(p.Findings), About: newFindings(about), StartTools: toolsOf(f.General, p.Definition.String()),
		Conclusion: f.conclusion(about),
	}
}

// About returns those of the findings about servers, apps and definitions that concern an
// instance.
func About(general []migration.Finding, e migration.Entry) []migration.Finding {
	var about []migration.Finding
	for _, f := range general {
		if f.ID != startTools && concerns(f.Subject, e) {
			about = append(about, f)
		}
	}
	return about
}

func (v Explanation) sheets() []sheet {
	about := sheet{header: []string{"instance", v.Instance}, fits: true}
	for _, row := range [][2]string{
		{"state", strings.TrimSpace(v.State + " " + v.Reason)},
		{"definition", v.Definition},
		{"maps to", cmp.Or(v.TargetDefinition, "nothing on the target")},
		{"open activities", strings.Join(v.Activities, ", ")},
		{"start tools", v.StartTools},
		{"requester", v.Requester},
		{"record", v.record()},
		{"started", v.Started},
		{"wave", string(v.Wave)},
		{"target instance", v.Target},
	} {
		if row[1] != "" {
			about.add(row[0], row[1])
		}
	}
	return []sheet{
		about,
		{title: "Findings of the instance", text: findingsInFull(v.FindingsOf, v.Instance)},
		{title: "Findings of its definition and app", text: findingsInFull(v.About, "")},
		{text: wrap("", v.Conclusion)},
	}
}

// concerns reports whether a finding with this subject is about the definition
// of an instance, what it maps to, or its app. More may follow the name.
func concerns(subject string, e migration.Entry) bool {
	names := []string{e.Definition.String(), e.Definition.Key(), e.Definition.Package}
	if !e.Target.IsZero() {
		names = append(names, e.Target.String())
	}
	for _, name := range names {
		rest, ok := strings.CutPrefix(subject, name)
		if ok && (rest == "" || strings.ContainsAny(rest[:1], " :,.")) {
			return true
		}
	}
	return false
}

// conclusion is what stands between an instance and its migration; about are the
// findings of its definition and app.
func (f PlanFacts) conclusion(about []migration.Finding) string {
	p := f.Instance
	switch p.State {
	case migration.InstanceBlocked:
		var what []string
		if own := checksOf(p.Findings, migration.Blocking); own != "" {
			what = append(what, own+" of its own")
		}
		if general := checksOf(about, migration.Blocking); general != "" {
			what = append(what, general+" of its definition or app")
		}
		if len(what) == 0 {
			return "The last plan has no finding that blocks it: run starter plan again."
		}
		return fmt.Sprintf("Blocked by %s. Do what the findings say, then run starter plan.", strings.Join(what, " and "))
	case migration.InstanceReady, migration.InstanceWarned:
		read, then := "", "It can be migrated: the next wave that selects it migrates it."
		if warnings := checksOf(p.Findings, migration.Warning); warnings != "" {
			read = "Read " + warnings + " first. "
		}
		if !f.Piloted {
			then = fmt.Sprintf("Its definition needs a verified pilot: starter pilot %s migrates it as the pilot; starter pilot --suggest names others.", p.Instance)
		}
		return read + then
	case migration.InstanceClaimed, migration.InstanceRunning, migration.InstanceWaiting:
		return fmt.Sprintf("It is being migrated: see starter show %s.", p.Instance)
	case migration.InstanceRollingBack:
		return fmt.Sprintf("It is being rolled back: see starter show %s.", p.Instance)
	case migration.InstanceParked:
		return fmt.Sprintf("It waits for you (%s): starter resolve %s --action ...", p.Reason, p.Instance)
	case migration.InstanceFailed:
		return fmt.Sprintf("Its workflow ended without an outcome: starter pilot %s goes on, and so does a wave after starter plan.", p.Instance)
	case migration.InstanceSkipped:
		return fmt.Sprintf("It was skipped (%s): see starter show %s.", p.Reason, p.Instance)
	case migration.InstanceDone:
	}
	return fmt.Sprintf("It is migrated, as %s: starter verify %s compares both sides again.", p.TargetID, p.Instance)
}

// checksOf lists the checks of one severity, once each.
func checksOf(findings []migration.Finding, severity migration.Severity) string {
	var ids []string
	for _, f := range findings {
		if f.Severity == severity && !slices.Contains(ids, f.ID) {
			ids = append(ids, f.ID)
		}
	}
	return strings.Join(ids, ", ")
}
