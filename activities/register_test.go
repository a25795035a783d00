package activities_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"jogetferry/activities"
	"jogetferry/activities/step"
)

// registry keeps the names of what is registered.
type registry struct {
	worker.Registry

	names []string
}

func (r *registry) RegisterActivityWithOptions(_ any, o activity.RegisterOptions) {
	r.names = append(r.names, o.Name)
}

// TestRegister_has_the_activities_of_its_role compares what the roles register
// with what the contract says of them.
func TestRegister_has_the_activities_of_its_role(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../contract/*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?m)Activity\[.*\]\{"(\w+)", Role(\w+)\}`)
	want := map[string][]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
			want[m[2]] = append(want[m[2]], m[1])
		}
	}
	for role, register := range map[string]func(worker.Registry){
		"Workflows": func(r worker.Registry) { activities.RegisterWorkflows(r, nil, nil, nil) },
		"Copy":      func(r worker.Registry) { activities.RegisterCopy(r, &step.Servers{}, nil) },
		"Joget":     func(r worker.Registry) { activities.RegisterJoget(r, &step.Servers{}, nil) },
	} {
		var r registry
		register(&r)
		slices.Sort(r.names)
		slices.Sort(want[role])
		if diff := cmp.Diff(want[role], r.names); diff != "" {
			t.Errorf("activities of %s (-contract +registered):\n%s", role, diff)
		}
	}
}
