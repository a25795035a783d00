package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"jogetferry/activities/inventory"
	"jogetferry/activities/rehearsal"
	"jogetferry/activities/step"
	"jogetferry/activities/target"
	"jogetferry/activities/transfer"
	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/joget/catalog"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/store"
	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/digest"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/seed"
	"jogetferry/uploads/local"
)

// undoing runs the activities of a rollback by hand, one instance at a time.
type undoing struct {
	*rig.Stage
	t         *testing.T
	ledger    *store.Ledger
	joget     *target.Activities
	rehearsal *rehearsal.Activities
	copy      *transfer.Activities
}

func newUndoing(t *testing.T, s *rig.Stage) *undoing {
	t.Helper()
	u := &undoing{Stage: s, t: t}
	var err error
	u.ledger, err = store.Open(t.Context(), s.Ledger, store.Options{Actor: "test"})
	u.must(err)
	t.Cleanup(func() { u.must(u.ledger.Close()) })
	server := func(setting string, readOnly bool) step.Server {
		db, err := schema.Open(t.Context(), s.Getenv(setting), schema.Options{ReadOnly: readOnly, MaxOpen: 10})
		u.must(err)
		t.Cleanup(func() { u.must(db.Close()) })
		server, err := db.Fresh().Server(t.Context())
		u.must(err)
		return step.Server{DB: db, Fingerprint: server.Fingerprint(), Tables: records.NewSchema(), Catalog: catalog.New(db)}
	}
	files := func(dir string, open func(string) (*local.Store, error)) *local.Store {
		s, err := open(dir)
		u.must(err)
		t.Cleanup(func() { u.must(s.Close()) })
		return s
	}
	settings := step.Settings{AdminUser: "admin", Migration: "crm", Settle: time.Minute, MaxRounds: 5, RowLimiter: rate.NewLimiter(rate.Inf, 0)}
	servers := &step.Servers{
		Ledger: u.ledger, Settings: settings, Log: zap.NewNop(),
		Source: server("FERRY_SOURCE_DATABASE", true), Target: server("FERRY_TARGET_DATABASE", false),
	}
	servers.Source.Uploads, servers.Target.Uploads = files(s.SourceUploads, local.OpenReadOnly), files(s.TargetFiles, local.Open)
	u.copy = transfer.New(servers, &inventory.Activities{Servers: servers})
	client, err := api.New(api.Options{
		BaseURL: s.Getenv("FERRY_TARGET_URL"), Admin: api.Identity{Username: "admin", Password: api.NewSecret("admin")}, Master: api.Identity{Username: "master", Password: api.NewSecret("master")},
		Timeout: time.Minute, Limiter: rate.NewLimiter(rate.Inf, 0),
	})
	u.must(err)
	u.joget = target.New(servers, client)
	u.rehearsal = rehearsal.New(u.joget)
	return u
}

func (u *undoing) must(err error) {
	u.t.Helper()
	if err != nil {
		u.t.Fatal(err)
	}
}

// as runs an activity.
func as[In, Out any](u *undoing, do func(context.Context, In) (Out, error), in In) Out {
	u.t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivityWithOptions(do, activity.RegisterOptions{Name: "do"})
	value, err := env.ExecuteActivity("do", in)
	u.must(err)
	var out Out
	u.must(value.Get(&out))
	return out
}

func (u *undoing) abort(id string, discard bool) contract.Outcome {
	u.t.Helper()
	return as(u, u.joget.AbortTarget, contract.AbortTargetInput{StepInput: stepOf(id), Discard: discard})
}

func (u *undoing) undo(id string) contract.UndoDataOutput {
	u.t.Helper()
	return as(u, u.copy.UndoData, contract.UndoDataInput{StepInput: stepOf(id)})
}

func stepOf(id string) contract.StepInput {
	return contract.StepInput{Migration: "crm", Instance: migration.InstanceID(id)}
}

func (u *undoing) entry(id string) migration.Entry {
	u.t.Helper()
	e, err := u.ledger.Entry(u.t.Context(), "crm", migration.InstanceID(id))
	u.must(err)
	return e
}

// accept has somebody accept what is open of the instance on a record of the target.
func accept(ctx context.Context, s *rig.Stage, record string) error {
	var id string
	if err := s.Target.QueryRowContext(ctx, "SELECT MAX(processId) FROM wf_process_link WHERE originProcessId = ?", record).Scan(&id); err != nil {
		return err
	}
	open, err := s.Sim.Engine().Activities(ctx, id)
	if err != nil {
		return err
	}
	for _, a := range open {
		if users, err := s.Sim.Engine().Assignees(ctx, a); err == nil && len(users) > 0 && strings.HasPrefix(a.State, "open.") {
			return s.Sim.Engine().Accept(ctx, engine.Caller{Name: users[0]}, a.ID)
		}
	}
	return fmt.Errorf("nobody holds anything of %s", id)
}

func TestUndoOfInstancesThatEndedAnyhow(t *testing.T) {
	t.Parallel()
	gate := &rig.Gate{}
	s := rig.New(t, rig.Options{
		Seed:     seed.Options{Seed: 14, Instances: 5, Positions: []string{"procure/process1/order"}},
		Target:   seed.TargetOptions{Instances: 2, Completed: 1, RecordsOnly: 2},
		Settings: map[string]string{"FERRY_RECORDS_ON_CONFLICT": "overwrite"}, Gate: gate,
	})
	u := newUndoing(t, s)
	done, begun, edited, first, second := s.Seeded.Instances[0], s.Seeded.Instances[1], s.Seeded.Instances[2], s.Seeded.Instances[3], s.Seeded.Instances[4]
	for query, args := range map[string][]any{
		"UPDATE app_fd_proc_request SET c_stage = 'endorsed'":                                                       nil,
		"UPDATE wf_process_link SET parentProcessId = ?, originProcessId = ? WHERE processId = '" + second.ID + "'": {first.RecordID, first.RecordID},
	} {
		_, err := s.Source.ExecContext(t.Context(), query, args...)
		u.must(err)
	}
	_, err := s.Target.ExecContext(t.Context(), "INSERT INTO app_fd_proc_request (id, createdBy, c_stage) VALUES (?, 'terry', NULL)", done.RecordID)
	u.must(err)
	p := &population{Stage: s, t: t}
	before, files := p.target()

	// Somebody takes up the work of one before what its start changed is put back.
	gate.Set(func(m rig.Moment, c rig.Call) bool {
		if m == rig.Effected && strings.Contains(c.Path, "/process/start") && c.Form.Get("recordId") == begun.RecordID {
			if err := accept(t.Context(), s, begun.RecordID); err != nil {
				t.Error(err)
			}
		}
		return false
	})
	worker := s.StartWorker()
	s.Starter(0, nil, "plan")
	s.Starter(4, nil, "wave", "--without-pilot", "--window", "1")
	worker.Kill()
	if e := u.entry(begun.ID); e.Reason != migration.ReasonTargetMoved {
		t.Fatalf("the instance taken up is %s at %s: %s", e.State, e.Step, e.Reason)
	}

	refused := u.abort(begun.ID, false)
	if refused.Status != contract.StatusSkipped || refused.Reason != migration.ReasonTargetMoved {
		t.Errorf("the abort of what somebody accepted: %+v", refused)
	}
	if e := u.entry(begun.ID); e.State != migration.InstanceParked || e.Reason != migration.ReasonTargetMoved || e.TargetID == "" {
		t.Errorf("after the refusal it is %s, %s as %q", e.State, e.Reason, e.TargetID)
	}

	// Somebody changes what another one brought.
	_, err = s.Target.ExecContext(t.Context(), "UPDATE app_fd_proc_request SET c_stage = 'theirs' WHERE id = ?", edited.RecordID)
	u.must(err)
	ended := map[string]migration.InstanceID{}
	for _, i := range []seed.Instance{second, begun, done, edited, first} {
		was := u.entry(i.ID)
		ended[i.ID] = was.TargetID
		for range 2 {
			if out := u.abort(i.ID, i.ID == begun.ID); out.Status != contract.StatusOK {
				t.Fatalf("abort of %s: %+v", i.ID, out)
			}
		}
		out := u.undo(i.ID)
		if again := u.undo(i.ID); again != out {
			t.Errorf("undone again: %+v, was %+v", again, out)
		}
		if out.Conflicts > 0 != (i.ID == edited.ID) {
			t.Errorf("%s: %+v", i.ID, out)
		}
		if out.Shared > 0 != (i.ID == second.ID) || i.ID != second.ID && out.Rows == 0 {
			t.Errorf("%s: %+v", i.ID, out)
		}
		e := u.entry(i.ID)
		if e.State != migration.InstanceReady && e.State != migration.InstanceWarned || e.TargetID != "" || e.Verdict != "" {
			t.Errorf("%s is %s as %q, %s", i.ID, e.State, e.TargetID, e.Verdict)
		}
		if closed, err := u.copy.Target.Fresh().Closed(t.Context(), was.TargetID); err != nil || !closed {
			t.Errorf("target instance %s is not closed: %v", was.TargetID, err)
		}
	}
	_, err = s.Target.ExecContext(t.Context(), "DELETE FROM app_fd_proc_request WHERE id = ?", edited.RecordID)
	u.must(err)
	p.as(before, files)

	// All of it once more: the images of the first time are of no use any more.
	gate.Set(nil)
	u.must(s.Client().TerminateWorkflow(t.Context(), contract.InstanceWorkflowID("crm", migration.InstanceID(begun.ID)), "", "its instance was rolled back"))
	_, err = s.Target.ExecContext(t.Context(), "INSERT INTO app_fd_proc_request (id, createdBy, c_stage) VALUES (?, 'terry', 'newer')", edited.RecordID)
	u.must(err)
	before, files = p.target()
	worker = s.StartWorker()
	s.Starter(0, nil, "wave", "--without-pilot", "--window", "1")
	worker.Kill()
	for _, i := range s.Seeded.Instances {
		if e := u.entry(i.ID); e.State != migration.InstanceDone || e.TargetID == "" || e.TargetID == ended[i.ID] {
			t.Fatalf("%s is %s as %q, was %q", i.ID, e.State, e.TargetID, ended[i.ID])
		}
		if out := u.abort(i.ID, false); out.Status != contract.StatusOK {
			t.Fatalf("abort of %s: %+v", i.ID, out)
		}
		u.undo(i.ID)
	}
	p.as(before, files)
}

// as fails the test when the target's tables and files are not as they were.
func (p *population) as(before digest.Database, files digest.Tree) {
	p.t.Helper()
	after, left := p.target()
	if diff := digest.DiffDatabases(before, after); diff != "" {
		p.t.Errorf("the target's database is not as it was:\n%s", diff)
	}
	if diff := digest.DiffTrees(files, left); diff != "" {
		p.t.Errorf("the target's uploads are not as they were:\n%s", diff)
	}
}
