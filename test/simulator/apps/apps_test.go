package apps_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/schema"
)

func loaded(t *testing.T, opts ...apps.Options) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", mysqltest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := schema.Create(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	for _, o := range opts {
		if err := apps.Load(t.Context(), db, o); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func one(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	var got sql.NullString
	if err := db.QueryRowContext(t.Context(), query).Scan(&got); err != nil {
		t.Fatal(err)
	}
	return got.String
}

func TestRead_apps_are_consistent(t *testing.T) {
	t.Parallel()
	for _, id := range append(apps.Names(), apps.Claims, apps.Permits, apps.Terms) {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			d, err := apps.Read(id)
			if err != nil {
				t.Fatal(err)
			}
			activities := map[string]bool{}
			for _, p := range d.Package.Processes {
				activities[p.Key+"::runProcess"] = true
				for _, a := range p.Activities {
					activities[p.Key+"::"+a.ID] = true
				}
			}
			forms := map[string]bool{}
			for _, f := range d.Forms {
				forms[f.ID] = true
				if f.Table == "" || len(f.Fields) == 0 {
					t.Errorf("form %s has table %q and fields %v", f.ID, f.Table, f.Fields)
				}
			}
			for _, m := range d.FormMappings {
				if !activities[m.Process+"::"+m.Activity] || !forms[m.Form] {
					t.Errorf("form mapping of something unknown: %+v", m)
				}
			}
			for _, m := range d.Tools {
				if !activities[m.Process+"::"+m.Activity] {
					t.Errorf("tool mapping of something unknown: %+v", m)
				}
			}
			for _, m := range d.Participants {
				declared := strings.Contains(string(d.XPDL), `<Participant Id="`+m.Participant+`"`)
				if !declared && m.Participant != "processStartWhiteList" {
					t.Errorf("participant mapping of something unknown: %+v", m)
				}
			}
		})
	}
}

func TestFormTables_leave_out_grids_with_their_own_binder(t *testing.T) {
	t.Parallel()
	d, err := apps.Read(apps.Onboard)
	if err != nil {
		t.Fatal(err)
	}
	tables := d.FormTables()
	if diff := cmp.Diff([]string{"fullName", "position", "department", "address", "photo", "contract", "note"}, tables["onb_hire"]); diff != "" {
		t.Error(diff)
	}
	if !slices.Contains(tables["onb_comment"], "taskId") {
		t.Errorf("no foreign key in %v", tables["onb_comment"])
	}
}

func TestLoad_keeps_app_and_package_versions_apart(t *testing.T) {
	t.Parallel()
	db := loaded(t, apps.Options{AppVersion: 2, PackageVersion: 3}, apps.Options{Apps: []string{apps.Leave}, AppVersion: 4, PackageVersion: 5})
	for query, want := range map[string]string{
		"SELECT GROUP_CONCAT(CONCAT(appVersion,'=',published+0) ORDER BY appVersion) FROM app_app WHERE appId='leave'":                                                     "2=0,4=1",
		"SELECT GROUP_CONCAT(CONCAT(packageVersion,'@',appVersion) ORDER BY packageVersion) FROM app_package WHERE packageId='leave'":                                      "3@2,5@4",
		"SELECT GROUP_CONCAT(Name ORDER BY oid) FROM SHKProcessDefinitions WHERE PackageId='leave'":                                                                        "leave#3#process1,leave#5#process1",
		"SELECT GROUP_CONCAT(Name ORDER BY oid) FROM SHKProcessDefinitions WHERE PackageId='onboard'":                                                                      "onboard#3#onboarding,onboard#3#equipment,onboard#3#probation",
		"SELECT GROUP_CONCAT(NextVersion) FROM SHKNextXPDLVersions WHERE XPDLId='leave'":                                                                                   "6",
		"SELECT COUNT(*) FROM SHKXPDLData d JOIN SHKXPDLS x ON x.oid=d.XPDL WHERE d.XPDLContent LIKE CONCAT('%Package %Id=\"',x.XPDLId,'\"%')":                             "4",
		"SELECT GROUP_CONCAT(DISTINCT t.TABLE_NAME ORDER BY 1) FROM information_schema.tables t WHERE t.TABLE_SCHEMA=DATABASE() AND t.TABLE_NAME LIKE 'app\\_fd\\_leave%'": "app_fd_leave_confirmation,app_fd_leave_request",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s\n got %q\nwant %q", query, got, want)
		}
	}
}

func TestLoad_refuses_the_same_version_twice_and_unknown_apps(t *testing.T) {
	t.Parallel()
	db := loaded(t, apps.Options{})
	if err := apps.Load(t.Context(), db, apps.Options{}); err == nil {
		t.Error("the same version was loaded twice")
	}
	if err := apps.Load(t.Context(), db, apps.Options{Apps: []string{"nothing"}}); err == nil {
		t.Error("an unknown app was loaded")
	}
	if got := one(t, db, "SELECT COUNT(*) FROM app_app WHERE published=1"); got != "3" {
		t.Errorf("%s published apps after a refused load", got)
	}
}

func TestLoad_writes_an_app_of_its_caller_alone_or_beside_embedded_ones(t *testing.T) {
	t.Parallel()
	own, err := apps.Read(apps.Leave)
	if err != nil {
		t.Fatal(err)
	}
	own.ID = "own"
	for want, o := range map[string]apps.Options{
		"own":       {Definitions: []apps.Definition{own}},
		"leave,own": {Definitions: []apps.Definition{own}, Apps: []string{apps.Leave}},
	} {
		if got := one(t, loaded(t, o), "SELECT GROUP_CONCAT(appId ORDER BY appId) FROM app_app"); got != want {
			t.Errorf("loaded %q, want %q", got, want)
		}
	}
}
