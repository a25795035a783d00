package plant_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"

	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/digest"
	"jogetferry/test/simulator/plant"
	"jogetferry/test/simulator/schema"
	"jogetferry/test/simulator/seed"
)

func TestAll_names_are_unique_sentences_and_findings_are_documented(t *testing.T) {
	t.Parallel()
	documented, err := os.ReadFile("../../../docs/checks.md")
	must(t, err)
	var names []string
	for _, p := range plant.All() {
		names = append(names, p.Name)
		if !regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)+$`).MatchString(p.Name) {
			t.Errorf("name %q", p.Name)
		}
		if !strings.Contains(string(documented), p.Finding) {
			t.Errorf("%s: no check %s", p.Name, p.Finding)
		}
		if again, ok := plant.Named(p.Name); !ok || again.Finding != p.Finding {
			t.Errorf("%s cannot be asked for", p.Name)
		}
	}
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("a name is used twice: %v", names)
	}
}

// ending are plants after which others find nothing to work on.
var ending = []string{
	"the_app_is_not_published", "the_process_is_not_in_the_package", "an_app_is_half_imported", "the_xpdl_is_cut_off", "the_xpdl_of_the_source_is_cut_off",
	"a_server_is_too_old",
}

// TestPlant makes every discrepancy, those of a hundred in one pair.
func TestPlant(t *testing.T) {
	t.Parallel()
	groups := map[string][]plant.Plant{}
	for _, p := range plant.All() {
		group := p.Finding[:len("FERRY-1")] + "xx"
		if slices.Contains(ending, p.Name) {
			group = p.Name
		}
		groups[group] = append(groups[group], p)
	}
	slots := make(chan struct{}, 2) // of pairs at a time
	for name, plants := range groups {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			pair := seeded(t)
			before := look(t, pair)
			for _, p := range plants {
				done, err := pair.Plant(t.Context(), p)
				if err != nil {
					t.Error(err)
					continue
				}
				if len(done.Causes) == 0 || done.Causes[0].ID != p.Finding {
					t.Errorf("%s causes %v, want %s first", p.Name, done.Causes, p.Finding)
				}
				if slices.ContainsFunc(done.Causes, func(f plant.Finding) bool { return f.Subject == "" }) {
					t.Errorf("%s causes %v: without a subject", p.Name, done.Causes)
				}
				after := look(t, pair)
				if after == before {
					t.Errorf("%s changed nothing", p.Name)
				}
				before = after
			}
		})
	}
}

func TestPlant_goes_to_another_instance_each_time(t *testing.T) {
	t.Parallel()
	pair := seeded(t)
	var subjects []string
	for _, name := range []string{"nothing_is_open", "a_deadline_runs", "the_record_was_deleted"} {
		p, _ := plant.Named(name)
		done, err := pair.Plant(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		subjects = append(subjects, done.Causes[0].Subject)
	}
	if slices.Sort(subjects); len(slices.Compact(subjects)) != 3 {
		t.Errorf("planted in %v", subjects)
	}
}

// seeded is a pair with instances of all processes on the source.
func seeded(t *testing.T) *plant.Pair {
	t.Helper()
	root := t.TempDir()
	pair := &plant.Pair{Source: server(t, root, "source", 3), Target: server(t, root, "target", 5)}
	_, err := seed.Run(t.Context(), pair.Source.DB, pair.Source.Uploads, seed.Options{
		Seed: 1, Instances: 110, WithSubflows: 14, TextBytes: 200, MaxFileBytes: 100,
		Positions: []string{
			"leave/process1/approve", "leave/process1/approve_again", "procure/process1/parallel",
			"onboard/probation/review", "onboard/onboarding/prepare", "onboard/onboarding/welcome",
		},
	})
	must(t, err)
	_, err = seed.Target(t.Context(), pair.Target.DB, pair.Target.Uploads, seed.TargetOptions{Seed: 2, Instances: 6, Completed: 6})
	must(t, err)
	return pair
}

func server(t *testing.T, root, name string, version int64) plant.Server {
	t.Helper()
	db, err := sql.Open("mysql", mysqltest.DSN(t))
	must(t, err)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	uploads := filepath.Join(root, name, "app_formuploads")
	must(t, os.MkdirAll(uploads, 0o750))
	must(t, schema.Create(t.Context(), db))
	must(t, apps.Load(t.Context(), db, apps.Options{PackageVersion: version}))
	return plant.Server{DB: db, Uploads: uploads}
}

// look says what both servers look like: rows, tables and files.
func look(t *testing.T, pair *plant.Pair) string {
	t.Helper()
	var out strings.Builder
	for _, s := range []plant.Server{pair.Source, pair.Target} {
		db, err := digest.OfDatabase(t.Context(), s.DB, digest.DatabaseOptions{})
		must(t, err)
		for _, name := range slices.Sorted(maps.Keys(db)) {
			fmt.Fprintf(&out, "%s %x %s\n", name, db[name].Sum, db[name].Columns)
		}
		out.WriteString(tables(t.Context(), t, s.DB))
		tree, err := digest.OfTree(filepath.Dir(s.Uploads), digest.TreeOptions{})
		must(t, err)
		for _, path := range slices.Sorted(maps.Keys(tree)) {
			fmt.Fprintf(&out, "%s %v\n", path, tree[path])
		}
	}
	return out.String()
}

// tables says what no digest of rows does: engines, character sets and keys.
func tables(ctx context.Context, t *testing.T, db *sql.DB) string {
	t.Helper()
	var out strings.Builder
	for _, query := range []string{
		"SELECT TABLE_NAME, ENGINE FROM information_schema.tables WHERE TABLE_SCHEMA=DATABASE() ORDER BY 1",
		"SELECT CONCAT(TABLE_NAME,'.',COLUMN_NAME), COALESCE(CHARACTER_SET_NAME,'') FROM information_schema.columns WHERE TABLE_SCHEMA=DATABASE() ORDER BY 1",
		"SELECT CONCAT(TABLE_NAME,'.',INDEX_NAME), NON_UNIQUE FROM information_schema.statistics WHERE TABLE_SCHEMA=DATABASE() ORDER BY 1",
	} {
		must(t, schema.Each(ctx, db, func(scan func(...any) error) error {
			var a, b string
			err := scan(&a, &b)
			out.WriteString(a + " " + b + "\n")
			return err
		}, query))
	}
	return out.String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
