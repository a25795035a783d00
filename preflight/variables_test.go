package preflight_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/preflight"
)

func TestHanded(t *testing.T) {
	t.Parallel()
	values := []migration.Variable{{Name: "name", Value: "Ann"}, {Name: "months", Value: "24"}, {Name: "internal", Value: "true"}}
	for _, tc := range []struct {
		name     string
		activity migration.ActivityDefID
		replace  []string
		want     map[string]string
	}{
		{name: "what_goes_in_by_position", activity: "equip", want: map[string]string{"who": "Ann", "term": "24"}},
		{name: "another_type_is_not_known", activity: "equip", replace: []string{`Id="months"><DataType><BasicType Type="INTEGER"`, `Id="months"><DataType><BasicType Type="STRING"`}, want: map[string]string{"who": "Ann"}},
		{name: "an_expression_is_not_known", activity: "equip", replace: []string{"<ActualParameter>months</", "<ActualParameter>months+1</"}, want: map[string]string{"who": "Ann"}},
		{name: "nothing_without_parameters", activity: "inform", want: map[string]string{}},
		{name: "nothing_without_the_activity", activity: "gone"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := preflight.Handed(hiring(t, "hire", tc.replace...), tc.activity, values, hiring(t, "equip", tc.replace...))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("handed over (-want +got):\n%s", diff)
			}
		})
	}
}
