package scene

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/activitytest"
)

// Leave is an instance of the source that waits at its first activity.
func Leave(c *activitytest.Case) *activitytest.Instance {
	return c.Begin(activitytest.Begin{Process: "leave/process1", Variables: map[string]string{"status": "new", "days": "3"}, Row: map[string]string{"reason": "ill"}})
}

// Ready is an instance whose start is next.
func Ready(c *activitytest.Case) *activitytest.Instance {
	in := Leave(c)
	in.Plan()
	in.Copy()
	return in
}

// Raised has the ledger remember higher counters than the target has.
func Raised(t *testing.T, c *activitytest.Case) {
	t.Helper()
	activitytest.Must(t, c.Ledger.CheckMarks(t.Context(), c.TargetPrint, func(context.Context) (map[string]int64, error) {
		return map[string]int64{"process": 1 << 40, "activity": 1 << 40, "oid": 1 << 50}, nil
	}))
}

// Claimed leaves the start as an attempt that died does.
func Claimed(t *testing.T, c *activitytest.Case, in *activitytest.Instance, state migration.ClaimState) {
	t.Helper()
	const token = "dead"
	_, got, err := c.Ledger.Claim(t.Context(), in.Key(), in.Record, token, c.Migration)
	if err != nil || !got {
		t.Fatal(got, err)
	}
	if state == migration.ClaimClaimed {
		return
	}
	activitytest.Must(t, c.Ledger.SaveBaseline(t.Context(), in.Key(), token, nil))
	activitytest.Must(t, c.Ledger.Sending(t.Context(), in.Key(), token, map[string]string{"status": "new"}, in.Target))
	if state == migration.ClaimUnknown {
		activitytest.Must(t, c.Ledger.Outcome(t.Context(), in.Key(), token, migration.StartOutcome{Fate: migration.FateUnanswered}))
	}
}

// Way is what people did on the source: "path/definition" by the first who
// holds it, one after the other, with the variables that they set.
type Way []Work

// Work is one activity of a Way; nil sets nothing.
type Work struct {
	Activity string
	Set      map[string]string
}

// Walk has people do it.
func (w Way) Walk(c *activitytest.Case, in *activitytest.Instance) {
	for _, done := range w {
		c.Source.Complete(in.ID, done.Activity, "", done.Set)
	}
}

// The instances that most tests of resuming are about.
var (
	// One has one activity open, behind the one that a start opens.
	One = activitytest.Begin{Process: "leave/process1", Variables: map[string]string{"status": "new", "days": "3"}}
	// Three has three branches, of which one waits at a join.
	Three = activitytest.Begin{Process: "claims/assess", Variables: map[string]string{"handler": "david"}}
	// Called has an open subflow, in its second activity.
	Called = activitytest.Begin{Process: "onboard/onboarding", Variables: map[string]string{"candidate": "Jack"}}
	// Deep has subflows three deep, and a branch that waits at a join in the last.
	Deep = activitytest.Begin{Process: "claims/dispute", Row: map[string]string{"title": "water", "stage": "ours"}}

	ToConfirm = Way{{Activity: "approve", Set: map[string]string{"status": "approved"}}}
	ToJoin    = Way{{Activity: "triage"}, {Activity: "doctor", Set: map[string]string{"medical": "fit"}}}
	ToCalled  = Way{{Activity: "prepare", Set: map[string]string{"status": "prepared"}}, {Activity: "equip/pick", Set: map[string]string{"equipmentStatus": "picked"}}}
	ToDeep    = Way{{Activity: "file"}, {Activity: "mediate/invite"}, {Activity: "mediate/sit/hear"}, {Activity: "mediate/sit/gather/collect"}}
)

// Begun is an instance that was started on the target and is to be resumed.
func Begun(c *activitytest.Case, b activitytest.Begin, w Way) *activitytest.Instance {
	in := c.Begin(b)
	w.Walk(c, in)
	in.Plan()
	in.Copy()
	in.Start()
	return in
}

// Resume makes rounds until there is none to make, and returns how the last ended.
func Resume(t *testing.T, j *Ports, in *activitytest.Instance) contract.Outcome {
	t.Helper()
	for range 30 {
		out, err := activitytest.Retry(t, j.Register, contract.ResumeActivity, contract.ResumeInput{StepInput: in.Step()})
		activitytest.Must(t, err)
		if out.Status != contract.StatusOK || out.Next == nil {
			return activitytest.Decided(out.Outcome)
		}
	}
	t.Fatalf("it goes on and on; the target has\n%q", in.OnTarget())
	return contract.Outcome{}
}

// Intake is an instance whose start runs tools: they set the stage of its row and
// the variable status, add an event and write a file. People changed all of that since.
func Intake(c *activitytest.Case) *activitytest.Instance {
	in := c.Begin(activitytest.Begin{
		Process: "claims/intake", Variables: map[string]string{"handler": "david", "amount": "830.5"},
		Row: map[string]string{"title": "water", "story": "long", "stage": "draft"},
	})
	c.Source.Edit("claim_case", in.Record, "stage", "ours")
	c.Source.Set(in.ID, "status", "ours")
	c.Source.Exec("DELETE FROM app_fd_claim_event WHERE c_claimId = ?", string(in.Record))
	return in
}

// Record is what the target has of the record of intake.
func Record(c *activitytest.Case, in *activitytest.Instance) map[string]string {
	return map[string]string{
		"title": c.Target.Field("claim_case", in.Record, "title"), "story": c.Target.Field("claim_case", in.Record, "story"),
		"stage":  c.Target.Field("claim_case", in.Record, "stage"),
		"events": c.Target.Text("SELECT COUNT(*) FROM app_fd_claim_event WHERE c_claimId = ?", string(in.Record)),
	}
}

var (
	// AsOnTheSource is what Record has to be when what tools did was reverted.
	AsOnTheSource = map[string]string{"title": "water", "story": "long", "stage": "ours", "events": "0"}
	// AsToolsLeftIt is what Record is before.
	AsToolsLeftIt = map[string]string{"title": "water", "story": "long", "stage": "received", "events": "1"}
)

// But is all with another value for a key.
func But(all map[string]string, key, value string) map[string]string {
	changed := map[string]string{key: value}
	for k, v := range all {
		if k != key {
			changed[k] = v
		}
	}
	return changed
}

// Variable is the value of a variable of an instance, "" if it has none.
func Variable(s *activitytest.Server, id migration.InstanceID, name string) string {
	for _, v := range s.Tree(id).Instance.Variables {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// Finished has the ledger take an instance for migrated.
func Finished(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
	t.Helper()
	activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, in.ID, migration.Change{State: migration.InstanceDone, Step: migration.StepVerify, Verdict: migration.VerdictSame}))
}

// Park makes an instance wait for the operator, as a step does, and returns the parking.
func Park(t *testing.T, c *activitytest.Case, in *activitytest.Instance, step migration.Step, reason migration.Reason) int64 {
	t.Helper()
	id, err := c.Ledger.Park(t.Context(), c.Migration, in.ID, migration.Parking{Step: step, Reason: reason, Token: "step"})
	activitytest.Must(t, err)
	return id
}

// Without is list without a line.
func Without(list []string, line string) []string {
	left := []string{}
	for _, l := range list {
		if l != line {
			left = append(left, l)
		}
	}
	return left
}

// First is the target's first instance of the record.
func First(c *activitytest.Case, in *activitytest.Instance) migration.InstanceID {
	return migration.InstanceID(c.Target.Text("SELECT processId FROM (SELECT processId, originProcessId FROM wf_process_link UNION ALL SELECT processId, originProcessId FROM wf_process_link_history) l WHERE originProcessId = ?", string(in.Record)))
}

// RemoveFile removes an upload of a record.
func RemoveFile(s *activitytest.Server, table string, id migration.RecordID, name string) error {
	return os.Remove(filepath.Join(s.Folder, table, string(id), name))
}

// Twins are an instance that one user has, with a row and files of its record, and
// the target instance that was made of it: both are the same.
func Twins(c *activitytest.Case, files map[string]string) *activitytest.Instance {
	in := c.Begin(activitytest.Begin{Process: "onboard/probation", Variables: map[string]string{"outcome": "new"}, Row: map[string]string{"fullName": "Jack"}, Files: files})
	in.Plan()
	in.Copy()
	in.Start()
	return in
}

// ByTools does what tools do while a call of ours is under way.
func ByTools(t *testing.T, c *activitytest.Case, in *activitytest.Instance, does func()) {
	t.Helper()
	during(t, c, in, migration.AfterCapture, does)
}

// ByAnybody does it while a call is under way of which nobody sees the end.
func ByAnybody(t *testing.T, c *activitytest.Case, in *activitytest.Instance, does func()) {
	t.Helper()
	during(t, c, in, migration.LateCapture, does)
}

func during(t *testing.T, c *activitytest.Case, in *activitytest.Instance, end string, does func()) {
	t.Helper()
	const call = "start/9"
	nothing := (records.Capture{}).Encode()
	activitytest.Must(t, c.Ledger.SaveCapture(t.Context(), in.Key(), call, nothing))
	does()
	for _, image := range []string{call, call + end} {
		activitytest.Must(t, c.Ledger.SaveCapture(t.Context(), in.Key(), image, nothing))
		activitytest.Must(t, c.Ledger.CloseCapture(t.Context(), in.Key(), image))
	}
}

// Migrated takes an instance that is planned through all its steps.
func Migrated(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
	t.Helper()
	j := Worker(c)
	_, err := activitytest.Run(t, j.Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	_, err = activitytest.Run(t, j.Register, contract.CopyUploads, in.Step())
	activitytest.Must(t, err)
	out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "start", contract.StatusOK, out.Status)
	if out.Restore {
		_, err = activitytest.Retry(t, j.Register, contract.RestoreState, in.Step())
		activitytest.Must(t, err)
	}
	activitytest.Same(t, "resumed", contract.Outcome{Status: contract.StatusOK}, Resume(t, j, in))
	verified, err := activitytest.Run(t, j.Register, contract.VerifyInstance, contract.VerifyInput{StepInput: in.Step(), Fix: true})
	activitytest.Must(t, err)
	if verified.Verdict != migration.VerdictSame {
		t.Fatalf("verified as %+v", verified)
	}
}

// Verify compares, and returns what is not the same as the ledger has it, with
// RECORD and TARGET for the IDs.
func Verify(t *testing.T, c *activitytest.Case, in *activitytest.Instance, input contract.VerifyInput, change ...func(*Ports)) (contract.VerifyOutput, []string) {
	t.Helper()
	input.StepInput = in.Step()
	out, err := activitytest.Run(t, Worker(c, change...).Register, contract.VerifyInstance, input)
	activitytest.Must(t, err)
	compared, err := c.Ledger.Comparison(t.Context(), c.Migration, in.ID)
	activitytest.Must(t, err)
	if compared.Verdict != out.Verdict || compared.Deciding != input.Fix {
		t.Errorf("the ledger has %q (deciding %t) for %q (deciding %t)", compared.Verdict, compared.Deciding, out.Verdict, input.Fix)
	}
	activitytest.Same(t, "what travels of the ledger's items", migration.CountItems(compared.Items), out.Items)
	items := []string{}
	for _, i := range compared.Items {
		if i.Result != migration.ItemSame {
			items = append(items, strings.NewReplacer(string(in.Record), "RECORD", string(in.TargetID()), "TARGET").Replace(i.String()))
		}
	}
	return out, items
}

// Planned are instances of a migration that no server has.
func Planned(t *testing.T, c *activitytest.Case, ids ...migration.InstanceID) {
	t.Helper()
	page := make([]migration.PlanEntry, 0, len(ids))
	for _, id := range ids {
		page = append(page, migration.PlanEntry{Entry: migration.Entry{
			Instance: id, Definition: migration.DefinitionID{Package: "crm", Version: "3", Process: "p"}, Record: migration.RecordID("r-" + id), State: migration.InstanceReady,
		}})
	}
	activitytest.Must(t, c.Ledger.SavePlan(t.Context(), c.Migration, "plan", page))
}
