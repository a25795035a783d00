package main

import (
	"path/filepath"
	"testing"
	"time"

	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/simulator/seed"
)

// TestPlanReadsBothServers runs what a plan reads on the demo's databases, which
// know less SQL than MySQL does.
func TestPlanReadsBothServers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	var sides [2]*schema.DB
	for i, name := range []string{sourceDatabase, targetDatabase} {
		j, err := newJoget(ctx, name, filepath.Join(t.TempDir(), "app_formuploads"), int64(3+i))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { must("close", j.close()) })
		if i == 0 {
			if _, err := seed.Run(ctx, j.db, j.uploads, seed.Options{Seed: 1, Instances: 8}); err != nil {
				t.Fatal(err)
			}
		}
		if sides[i], err = schema.Open(ctx, j.dsn, schema.Options{ReadOnly: i == 0}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { must("close", sides[i].Close()) })
	}
	var page []migration.Instance
	for _, db := range sides {
		r := db.Fresh()
		must("refresh", db.Refresh(ctx))
		_, err := r.Clock(ctx)
		must("clock", err)
		_, err = r.CanWrite(ctx)
		must("grants", err)
		_, err = r.Settings(ctx)
		must("settings", err)
		_, err = r.Definitions(ctx)
		must("definitions", err)
		_, err = r.OpenDefinitions(ctx)
		must("open definitions", err)
		_, err = r.RecentWork(ctx, migration.EpochMillis(time.Now().UnixMilli()))
		must("recent work", err)
		_, err = r.OpenCounts(ctx)
		must("counts", err)
		_, err = r.SharedRecords(ctx)
		must("shared records", err)
		_, err = r.Classes(ctx)
		must("classes", err)
		_, err = r.LinkedInstanceIDs(ctx, []migration.RecordID{"1_leave_process1", "x"})
		must("linked instances", err)
		_, err = r.Memberships(ctx, []string{"cat", "clark"})
		must("memberships", err)
		_, err = r.DepartmentHead(ctx, "hr")
		must("head of department", err)
		_, err = r.Usernames(ctx, 10)
		must("user names", err)
		_, err = r.Users(ctx, []migration.User{"cat", "nobody"})
		must("users", err)
		_, err = r.EnvironmentVariables(ctx, "leave", 1)
		must("environment", err)
		_, err = r.PluginDefaults(ctx, "leave", 1)
		must("plugin defaults", err)
		found, err := r.RootInstances(ctx, "", 100, nil, func(string) {})
		must("instances", err)
		page = append(page, found...)
	}
	if len(page) != 8 {
		t.Fatalf("%d instances, want 8", len(page))
	}
	var ids []migration.RecordID
	for _, i := range page {
		ids = append(ids, i.Record)
	}
	source := records.Side{Q: sides[0].Pool(), Schema: records.NewSchema()}
	target := records.Side{Q: sides[1].Pool(), Schema: records.NewSchema()}
	for _, table := range []string{"leave_request", "proc_request"} {
		_, err := records.Inspect(ctx, source, target, table)
		must("inspect "+table, err)
		_, err = target.Refusals(ctx, table)
		must("refusals of "+table, err)
		_, err = source.Any(ctx, table)
		must("any of "+table, err)
		must("rows of "+table, source.Each(ctx, table, ids, func(records.Row) error { return nil }))
		_, err = target.IDs(ctx, table, ids)
		must("ids of "+table, err)
		_, _, err = target.Modified(ctx, table, time.Hour, 10)
		must("modified rows of "+table, err)
	}
}
