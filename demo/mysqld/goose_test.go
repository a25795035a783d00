package mysqld_test

import (
	"database/sql"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"
)

func gooseUp(t *testing.T, db *sql.DB) {
	t.Helper()
	files := fstest.MapFS{
		"00001_first.sql": {Data: []byte("-- +goose Up\nCREATE TABLE one (id int PRIMARY KEY);\nCREATE TABLE two (id int PRIMARY KEY);\n")},
		"00002_more.sql":  {Data: []byte("-- +goose Up\nALTER TABLE one ADD COLUMN v varchar(20) NOT NULL DEFAULT 'x', ADD KEY k (v);\nINSERT INTO one (id) VALUES (1);\n")},
	}
	provider, err := goose.NewProvider(goose.DialectMySQL, db, files)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{2, 0} {
		results, err := provider.Up(t.Context())
		if err != nil || len(results) != want {
			t.Fatalf("up: %d results, %v; want %d", len(results), err, want)
		}
	}
	if got := number(t, db, "SELECT COUNT(*) FROM one WHERE v = 'x'"); got != 1 {
		t.Errorf("%d rows", got)
	}
}
