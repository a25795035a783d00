package migration_test

import (
	"strings"
	"testing"

	"jogetferry/migration"
)

func TestBinding_serves_its_own_pair(t *testing.T) {
	t.Parallel()
	bound := migration.Binding{Migration: "crm", Source: "old", Target: "new"}
	for _, tc := range []struct {
		name           string
		source, target migration.Fingerprint
		serves         bool
	}{
		{name: "the_pair", source: "old", target: "new", serves: true},
		{name: "the_target_alone", target: "new", serves: true},
		{name: "another_source", source: "other", target: "new"},
		{name: "another_target", source: "old", target: "other"},
		{name: "another_target_alone", target: "other"},
		{name: "the_pair_swapped", source: "new", target: "old"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := bound.Serves(tc.source, tc.target); got != tc.serves {
				t.Errorf("it serves: %t", got)
			}
			said := bound.Misses(tc.source, tc.target)
			for _, want := range []string{"crm", "source old", "target new", string(tc.source), "target " + string(tc.target)} {
				if !strings.Contains(said, want) {
					t.Errorf("%q does not name %q", said, want)
				}
			}
		})
	}
}
