package api_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/api"
)

// TestVariables reads none, one and many, as Joget prints them.
func TestVariables(t *testing.T) {
	t.Parallel()
	many := map[string]string{"status": "pending", "amount": "42", "urgent": "true", "note": "", "due": "Fri Nov 10 19:05:12 MYT 2023", "gone": ""}
	for _, tc := range []struct {
		name, answer string
		want         map[string]string
		kind         api.Kind
	}{
		{name: "none", answer: `{"processId":"12_x"}`},
		{name: "one", answer: `{"processId":"12_x","variable":{"status":"pending"}}`, want: map[string]string{"status": "pending"}},
		{
			name:   "many",
			answer: `{"processId":"12_x","variable":[{"status":"pending"},{"amount":42},{"urgent":true},{"note":""},{"due":"Fri Nov 10 19:05:12 MYT 2023"},{"gone":null}]}`, want: many,
		},
		{name: "an_object_as_a_value", answer: `{"processId":"12_x","variable":[{"status":{"a":1}}]}`, kind: api.KindUndecodable},
		{name: "nothing", answer: ``, kind: api.KindUnexpected},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, calls := fake(t, reply(200, tc.answer))
			for path, call := range map[string]func(context.Context) (map[string]string, error){
				"workflow/variable/list/12_x":     func(ctx context.Context) (map[string]string, error) { return c.Variables(ctx, "12_x") },
				"monitoring/activity/view/7_12_x": func(ctx context.Context) (map[string]string, error) { return c.ActivityVariables(ctx, "7_12_x") },
			} {
				got, err := call(t.Context())
				if api.KindOf(err) != tc.kind {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tc.want, got); tc.kind == "" && diff != "" {
					t.Errorf("variables (-want +got):\n%s", diff)
				}
				if sent := (*calls)[len(*calls)-1].path; sent != "POST /jw/web/json/"+path {
					t.Errorf("sent %s", sent)
				}
			}
		})
	}
}
