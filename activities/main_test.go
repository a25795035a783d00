package activities_test

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"jogetferry/activities"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/activitytest"
)

func TestMain(m *testing.M) { os.Exit(activitytest.Main(m)) }

func settings(c *activitytest.Case) activities.Settings {
	return activities.Settings{
		Migration: c.Migration, Settle: time.Hour, MaxRounds: 5, OnConflict: records.ConflictPark,
		RowLimiter: rate.NewLimiter(rate.Inf, 0), RebuildJoins: true, AdminUser: "admin",
	}
}

// calling are the activities that call the target of a case.
func calling(c *activitytest.Case, change ...func(*activities.Joget)) *activities.Joget {
	j := activities.Joget{
		Ledger: c.Ledger, Target: c.Target.DB, Fingerprint: c.TargetPrint, API: c.API, Tables: c.Target.Tables,
		Catalog: activities.NewCatalog(c.Target.DB), Settings: settings(c), AdminUser: "admin", Log: zap.NewNop(),
	}
	for _, f := range change {
		f(&j)
	}
	return activities.NewJoget(j)
}

// copying are the activities that read both servers of a case.
func copying(c *activitytest.Case, change ...func(*activities.Copy)) *activities.Copy {
	a := &activities.Copy{
		Ledger: c.Ledger, Source: c.Source.DB, Target: c.Target.DB, SourceFingerprint: c.SourcePrint, TargetFingerprint: c.TargetPrint,
		SourceTables: c.Source.Tables, TargetTables: c.Target.Tables,
		SourceCatalog: activities.NewCatalog(c.Source.DB), TargetCatalog: activities.NewCatalog(c.Target.DB),
		SourceUploads: c.Source.Uploads, TargetUploads: c.Target.Uploads, Settings: settings(c), Log: zap.NewNop(),
	}
	for _, f := range change {
		f(a)
	}
	return a
}

// settled has calls without an answer over at once.
func settled(j *activities.Joget) { j.Settings.Settle = 0 }

func same[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// outcome is the part of an outcome that decisions are made from.
func outcome(o contract.Outcome) contract.Outcome {
	return contract.Outcome{Status: o.Status, Reason: o.Reason}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func parked(reason migration.Reason) contract.Outcome {
	return contract.Outcome{Status: contract.StatusParked, Reason: reason}
}

// copied takes an instance to its start, as production does.
func copied(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
	t.Helper()
	in.Plan()
	rows, err := activitytest.Run(t, copying(c).Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: in.Step()})
	must(t, err)
	same(t, "copy of rows", contract.Outcome{Status: contract.StatusOK}, rows.Outcome)
	files, err := activitytest.Run(t, copying(c).Register, contract.CopyUploads, in.Step())
	must(t, err)
	same(t, "copy of files", contract.Outcome{Status: contract.StatusOK}, files.Outcome)
}
