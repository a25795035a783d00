package daemon

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/config"
	"jogetferry/migration"
)

func TestSourceHosts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, source, target string
		want                 []string
	}{
		{name: "the_database_has_a_host_of_its_own", source: "u:p@tcp(old.example:3306)/jwdb", target: "u:p@tcp(new.example:3306)/jwdb", want: []string{"bpm.example", "old.example"}},
		{name: "both_databases_are_on_one_host", source: "u:p@tcp(db.example:3306)/old", target: "u:p@tcp(db.example:3306)/new", want: []string{"bpm.example"}},
		{name: "a_loopback_says_nothing", source: "u:p@tcp(127.0.0.1:3306)/old", target: "u:p@tcp(new.example:3306)/new", want: []string{"bpm.example"}},
		{name: "a_socket_says_nothing", source: "u:p@unix(/run/mysqld.sock)/old", target: "u:p@tcp(new.example:3306)/new", want: []string{"bpm.example"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := &config.Config{}
			c.Source.Hosts = []string{"bpm.example"}
			c.Source.Database, c.Target.Database = migration.NewSecret(tc.source), migration.NewSecret(tc.target)
			if diff := cmp.Diff(tc.want, sourceHosts(c)); diff != "" {
				t.Errorf("hosts (-want +got):\n%s", diff)
			}
		})
	}
}
