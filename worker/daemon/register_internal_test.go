package daemon

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"jogetferry/config"
	"jogetferry/contract"
	"jogetferry/migration"
)

// A copy worker asks the target for users only where it may call it at all.
func TestProbe(t *testing.T) {
	t.Parallel()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := migration.AnonymousUser
		if r.FormValue("j_username") == "master" && r.FormValue("loginAs") == "cat" {
			name = "cat"
		}
		_, _ = io.WriteString(w, `{"username":"`+string(name)+`"}`)
	}))
	t.Cleanup(target.Close)
	c := &config.Config{}
	c.Target.URL = target.URL + "/jw"
	c.Target.Admin = config.Account{Username: "admin", Password: migration.NewSecret("a")}
	c.Target.Master = config.Account{Username: "master", Password: migration.NewSecret("b")}
	c.Worker.Roles = []contract.Role{contract.RoleCopy}
	p := ports{shared: shared{config: c}}
	if probe, err := p.probe(); probe != nil || err != nil {
		t.Errorf("a worker of the role copy alone probes, %v", err)
	}
	c.Worker.Roles = []contract.Role{contract.RoleCopy, contract.RoleJoget}
	probe, err := p.probe()
	if err != nil {
		t.Fatal(err)
	}
	for user, want := range map[migration.User]bool{"cat": true, "nobody": false} {
		if got, err := probe(t.Context(), user); got != want || err != nil {
			t.Errorf("%s: %t, %v; want %t", user, got, err, want)
		}
	}
}
