package e2e_test

import (
	"testing"
	"time"

	"jogetferry/migration"
	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/seed"
)

// TestLedgerAndTemporalFindEachOther has the ledger restored under a parked workflow,
// and a pilot whose workflow is gone. No wave runs. Both are found; the one takes its
// decision and goes on, the other is failed and is begun again.
func TestLedgerAndTemporalFindEachOther(t *testing.T) {
	t.Parallel()
	s := rig.New(t, rig.Options{Seed: seed.Options{Seed: 3, Instances: 2, Positions: []string{"leave/process1/confirm"}}})
	c, u := newTruth(t, s), newUndoing(t, s)
	a, b := s.Seeded.Instances[0], s.Seeded.Instances[1]
	s.StartWorker()
	s.Starter(0, nil, "plan")
	_, err := s.Target.ExecContext(t.Context(), "INSERT INTO app_fd_leave_request (id, dateCreated, c_reason) VALUES (?, NOW(), 'in the way')", a.RecordID)
	u.must(err)
	s.Starter(4, nil, "pilot", a.ID)
	was := u.entry(a.ID)
	// As it was when the copy began; and as it was under a workflow that nobody has any more.
	for _, id := range []string{a.ID, b.ID} {
		_, err = c.ledger.ExecContext(t.Context(), "UPDATE instance SET state = 'in_flight', step = 'copy_form_data', reason = '', park_id = 0 WHERE instance = ?", id)
		u.must(err)
	}
	rig.Eventually(t, 2*time.Minute, "both are found", func() bool {
		return u.entry(a.ID).State == migration.InstanceParked && u.entry(b.ID).State == migration.InstanceFailed
	})
	if e := u.entry(a.ID); e.Reason != migration.ReasonRecordConflict || e.ParkID != was.ParkID {
		t.Errorf("parked for %s as %d, want %s as %d", e.Reason, e.ParkID, was.Reason, was.ParkID)
	}
	_, err = s.Target.ExecContext(t.Context(), "DELETE FROM app_fd_leave_request WHERE id = ?", a.RecordID)
	u.must(err)
	s.Starter(0, nil, "resolve", a.ID, "--action", "retry", "--reason", "moved away")
	rig.Eventually(t, 2*time.Minute, "it goes on", func() bool { return u.entry(a.ID).State == migration.InstanceDone })
	s.Starter(0, nil, "pilot", b.ID)
	if e := u.entry(b.ID); e.State != migration.InstanceDone {
		t.Errorf("the other one is %s for %s", e.State, e.Reason)
	}
}
