package apps

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"jogetferry/test/simulator/schema"
)

// Options say which apps Load writes and as which versions.
type Options struct {
	Apps           []string     // ids; nil = those of Names, or none with Definitions
	Definitions    []Definition // apps that are not embedded, loaded after Apps
	AppVersion     int64        // 0 = 1
	PackageVersion int64        // XPDL version, differs between servers in practice; 0 = AppVersion
	Unpublished    bool         // leave app_app.published as it is elsewhere instead of publishing this version
	Now            time.Time    // stamp of all rows; zero = a fixed day, so that two loads are alike
}

// defaultNow stamps rows when Options.Now is zero.
var defaultNow = time.Date(2024, time.January, 8, 9, 30, 0, 0, time.UTC)

// Load writes apps into a database made by schema.Create, in one transaction
// per call after the form tables, and publishes them unless told not to. It
// may be called again with other versions; the same version twice is an error.
// A server must not be running on the database: it keeps counters in memory.
func Load(ctx context.Context, db *sql.DB, opts Options) error {
	opts = opts.withDefaults()
	definitions := make([]Definition, 0, len(opts.Apps)+len(opts.Definitions))
	for _, id := range opts.Apps {
		d, err := Read(id)
		if err != nil {
			return err
		}
		definitions = append(definitions, d)
	}
	definitions = append(definitions, opts.Definitions...)
	// DDL commits implicitly, so tables come before the transaction
	for _, d := range definitions {
		tables := d.FormTables()
		for _, table := range slices.Sorted(maps.Keys(tables)) {
			if err := schema.CreateFormTable(ctx, db, table, tables[table]); err != nil {
				return fmt.Errorf("loading app %s: %w", d.ID, err)
			}
		}
	}
	return schema.InTransaction(ctx, db, nil, func(tx *sql.Tx) error {
		for _, d := range definitions {
			if err := load(ctx, tx, d, opts); err != nil {
				return fmt.Errorf("loading app %s version %d: %w", d.ID, opts.AppVersion, err)
			}
		}
		return nil
	})
}

func (o Options) withDefaults() Options {
	if o.Apps == nil && o.Definitions == nil {
		o.Apps = Names()
	}
	if o.AppVersion == 0 {
		o.AppVersion = 1
	}
	if o.PackageVersion == 0 {
		o.PackageVersion = o.AppVersion
	}
	if o.Now.IsZero() {
		o.Now = defaultNow
	}
	return o
}

func load(ctx context.Context, tx *sql.Tx, d Definition, opts Options) error {
	oid, err := schema.ReserveObjectIDs(ctx, tx, int64(3+len(d.Package.Processes)))
	if err != nil {
		return err
	}
	count, err := schema.ReserveCounter(ctx, tx, schema.CounterXPDLData, 1)
	if err != nil {
		return err
	}
	var next int64 // stays 0 for a package never deployed here
	if err := tx.QueryRowContext(ctx, selectNext, d.ID).Scan(&next); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("reading the next package version: %w", err)
	}
	w := writer{
		exec: func(query string, args ...any) (sql.Result, error) { return tx.ExecContext(ctx, query, args...) },
		d:    d, o: opts, oid: oid, stamp: opts.Now.UTC().Format(time.DateTime),
	}
	w.app()
	w.engine(count, next)
	w.mappings()
	return w.err
}

// writer writes one app; it keeps the first error, so that a list of inserts
// reads as a list.
type writer struct {
	exec  func(query string, args ...any) (sql.Result, error)
	d     Definition
	o     Options
	oid   int64
	stamp string
	err   error
}

func (w *writer) put(query string, args ...any) {
	if w.err == nil {
		_, w.err = w.exec(query, args...)
	}
}

func (w *writer) nextOID() int64 { w.oid++; return w.oid - 1 }

func (w *writer) app() {
	published := 0
	if !w.o.Unpublished {
		published = 1
		w.put(unpublish, w.d.ID)
	}
	w.put(insertApp, w.d.ID, w.o.AppVersion, w.d.Name, published, w.stamp, w.stamp)
	for _, f := range w.d.Forms {
		w.put(insertForm, w.d.ID, w.o.AppVersion, f.ID, f.Name, w.stamp, w.stamp, f.Table, string(f.JSON))
	}
	for _, e := range w.d.Environment {
		w.put(insertEnvironment, w.d.ID, w.o.AppVersion, e.ID, e.Value, e.Remarks)
	}
}

// engine writes what an XPDL upload leaves behind; next is the version the
// server would have given it, 0 for the first.
func (w *writer) engine(count, next int64) {
	version, xpdl := strconv.FormatInt(w.o.PackageVersion, 10), w.nextOID()
	w.put(insertXPDL, w.d.ID, version, w.stamp, xpdl)
	w.put(insertXPDLData, w.d.XPDL, xpdl, count, w.nextOID())
	for _, p := range w.d.Package.Processes {
		w.put(insertProcessDef, w.d.ID+"#"+version+"#"+p.Key, w.d.ID, p.Key, w.o.Now.UnixMilli(), version, w.nextOID())
	}
	after := strconv.FormatInt(max(next, w.o.PackageVersion+1), 10)
	if next == 0 {
		w.put(insertNext, w.d.ID, after, w.nextOID())
		return
	}
	w.put(updateNext, after, w.d.ID)
}

func (w *writer) mappings() {
	w.put(insertPackage, w.d.ID, w.o.PackageVersion, w.d.Name, w.stamp, w.stamp, w.d.ID, w.o.AppVersion)
	for _, m := range w.d.FormMappings {
		auto := 0
		if m.AutoContinue {
			auto = 1
		}
		w.put(insertFormMapping, m.Process, m.Activity, w.d.ID, w.o.PackageVersion, m.Process+"::"+m.Activity, m.Form, auto)
	}
	for _, m := range w.d.Tools {
		w.put(insertPlugin, m.Process, m.Activity, w.d.ID, w.o.PackageVersion, m.Process+"::"+m.Activity, m.Class, string(m.Properties))
	}
	for _, m := range w.d.Participants {
		w.put(insertParticipant, m.Process, m.Participant, w.d.ID, w.o.PackageVersion, m.Process+"::"+m.Participant, m.Type, m.Value)
	}
}
