package migration_test

import (
	"testing"
	"time"

	"jogetferry/migration"
)

func TestZones_Shift(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name           string
		source, target migration.Zones
		by             time.Duration
		unknown        bool
	}{
		{name: "the_same", source: "480", target: "480"},
		{name: "nobody_looked", source: "", target: "480"},
		{name: "two_that_never_change", source: "480", target: "0", by: -8 * time.Hour},
		{name: "two_that_never_change_to_the_east", source: "-300", target: "330", by: 630 * time.Minute},
		{name: "one_zone_now_in_winter", source: "120,60", target: "60"},
		{name: "one_zone_the_target_is_new", source: "60,120", target: "120"},
		{name: "as_far_apart_as_seasons", source: "60", target: "0", unknown: true},
		{name: "the_source_changes_over_the_year", source: "60,120", target: "480", unknown: true},
		{name: "the_target_changes_over_the_year", source: "480", target: "60,120", unknown: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			by, ok := tc.source.Shift(tc.target)
			if by != tc.by || ok == tc.unknown {
				t.Errorf("shift is %s, %t", by, ok)
			}
		})
	}
	if z := migration.ZonesOf([]int{480, -300}); z != "480,-300" {
		t.Errorf("zones are %q", z)
	}
}

func of(kind migration.VariableKind, value string) migration.Variable {
	return migration.Variable{Name: "v", Kind: kind, Value: value}
}

func dated(value string, zones migration.Zones) migration.Variable {
	return migration.Variable{Name: "v", Kind: migration.VariableDate, Value: value, Zones: zones}
}

func TestVariable_As(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		v    migration.Variable
		kind migration.VariableKind
		want string // the kind and the value; "" where it has no place
	}{
		{"a_boolean", of(migration.VariableBoolean, "true"), migration.VariableBoolean, "boolean true"},
		{"a_text_that_is_a_boolean", of(migration.VariableString, "FALSE"), migration.VariableBoolean, "boolean false"},
		{"a_text_that_is_none", of(migration.VariableString, "yes"), migration.VariableBoolean, ""},
		{"a_number_is_no_boolean", of(migration.VariableInteger, "1"), migration.VariableBoolean, ""},
		{"an_integer", of(migration.VariableInteger, "-9007199254740993"), migration.VariableInteger, "integer -9007199254740993"},
		{"a_text_that_is_an_integer", of(migration.VariableString, "+007"), migration.VariableInteger, "integer 7"},
		{"a_float_is_no_integer", of(migration.VariableFloat, "1.5"), migration.VariableInteger, ""},
		{"a_text_that_is_none_either", of(migration.VariableString, "7 days"), migration.VariableInteger, ""},
		{"larger_than_a_long", of(migration.VariableString, "9223372036854775808"), migration.VariableInteger, ""},
		{"a_float", of(migration.VariableFloat, "830.5"), migration.VariableFloat, "float 830.5"},
		{"an_integer_as_a_float", of(migration.VariableInteger, "3"), migration.VariableFloat, "float 3"},
		{"no_number", of(migration.VariableString, "NaN"), migration.VariableFloat, ""},
		{"a_date", dated("2024-06-03 08:00:00", "0"), migration.VariableDate, "date 2024-06-03 08:00:00"},
		{"a_text_is_no_date", of(migration.VariableString, "2024-06-03 08:00:00"), migration.VariableDate, ""},
		{"a_date_is_no_number", dated("2024-06-03 08:00:00", "0"), migration.VariableInteger, ""},
		{"a_date_as_a_text", dated("2024-06-03 08:00:00", "0"), migration.VariableString, "string 2024-06-03 08:00:00"},
		{"anything_as_a_text", of(migration.VariableBoolean, "true"), migration.VariableString, "string true"},
		{"null", of(migration.VariableNull, ""), migration.VariableInteger, "null "},
		{"null_as_a_date", of(migration.VariableNull, ""), migration.VariableDate, "null "},
		{"an_empty_text_as_a_number", of(migration.VariableString, ""), migration.VariableFloat, "null "},
		{"an_object", of(migration.VariableUnreadable, ""), migration.VariableString, ""},
		{"in_an_object", of(migration.VariableString, "a"), migration.VariableUnreadable, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			as, ok := tc.v.As(tc.kind)
			got := ""
			if ok {
				got = string(as.Kind) + " " + as.Value
			}
			if got != tc.want {
				t.Errorf("it is %q, want %q", got, tc.want)
			}
		})
	}
}

func TestSameValue(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name           string
		source, target migration.Variable
		want           bool
	}{
		{"texts", of(migration.VariableString, "a"), of(migration.VariableString, "a"), true},
		{"other_texts", of(migration.VariableString, "a"), of(migration.VariableString, "b"), false},
		{"null_and_empty", of(migration.VariableNull, ""), of(migration.VariableString, ""), false},
		{"null_and_null", of(migration.VariableNull, ""), of(migration.VariableNull, ""), true},
		{"null_and_zero", of(migration.VariableNull, ""), of(migration.VariableInteger, "0"), false},
		{"zero_and_null", of(migration.VariableInteger, "0"), of(migration.VariableNull, ""), false},
		{"numbers", of(migration.VariableString, "1.50"), of(migration.VariableFloat, "1.5"), true},
		{"other_numbers", of(migration.VariableInteger, "2"), of(migration.VariableFloat, "1.5"), false},
		{"texts_that_are_numbers", of(migration.VariableString, "1.50"), of(migration.VariableString, "1.5"), false},
		{"booleans", of(migration.VariableString, "TRUE"), of(migration.VariableBoolean, "true"), true},
		{"dates_of_one_zone", dated("2024-06-03 08:00:00", "480"), dated("2024-06-03 08:00:00", "480"), true},
		{"dates_of_two_zones", dated("2024-06-03 08:00:00", "480"), dated("2024-06-03 00:00:00", "0"), true},
		{"one_wall_time_in_two_zones", dated("2024-06-03 08:00:00", "480"), dated("2024-06-03 08:00:00", "0"), false},
		{"a_day_before", dated("2024-03-01 02:00:00", "480"), dated("2024-02-29 18:00:00", "0"), true},
		{"zones_that_cannot_be_told", dated("2024-06-03 08:00:00", "60"), dated("2024-06-03 08:00:00", "0"), true},
		{"nothing_on_the_target", of(migration.VariableInteger, "1"), migration.Variable{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := migration.SameValue(tc.source, tc.target); got != tc.want {
				t.Errorf("same is %t", got)
			}
		})
	}
}

func TestVariable_Shown(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		v    migration.Variable
		text string
		want bool
	}{
		{"a_text", of(migration.VariableString, " a "), " a ", true},
		{"another_text", of(migration.VariableString, "a"), "b", false},
		{"a_boolean", of(migration.VariableBoolean, "true"), "true", true},
		{"a_boolean_from_a_cache", of(migration.VariableBoolean, "true"), "false", false},
		{"an_integer", of(migration.VariableInteger, "3"), "3", true},
		{"a_float_of_java", of(migration.VariableFloat, "10000000"), "1.0E7", true},
		{"zero", of(migration.VariableFloat, "0"), "0", true},
		{"another_float", of(migration.VariableFloat, "1.5"), "1", false},
		{"a_date", dated("2023-11-10 19:05:12", "480"), "Fri Nov 10 19:05:12 MYT 2023", true},
		{"a_date_early_in_a_month", dated("2023-11-01 19:05:12", "480"), "Wed Nov 01 19:05:12 GMT+08:00 2023", true},
		{"another_date", dated("2023-11-10 19:05:12", "480"), "Fri Nov 10 11:05:12 UTC 2023", false},
		{"a_date_that_is_not_set", dated("2023-11-10 19:05:12", "480"), "", false},
		{"null", of(migration.VariableNull, ""), "", true},
		{"null_of_a_number", of(migration.VariableNull, ""), "0", true},
		{"null_of_a_boolean", of(migration.VariableNull, ""), "false", true},
		{"not_null", of(migration.VariableNull, ""), "7", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tc.v.Shown(tc.text); got != tc.want {
				t.Errorf("shown is %t", got)
			}
		})
	}
}
