package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jogetferry/contract"
	"jogetferry/internal/exitcode"
	"jogetferry/migration"
)

// planFlags are the flags of starter plan; check has notes only.
type planFlags struct {
	dry, notes, diff bool
	explain          string
}

func (f *planFlags) addNotes(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.notes, "notes", false, "list notes too; without it they are counted")
}

func (a *App) planCommand() *cobra.Command {
	var f planFlags
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Take the inventory of running instances and freeze it in the ledger",
		Long: `Takes the inventory of running instances, checks both servers and every
instance, and freezes the result in the ledger: each instance is ready, warned
or blocked by its findings. A later plan keeps what waves have begun with; with
--diff it says what it changed.

--explain INSTANCE makes no plan: it tells what the last one says of an instance.
-o json has every instance.`,
	}
	f.addNotes(cmd)
	cmd.Flags().BoolVar(&f.diff, "diff", false, "plan, and show what changed since the plan before")
	cmd.Flags().StringVar(&f.explain, "explain", "", "tell what the last plan says of this `INSTANCE`")
	return a.verb(cmd, 0, 0, func(ctx context.Context, s *session, _ []string) error {
		switch {
		case !cmd.Flags().Changed("explain"):
			return s.plan(ctx, f)
		case f.diff || f.notes:
			return mistake("--explain makes no plan; give it alone")
		}
		return s.explain(ctx, f.explain)
	})
}

func (a *App) checkCommand() *cobra.Command {
	f := planFlags{dry: true}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Do all checks of plan and write nothing",
		Long: `Does all checks of plan and freezes nothing. On the target its probes leave
the traces of their logins; nothing else is written anywhere.`,
	}
	f.addNotes(cmd)
	return a.verb(cmd, 0, 0, func(ctx context.Context, s *session, _ []string) error { return s.plan(ctx, f) })
}

func (s *session) plan(ctx context.Context, f planFlags) error {
	name := s.config.Migration
	id, summary := contract.PlanID(name), "plan migration "+name
	if f.dry {
		id, summary = contract.CheckID(name), "check migration "+name
	}
	run, err := s.startOrFollow(ctx, id, contract.PlanWorkflow, summary, contract.PlanInput{Migration: name, Queues: s.queues, Dry: f.dry})
	if err != nil {
		return err
	}
	var result contract.PlanResult
	if err := s.result(ctx, run, &result); err != nil {
		return err
	}
	v := planView{
		Migration: name, Frozen: !f.dry, Blocking: migration.Worst(result.Findings) == migration.Blocking,
		Counts: viewCounts(result.Counts), Definitions: []definitionPlanView{},
		Stopped: result.Stopped, notes: f.notes, instances: nothing,
	}
	v.Open.Open, v.Open.Roots = result.Open.Open, result.Open.Roots
	v.Open.Descendants, v.Open.Orphans = result.Open.Descendants, result.Open.Orphans
	findings := result.Findings
	switch {
	case v.Stopped:
	case f.dry:
		v.Definitions, v.instances, v.LeftOut = checkedDefinitions(result), checkedInstances(result), result.LeftOut
	default:
		if findings, err = s.planned(ctx, &v, findings); err != nil {
			return err
		}
		if f.diff {
			if err := s.diff(ctx, &v); err != nil {
				return err
			}
		}
	}
	v.Findings = viewFindings(findings)
	for i := range v.Definitions {
		v.Definitions[i].complete(findings)
	}
	return errors.Join(s.print(v), blockedBy(result))
}

// nothing is an empty list.
func nothing(func(any, error) bool) {}

// mapped is a list of what each makes of the values of another.
func mapped[T any](values iter.Seq2[T, error], each func(T) any) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for value, err := range values {
			if !yield(each(value), err) || err != nil {
				return
			}
		}
	}
}

// planned adds what the ledger has: definitions, instances, and what was seen
// where it is personal, which does not go through Temporal.
func (s *session) planned(ctx context.Context, v *planView, findings []migration.Finding) ([]migration.Finding, error) {
	definitions, err := s.ledger.CountsByDefinition(ctx, s.config.Migration, migration.Filter{})
	if err != nil {
		return nil, err
	}
	counts, err := s.ledger.FindingCounts(ctx, s.config.Migration)
	if err != nil {
		return nil, err
	}
	reasons := map[migration.DefinitionID][]reasonView{}
	for _, c := range counts {
		reasons[c.Definition] = append(reasons[c.Definition], reasonView{c.ID, string(c.Severity), c.Instances, anchor(c.ID)})
	}
	for _, d := range definitions {
		v.Definitions = append(v.Definitions, viewDefinition(d.Definition, d.Counts, reasons[d.Definition]))
	}
	v.instances = mapped(s.ledger.PlanEach(ctx, s.config.Migration, migration.Filter{}), func(p migration.PlanEntry) any { return viewPlanned(p) })
	kept, err := s.ledger.Findings(ctx, s.config.Migration, "")
	for _, f := range findings {
		same := func(k migration.Finding) bool { return k.ID == f.ID && k.Subject == f.Subject }
		if !slices.ContainsFunc(kept, same) {
			kept = append(kept, f)
		}
	}
	return kept, err
}

func viewDefinition(d migration.DefinitionID, c migration.Counts, reasons []reasonView) definitionPlanView {
	if reasons == nil {
		reasons = []reasonView{}
	}
	return definitionPlanView{Definition: d.String(), Counts: viewCounts(c), Reasons: reasons, id: d}
}

// complete adds what findings about servers, apps and definitions say of it.
func (v *definitionPlanView) complete(findings []migration.Finding) {
	v.StartTools = toolsOf(findings, v.Definition)
	for _, f := range findings {
		// Of one check there may be several findings, and some in instances.
		known := func(r reasonView) bool { return r.ID == f.ID && r.Instances == 0 }
		if f.Severity == migration.Blocking && concerns(f.Subject, migration.Entry{Definition: v.id}) && !slices.ContainsFunc(v.Reasons, known) {
			v.Reasons = append(v.Reasons, reasonView{ID: f.ID, Severity: string(f.Severity), Doc: anchor(f.ID)})
		}
	}
	sortReasons(v.Reasons)
}

// checkedDefinitions knows severities from the instances that came along.
func checkedDefinitions(result contract.PlanResult) []definitionPlanView {
	severity := map[string]migration.Severity{}
	for _, i := range result.Instances {
		for _, f := range i.Findings {
			severity[f.ID] = f.Severity
		}
	}
	definitions := make([]definitionPlanView, 0, len(result.Definitions))
	for _, d := range result.Definitions {
		var reasons []reasonView
		for id, n := range d.Findings {
			reasons = append(reasons, reasonView{id, string(severity[id]), n, anchor(id)})
		}
		definitions = append(definitions, viewDefinition(d.Definition, d.Counts, reasons))
	}
	return definitions
}

func checkedInstances(result contract.PlanResult) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for _, i := range result.Instances {
			if !yield(checkInstanceView{string(i.Instance), viewFindings(i.Findings)}, nil) {
				return
			}
		}
	}
}

// toolsOf is what the check of start tools saw in a definition.
func toolsOf(findings []migration.Finding, definition string) string {
	var seen []string
	for _, f := range findings {
		if f.ID == startTools && f.Subject == definition {
			seen = append(seen, cmp.Or(f.Seen, f.Message))
		}
	}
	return strings.Join(seen, "; ")
}

// mostChanges is how many changed instances are shown to people.
const mostChanges = 50

func (s *session) diff(ctx context.Context, v *planView) error {
	d, err := s.ledger.PlanDiff(ctx, s.config.Migration)
	if err != nil {
		return err
	}
	slices.SortStableFunc(d.Moves, func(a, b migration.PlanMove) int { return cmp.Compare(urgency(a), urgency(b)) })
	v.Diff = &diffView{Compared: d.Compared, Moves: []moveView{}, Gained: viewFindings(d.Gained), Lost: viewFindings(d.Lost)}
	for _, m := range d.Moves {
		v.Diff.Moves = append(v.Diff.Moves, moveView{string(m.Was), string(m.State), m.Instances})
	}
	v.changes = func(yield func(any, error) bool) {
		for _, m := range d.Moves {
			for c, err := range s.ledger.PlanChanges(ctx, s.config.Migration, m) {
				if !yield(viewChange(c), err) || err != nil {
					return
				}
			}
		}
	}
	if s.format == formatJSON {
		return nil
	}
	for c, err := range v.changes {
		if err != nil {
			return err
		}
		if v.shown = append(v.shown, c.(changeView)); len(v.shown) == mostChanges {
			break
		}
	}
	return nil
}

// urgency orders moves: what is blocked now first, then what else changed, what
// is gone, and what is new.
func urgency(m migration.PlanMove) int {
	switch {
	case m.Was == "":
		return 3
	case m.State == migration.InstanceSkipped:
		return 2
	case m.State == migration.InstanceBlocked:
		return 0
	}
	return 1
}

// blockedBy says whether a plan stands: blocking findings about servers and
// definitions speak against it, and so does an inventory of which nothing may
// move. Some blocked instances do not: they are set aside.
func blockedBy(result contract.PlanResult) error {
	blocking := 0
	for _, f := range result.Findings {
		if f.Severity == migration.Blocking {
			blocking++
		}
	}
	c := result.Counts
	if blocking == 0 && (c.Blocked == 0 || c.Blocked < c.Total()) {
		return nil
	}
	return &exitcode.Error{Status: exitcode.Blocked, Text: fmt.Sprintf("blocked by %d findings; %d instances are blocked by theirs, see starter list --state blocked", blocking, c.Blocked)}
}

// needPlan is a mistake while the ledger has no plan.
func (s *session) needPlan(ctx context.Context) error {
	counts, err := s.ledger.Counts(ctx, s.config.Migration, migration.Filter{})
	if err == nil && counts.Total() == 0 {
		err = mistake("there is no plan of %s yet; starter plan makes one", s.config.Migration)
	}
	return err
}

// explain tells all that the last plan says of one instance.
func (s *session) explain(ctx context.Context, id string) error {
	if err := s.needPlan(ctx); err != nil {
		return err
	}
	if _, err := s.entry(ctx, id); err != nil {
		return err
	}
	for p, err := range s.ledger.PlanEach(ctx, s.config.Migration, migration.Filter{Instances: []migration.InstanceID{migration.InstanceID(id)}}) {
		if err != nil {
			return err
		}
		general, err := s.ledger.Findings(ctx, s.config.Migration, "")
		if err != nil {
			return err
		}
		tools := toolsOf(general, p.Definition.String())
		about := slices.DeleteFunc(general, func(f migration.Finding) bool { return f.ID == startTools || !concerns(f.Subject, p.Entry) })
		pilots, err := s.verifiedPilots(ctx)
		if err != nil {
			return err
		}
		return s.print(explainView{
			instanceView: viewInstance(p.Entry), Activities: activityNames(p.Activities),
			FindingsOf: viewFindings(p.Findings), About: viewFindings(about), StartTools: tools,
			Conclusion: conclusion(p, about, pilots[mapping{p.Definition, p.Target}]),
		})
	}
	return nil
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

// conclusion is what stands between an instance and its migration.
func conclusion(p migration.PlanEntry, about []migration.Finding, piloted bool) string {
	switch p.State {
	case migration.InstanceBlocked:
		var what []string
		if own := ids(p.Findings, migration.Blocking); own != "" {
			what = append(what, own+" of its own")
		}
		if general := ids(about, migration.Blocking); general != "" {
			what = append(what, general+" of its definition or app")
		}
		if len(what) == 0 {
			return "What blocked it is not among the findings of the last plan: starter plan looks again."
		}
		return fmt.Sprintf("Blocked by %s: mend what they name, then starter plan.", strings.Join(what, " and "))
	case migration.InstanceReady, migration.InstanceWarned:
		var left []string
		if warnings := ids(p.Findings, migration.Warning); warnings != "" {
			left = append(left, warnings+", to be read,")
		}
		then := "the next wave that selects it takes it."
		if !piloted {
			left = append(left, "a verified pilot of its definition")
			then = fmt.Sprintf("starter pilot %s makes it that one; starter pilot --suggest names others.", p.Instance)
		}
		switch len(left) {
		case 0:
			return "Nothing stands between it and migration: " + then
		case 1:
			return fmt.Sprintf("Only %s stands between it and migration: %s", left[0], then)
		}
		return fmt.Sprintf("Only %s and %s stand between it and migration: %s", left[0], left[1], then)
	case migration.InstanceClaimed, migration.InstanceRunning, migration.InstanceWaiting:
		return fmt.Sprintf("It is being migrated: starter show %s.", p.Instance)
	case migration.InstanceRollingBack:
		return fmt.Sprintf("It is being rolled back: starter show %s.", p.Instance)
	case migration.InstanceParked:
		return fmt.Sprintf("It waits for you (%s): starter resolve %s --action ...", p.Reason, p.Instance)
	case migration.InstanceFailed:
		return fmt.Sprintf("Its workflow ended without an outcome: starter pilot %s goes on, and so does a wave after starter plan.", p.Instance)
	case migration.InstanceSkipped:
		return fmt.Sprintf("It is left alone (%s): starter show %s tells why.", p.Reason, p.Instance)
	case migration.InstanceDone:
	}
	return fmt.Sprintf("It is migrated, as %s: starter verify %s compares both sides again.", p.TargetID, p.Instance)
}

// ids lists the checks of one severity, once each.
func ids(findings []migration.Finding, severity migration.Severity) string {
	var ids []string
	for _, f := range findings {
		if f.Severity == severity && !slices.Contains(ids, f.ID) {
			ids = append(ids, f.ID)
		}
	}
	return strings.Join(ids, ", ")
}
