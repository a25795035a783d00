package engine_test

import (
	"testing"
	"time"

	"jogetferry/test/simulator/engine"
)

// TestCaches has somebody write variables into the tables of an engine that has caches,
// and of one that has none.
func TestCaches(t *testing.T) {
	t.Parallel()
	for _, caches := range []bool{false, true} {
		j := newJoget(t, engine.Options{CacheVariables: caches})
		j.seen("cat", "terry")
		id := j.start("onboard:latest:probation")
		j.exec("UPDATE SHKProcessData SET VariableValueLONG = 9, version = version + 1 WHERE VariableDefinitionId = 'months'")
		want := "9"
		if caches {
			want = "3"
		}
		list, _, err := j.Variables(t.Context(), id)
		must(t, err)
		shown := map[string]string{}
		for _, v := range list {
			shown[v.Name] = v.Text
		}
		if shown["months"] != want {
			t.Errorf("with caches %t the list shows %q", caches, shown["months"])
		}
		must(t, j.StartActivity(t.Context(), admin, id, "close", true).Err)
		j.want("the copy of a new activity", want, "SELECT VariableValueLONG FROM SHKActivityData d JOIN SHKActivities a ON a.oid = d.Activity WHERE a.ActivityDefinitionId = 'close' AND d.VariableDefinitionId = 'months'")
	}
}

// TestVariables_that_java_cannot_read has a text in a table that is no modified UTF-8.
func TestVariables_that_java_cannot_read(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{})
	j.seen("cat")
	id := j.start("onboard:latest:probation")
	j.exec("UPDATE SHKProcessData SET VariableType = 5, VariableValue = ? WHERE VariableDefinitionId = 'assessment'", "\xAC\xED\x00\x05t\x00\x04\xF0\x9F\x98\x80")
	list, known, err := j.Variables(t.Context(), id)
	if must(t, err); !known || len(list) > 0 {
		t.Errorf("it lists %v", list)
	}
}

// TestDates_are_wall_time has one in an engine of another zone.
func TestDates_are_wall_time(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{Zone: time.FixedZone("MYT", 8*3600)})
	j.rewrite("onboard", `<DataField Id="assessment"`, `<DataField Id="reviewedOn" IsArray="FALSE"><DataType><BasicType Type="DATETIME"/></DataType></DataField><DataField Id="assessment"`)
	j.seen("cat")
	id := j.start("onboard:latest:probation")
	j.exec("UPDATE SHKProcessData SET VariableValueDATE = '2023-11-10 19:05:12' WHERE VariableDefinitionId = 'reviewedOn'")
	list, _, err := j.Variables(t.Context(), id)
	must(t, err)
	for _, v := range list {
		if v.Name == "reviewedOn" && v.Text != "Fri Nov 10 19:05:12 MYT 2023" {
			t.Errorf("it is %q", v.Text)
		}
	}
}
