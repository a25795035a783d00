package verify_test

import (
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
)

// TestGatherEvidence has a pilot whose app changed other rows since its start.
func TestGatherEvidence(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	in := c.Begin(activitytest.Begin{Process: "onboard/onboarding", Variables: map[string]string{"candidate": "Jack"}, Row: map[string]string{"fullName": "Jack"}})
	scene.ToCalled.Walk(c, in)
	in.Plan()
	scene.Migrated(t, c, in)
	c.Target.Row("onb_task", "task-1", map[string]string{"title": "badge"})
	c.Target.Exec("UPDATE app_fd_onb_task SET dateModified = NOW()")
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.GatherEvidence, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, out)
	got, err := c.Ledger.Evidence(t.Context(), c.Migration, in.ID)
	activitytest.Must(t, err)
	names := func(side migration.EvidenceSide) (list []migration.ActivityDefID) {
		for _, a := range side.Activities {
			list = append(list, a.DefID)
		}
		return list
	}
	activitytest.Same(t, "open on the source", []migration.ActivityDefID{"equip", "equip/handover"}, names(got.Source))
	activitytest.Same(t, "open on the target", names(got.Source), names(got.Target))
	activitytest.Same(t, "rows beside the record", []migration.ModifiedRows{{Table: "onb_task", Rows: 1, IDs: []migration.RecordID{"task-1"}}}, got.Modified)
}

// TestGatherEvidence_of_another_instance tells in the log what went wrong.
func TestGatherEvidence_of_another_instance(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Begun(c, scene.One, nil)
	c.Target.Exec("UPDATE SHKProcesses SET Created = 2 WHERE Id = ?", string(in.TargetID()))
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.GatherEvidence, in.Step())
	activitytest.Must(t, err)
	if out.Status != contract.StatusOK || out.Message == "" || len(in.Told(migration.EventNoEvidence)) != 1 {
		t.Errorf("%+v, told %q", out, in.Told(migration.EventNoEvidence))
	}
}

// TestGatherEvidence_that_cannot_be_had has an instance without a snapshot, which
// no repetition mends, and a target out of reach.
func TestGatherEvidence_that_cannot_be_had(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Leave(c)
	in.Plan()
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.GatherEvidence, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK, Message: "read snapshot " + string(in.ID) + ": not_found"}, out)
	activitytest.Same(t, "told", 1, len(in.Told(migration.EventNoEvidence)))

	in.Copy()
	in.Start()
	away := c.Target.OpenDB()
	activitytest.Must(t, away.Close())
	p := scene.Worker(c, func(p *scene.Ports) { p.Target.DB = away })
	for at := activitytest.NewAttempt(); at.Number <= contract.EvidenceAttempts; at = at.Next() {
		_, err := activitytest.RunAs(t, p.Register, contract.GatherEvidence, in.Step(), at)
		if last := at.Number == contract.EvidenceAttempts; (err == nil) != last {
			t.Errorf("attempt %d: %v", at.Number, err)
		}
	}
	activitytest.Same(t, "told", 2, len(in.Told(migration.EventNoEvidence)))
}
