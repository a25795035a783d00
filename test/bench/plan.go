package bench

import (
	"database/sql"
	"fmt"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/seed"
)

// plan measures a plan beside the bare SQL that reads the same of the source.
func (b *bench) plan() []Section {
	b.Helper()
	n := b.sizes.Plan
	s := rig.New(b.TB, rig.Options{
		Seed:         seed.Options{Seed: 7, Instances: n, TextBytes: 128, NoUploads: true},
		SourceServer: b.source.DSN(""), TargetServer: b.target.DSN(""), LedgerDSN: mysqltest.DatabaseOn(b.TB, b.ledger.DSN("")),
		Temporal: b.temporal, Namespace: b.namespace(),
		Settings: map[string]string{"FERRY_WORKER_LOG_LEVEL": "error"},
	})
	w := s.StartWorker()
	b.readAll(s.Source) // warms the database up
	took := b.race(
		contender{name: "bare SQL", run: func() { b.readAll(s.Source) }},
		contender{name: "check", run: func() { b.starter(s, nil, "check") }},
		contender{name: "plan", run: func() { b.starter(s, nil, "plan") }},
	)
	against := Rival{Name: "bare SQL", Quantity: seconds(took["bare SQL"])}
	of := " of " + number(float64(n)) + " instances"
	return []Section{{
		Title: "Plan",
		How:   "From the command to its end. The bare SQL reads each table once, by as few statements as there can be, and makes nothing of it. A plan that is made again compares itself with the last one.",
		Rows: []Row{
			{What: "`starter plan`" + of, Measured: seconds(took["plan"]), Against: against, Budget: RatioAtMost(1.6)},
			{What: "`starter check`" + of, Measured: seconds(took["check"]), Against: against},
			{What: "memory of the worker (VmHWM)", Measured: b.peak(w.Pid()), Budget: AtMost(200)},
		},
	}}
}

// readAll reads what a plan has to read.
func (b *bench) readAll(db *sql.DB) {
	b.Helper()
	for _, statement := range append(bareSQL[:len(bareSQL):len(bareSQL)], b.recordStatements(db)...) {
		b.drain(db, statement)
	}
}

// recordStatements read the records of running instances, a statement for each form table.
func (b *bench) recordStatements(db *sql.DB) (statements []string) {
	b.Helper()
	tables, err := db.QueryContext(b.Context(), selectTables)
	b.must(err)
	defer tables.Close()
	for tables.Next() {
		var name string
		b.must(tables.Scan(&name))
		statements = append(statements, fmt.Sprintf(recordSQL, name))
	}
	b.must(tables.Err())
	return statements
}

func (b *bench) drain(db *sql.DB, statement string) {
	b.Helper()
	rows, err := db.QueryContext(b.Context(), statement)
	b.must(err)
	defer rows.Close()
	columns, err := rows.Columns()
	b.must(err)
	values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		b.must(rows.Scan(into...))
	}
	b.must(rows.Err())
}
