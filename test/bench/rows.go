package bench

import (
	"cmp"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/seed"
)

const (
	bulkName  = "bulk" // as starter copy is told
	bulkTable = "app_fd_" + bulkName
	// lanes are how many threads each tool gets that takes a number: those of starter copy.
	lanes = 4
)

// bulk is one table on the source that everybody copies to the target, both on one server.
type bulk struct {
	*bench
	*rig.Stage

	source, target, ledger *sql.DB
	sourceName, targetName string
	login                  string
}

// rows measures the copy of one table.
func (b *bench) rows() []Section {
	b.Helper()
	k := b.bulk()
	n := b.sizes.Rows
	loader, dumper := findTool("myloader"), findTool("mydumper")
	missing := cmp.Or(dumper.missing, loader.missing)
	took := b.race(
		contender{name: "copy", prepare: k.empty, run: k.copy, check: k.whole},
		contender{name: "dump", prepare: k.empty, run: k.dump, check: k.whole},
		contender{name: "mydumper", missing: missing, prepare: k.empty, run: func() { k.mydumper(dumper, loader) }, check: k.whole},
		contender{name: "select", prepare: k.empty, run: k.insertSelect, check: k.whole},
	)
	rate := func(name string) Quantity {
		if took[name] == 0 {
			return Quantity{}
		}
		return perSecond(float64(n), "rows", took[name])
	}
	what := fmt.Sprintf("`starter copy` of a table of %s rows", number(float64(n)))
	measured := rate("copy")
	row := func(name, of string, missing string, least float64) Row {
		return Row{What: what, Measured: measured, Against: Rival{Name: of, Quantity: rate(name), Missing: missing}, Budget: RatioAtLeast(least)}
	}
	return []Section{{
		Title: "All rows of a table",
		How: fmt.Sprintf("Rows of some 400 bytes, from the command to its end, with everything that it does: `starter copy` cuts the table into chunks, looks for rows that are there, notes in the ledger what it inserts, "+
			"and compares both sides by checksum; the others compare nothing. %d threads for each that takes a number. Source and target are on one server, for `INSERT ... SELECT`.", lanes),
		Rows: []Row{
			row("dump", "`mariadb-dump | mariadb`", "", 1.5),
			row("mydumper", "mydumper and myloader", missing, 1.2),
			row("select", "`INSERT ... SELECT`", "", 0.6),
		},
	}}
}

// bulk sets up both tables and a worker.
func (b *bench) bulk() *bulk {
	b.Helper()
	dsns := map[string]string{}
	ledger := mysqltest.DatabaseOn(b.TB, b.ledger.DSN(""))
	k := &bulk{bench: b, ledger: b.open(ledger)}
	k.Stage = rig.New(b.TB, rig.Options{
		Seed:         seed.Options{Seed: 9, Instances: 1},
		SourceServer: b.target.DSN(""), TargetServer: b.target.DSN(""), LedgerDSN: ledger,
		Temporal: b.temporal, Namespace: b.namespace(),
		Settings: map[string]string{"FERRY_WORKER_LOG_LEVEL": "error"},
		Proxy: func(which, dsn string) string {
			dsns[which] = dsn
			return dsn
		},
	})
	k.source, k.target = k.Source, k.Target
	k.sourceName, k.targetName = b.databaseOf(dsns["source"]), b.databaseOf(dsns["target"])
	k.login = b.login(b.target.DSN(""))
	b.execute(k.source, createTable(bulkTable))
	b.execute(k.target, createTable(bulkTable))
	b.timed("fill the table", func() { b.execute(k.source, fillTable(bulkTable, b.sizes.Rows)) })
	k.StartWorker()
	k.starter(k.Stage, nil, "plan") // there is no copy without a migration
	return k
}

// empty makes the target as it was before the first of them.
func (k *bulk) empty() {
	k.Helper()
	k.execute(k.target, truncate+bulkTable)
	for _, statement := range forgetCopy {
		k.execute(k.ledger, statement)
	}
}

// whole fails unless all rows have arrived.
func (k *bulk) whole() {
	k.Helper()
	var n int
	k.must(k.target.QueryRowContext(k.Context(), selectRowCount+bulkTable).Scan(&n))
	if n != k.sizes.Rows {
		k.Fatalf("%d of %d rows have arrived", n, k.sizes.Rows)
	}
}

func (k *bulk) copy() {
	k.Helper()
	k.starter(k.Stage, nil, "copy", "--tables", bulkName, "--lanes", fmt.Sprint(lanes))
}

// dump is mariadb-dump with its own defaults into the client.
func (k *bulk) dump() {
	k.Helper()
	dump := exec.CommandContext(k.Context(), k.needed("mariadb-dump", "mysqldump"), "--defaults-extra-file="+k.login, "--single-transaction", "--no-create-info", "--no-tablespaces", k.sourceName, bulkTable) //nolint:gosec // ours
	load := exec.CommandContext(k.Context(), k.needed("mariadb", "mysql"), "--defaults-extra-file="+k.login, k.targetName)                                                                                     //nolint:gosec // ours
	pipe, err := dump.StdoutPipe()
	k.must(err)
	load.Stdin, dump.Stderr, load.Stderr = pipe, os.Stderr, os.Stderr
	k.must(load.Start())
	k.must(dump.Start())
	k.must(load.Wait())
	k.must(dump.Wait())
}

// mydumper writes files and loads them, each by so many threads.
func (k *bulk) mydumper(dumper, loader tool) {
	k.Helper()
	dir := filepath.Join(k.TempDir(), "dump")
	threads := []string{"--defaults-file=" + k.login, "--threads", fmt.Sprint(lanes)}
	// A table whose key is no number is cut when it is loaded, by the size of files.
	k.runs(dumper.command(k.Context(), append(threads, "--outputdir", dir, "--database", k.sourceName, "--tables-list", bulkTable, "--chunk-filesize", "16", "--no-schemas", "--trx-consistency-only")...))
	k.runs(loader.command(k.Context(), append(threads, "--directory", dir, "--database", k.targetName)...))
	k.must(os.RemoveAll(dir))
}

func (k *bulk) insertSelect() {
	k.Helper()
	k.execute(k.target, "INSERT INTO "+k.targetName+"."+bulkTable+" SELECT * FROM "+k.sourceName+"."+bulkTable)
}
