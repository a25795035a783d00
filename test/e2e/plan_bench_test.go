package e2e_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/seed"
)

// bareSQL is what a plan has to read of the source, each table once and by as
// few statements as SQL allows, with nothing made of it.
var bareSQL = []string{
	`SELECT p.oid, p.Id, p.PDefName, p.State, p.ResourceRequesterId, p.Created, p.Started, p.LastStateTime, p.version, l.parentProcessId, l.originProcessId
FROM SHKProcesses p LEFT JOIN wf_process_link l ON l.processId = p.Id
WHERE p.State IN (1000000, 1000002, 1000004) AND p.ActivityRequesterId IS NULL ORDER BY p.oid`,
	`SELECT d.Process, d.VariableDefinitionId, d.VariableType, d.VariableValueVCHAR, d.VariableValueLONG, d.VariableValueDBL, d.VariableValueBOOL,
d.VariableValueDATE, d.VariableValue FROM SHKProcesses p JOIN SHKProcessData d ON d.Process = p.oid
WHERE p.State IN (1000000, 1000002, 1000004) AND p.ActivityRequesterId IS NULL ORDER BY p.oid`,
	`SELECT a.oid, a.Process, a.Id, a.ActivityDefinitionId, a.State, a.ResourceId, a.Performer, a.Priority, a.Activated, a.Accepted, a.LastStateTime, a.version
FROM SHKProcesses p JOIN SHKActivities a ON a.Process = p.oid
WHERE p.State IN (1000000, 1000002, 1000004) AND p.ActivityRequesterId IS NULL AND a.State IN (1000001, 1000003, 1000005) ORDER BY p.oid`,
	`SELECT d.Activity, d.VariableDefinitionId, d.VariableType, d.VariableValueVCHAR, d.VariableValueLONG, d.VariableValueDBL, d.VariableValueBOOL,
d.VariableValueDATE, d.VariableValue FROM SHKProcesses p JOIN SHKActivities a ON a.Process = p.oid JOIN SHKActivityData d ON d.Activity = a.oid
WHERE p.State IN (1000000, 1000002, 1000004) AND p.ActivityRequesterId IS NULL AND a.State IN (1000001, 1000003, 1000005) ORDER BY p.oid`,
	`SELECT t.Activity, t.ResourceId, t.IsAccepted FROM SHKProcesses p JOIN SHKActivities a ON a.Process = p.oid JOIN SHKAssignmentsTable t ON t.Activity = a.oid
WHERE p.State IN (1000000, 1000002, 1000004) AND p.ActivityRequesterId IS NULL AND a.State IN (1000001, 1000003, 1000005) AND t.IsValid = 1 ORDER BY p.oid`,
	`SELECT d.Activity, d.TimeLimit FROM SHKProcesses p JOIN SHKDeadlines d ON d.Process = p.oid
WHERE p.State IN (1000000, 1000002, 1000004) AND p.ActivityRequesterId IS NULL`,
	`SELECT j.Process, j.ActivityDefinitionId, a.ActivityDefinitionId FROM SHKProcesses p JOIN SHKAndJoinTable j ON j.Process = p.oid JOIN SHKActivities a ON a.oid = j.Activity
WHERE p.State IN (1000000, 1000002, 1000004) AND p.ActivityRequesterId IS NULL`,
	`SELECT c.oid, c.Id, c.PDefName, c.State, c.ActivityRequesterId FROM SHKProcesses c WHERE c.State IN (1000000, 1000002, 1000004) AND c.ActivityRequesterId IS NOT NULL`,
}

// recordSQL reads the records of the running instances, %s being a form table.
const recordSQL = `SELECT f.* FROM SHKProcesses p LEFT JOIN wf_process_link l ON l.processId = p.Id JOIN %s f ON f.id = COALESCE(l.originProcessId, p.Id)
WHERE p.State IN (1000000, 1000002, 1000004) AND p.ActivityRequesterId IS NULL ORDER BY p.oid`

// BenchmarkPlan checks and plans running instances and compares the wall time
// with that of the bare SQL. check_ratio and plan_ratio are over the bare SQL.
func BenchmarkPlan(b *testing.B) {
	for _, instances := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(instances), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				s := rig.New(b, rig.Options{
					Seed:     seed.Options{Seed: 7, Instances: instances, TextBytes: 128, NoUploads: true},
					Settings: map[string]string{"FERRY_WORKER_LOG_LEVEL": "error"},
				})
				w := s.StartWorker()
				readAll(b, s.Source) // warms the database up
				b.StartTimer()
				bare := readAll(b, s.Source)
				check := timed(func() { s.Starter(0, nil, "check") })
				bare = min(bare, readAll(b, s.Source))
				plan := timed(func() { s.Starter(0, nil, "plan") })
				b.ReportMetric(bare.Seconds(), "bare_s")
				b.ReportMetric(check.Seconds(), "check_s")
				b.ReportMetric(plan.Seconds(), "plan_s")
				b.ReportMetric(check.Seconds()/bare.Seconds(), "check_ratio")
				b.ReportMetric(plan.Seconds()/bare.Seconds(), "plan_ratio")
				b.ReportMetric(peakMiB(b, w.Pid()), "worker_MiB")
			}
		})
	}
}

func timed(do func()) time.Duration {
	begun := time.Now()
	do()
	return time.Since(begun)
}

func readAll(b *testing.B, db *sql.DB) time.Duration {
	b.Helper()
	return timed(func() {
		tables, err := db.QueryContext(b.Context(), "SELECT DISTINCT CONCAT('app_fd_', f.tableName) FROM app_form f JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME = CONCAT('app_fd_', f.tableName)")
		if err != nil {
			b.Fatal(err)
		}
		statements := bareSQL
		for tables.Next() {
			var name string
			if err := tables.Scan(&name); err != nil {
				b.Fatal(err)
			}
			statements = append(statements[:len(statements):len(statements)], fmt.Sprintf(recordSQL, name))
		}
		if err := tables.Err(); err != nil {
			b.Fatal(err)
		}
		for _, statement := range statements {
			drain(b, db, statement)
		}
	})
}

func drain(b *testing.B, db *sql.DB, statement string) {
	b.Helper()
	rows, err := db.QueryContext(b.Context(), statement)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		b.Fatal(err)
	}
	values := make([]sql.RawBytes, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			b.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
}
