package main

import (
	"database/sql"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"jogetferry/test/conformance/suite"
	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/schema"
	"jogetferry/test/simulator/server"
)

func TestSimulator_behaves_as_Joget_in_every_check(t *testing.T) {
	t.Parallel()
	dsn := mysqltest.DSN(t)
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := schema.Create(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	var report strings.Builder
	if err := load(t.Context(), []string{"--dsn", dsn}, &report); err != nil {
		t.Fatalf("load: %v\n%s", err, &report)
	}
	// The server is made after load: it keeps settings, counters and object ids in memory.
	simulator, err := server.New(t.Context(), server.Options{DB: db, UploadsDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := simulator.Close(); err != nil {
			t.Error(err)
		}
	})
	joget := httptest.NewServer(simulator)
	t.Cleanup(joget.Close)

	report.Reset()
	err = run(t.Context(), []string{"--dsn", dsn, "--url", joget.URL + "/jw", "--strict", "--quiet"}, &report)
	want := fmt.Sprintf("%d passed, 0 failed, 0 assumed-different\n", len(suite.All()))
	if got := report.String(); err != nil || got != want {
		t.Errorf("%v\n%s\nwant only: %s", err, got, want)
	}
}
