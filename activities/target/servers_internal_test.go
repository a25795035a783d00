package target

import (
	"database/sql"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/preflight"
	"jogetferry/test/activitytest"
	"jogetferry/test/mysqltest"
	simulated "jogetferry/test/simulator/schema"
)

func TestGatherCalling_says_what_the_settings_of_the_target_are(t *testing.T) {
	t.Parallel()
	server := activitytest.NewServer(t)
	target, put := server.DB, server.Exec
	put("DELETE FROM wf_setup WHERE property = 'masterLoginPassword'")
	put("INSERT INTO wf_setup (id, property, value) VALUES ('w', 'jsonpWhitelist', 'portal.example')")
	refuse := true
	joget := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		if refuse {
			http.Error(w, `{"error":{"date":"Fri Nov 10 18:59:07 MYT 2023","code":"400","message":""}}`, http.StatusBadRequest)
			return
		}
		name := r.FormValue("loginAs")
		if name != "" {
			name = string(migration.AnonymousUser)
		} else {
			name = "admin"
		}
		_, _ = io.WriteString(w, `{"username":"`+name+`","total":0}`)
	}))
	t.Cleanup(joget.Close)
	identity := api.Identity{Username: "x", Password: api.NewSecret("y")}
	client, err := api.New(api.Options{BaseURL: joget.URL + "/jw", Admin: identity, Master: identity})
	if err != nil {
		t.Fatal(err)
	}
	j := New(&step.Servers{Target: step.Server{DB: target}, Settings: step.Settings{AdminUser: "admin"}}, client)
	var f preflight.CallingFacts
	if err := j.gatherCalling(t.Context(), &f, true); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(preflight.CallingFacts{RefererRefused: true, Whitelists: `jsonpWhitelist is "portal.example", jsonpIPWhitelist is ""`}, f); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	refuse, f = false, preflight.CallingFacts{}
	if err := j.gatherCalling(t.Context(), &f, true); err != nil {
		t.Fatal(err)
	}
	if late := -f.Clock; late < 59*time.Minute || late > 61*time.Minute {
		t.Errorf("the clock is %s", f.Clock)
	}
	f.Clock = 0
	want := preflight.CallingFacts{MasterRefused: "the target logs it in as another user", MasterUnset: true, NotPaired: true}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Errorf("answered (-want +got):\n%s", diff)
	}
}

// TestGatherCalling_proves_that_variables_can_be_written has an account that may not, and
// asks only where they are to be written.
func TestGatherCalling_proves_that_variables_can_be_written(t *testing.T) {
	t.Parallel()
	dsn := mysqltest.DSN(t)
	db, err := sql.Open("mysql", dsn)
	activitytest.Must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	activitytest.Must(t, simulated.Create(t.Context(), db))
	identity := api.Identity{Username: "x", Password: api.NewSecret("y")}
	client, err := api.New(api.Options{BaseURL: "http://127.0.0.1:1/jw", Admin: identity, Master: identity})
	activitytest.Must(t, err)
	for _, tc := range []struct {
		name   string
		grants string
		writes bool
		want   bool
	}{
		{name: "who_may", grants: "SELECT, UPDATE", writes: true},
		{name: "who_may_not", grants: "SELECT", writes: true, want: true},
		{name: "who_need_not", grants: "SELECT"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			target, err := schema.Open(t.Context(), mysqltest.User(t, dsn, tc.grants), schema.Options{})
			activitytest.Must(t, err)
			t.Cleanup(func() { _ = target.Close() })
			j := New(&step.Servers{Target: step.Server{DB: target}, Settings: step.Settings{AdminUser: "admin", WriteVariables: tc.writes}}, client)
			out, err := j.CheckServers(t.Context(), contract.CheckInput{Dry: true})
			activitytest.Must(t, err)
			found := slices.ContainsFunc(out.Findings, func(f migration.Finding) bool { return f.ID == "FERRY-122" })
			if found != tc.want {
				t.Errorf("findings: %+v", out.Findings)
			}
		})
	}
}
