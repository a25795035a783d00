package bench_test

import (
	"strings"
	"testing"

	"jogetferry/test/bench"
)

func TestRow_says_whether_its_budget_is_met(t *testing.T) {
	t.Parallel()
	rival := func(value float64) bench.Rival {
		return bench.Rival{Name: "cp -a", Quantity: bench.Quantity{Value: value, Unit: "MB/s"}}
	}
	missing := bench.Rival{Name: "mydumper", Missing: "it is not installed"}
	for name, c := range map[string]struct {
		measured float64
		against  bench.Rival
		budget   bench.Budget
		want     string // of the cells after what
	}{
		"as_much_as_it_has_to_be":  {20, bench.Rival{}, bench.AtLeast(20), "20 MB/s | – | – | >= 20 MB/s | met"},
		"less_than_it_has_to_be":   {19.99, bench.Rival{}, bench.AtLeast(20), "20 MB/s | – | – | >= 20 MB/s | **missed**"},
		"as_much_as_it_may_be":     {20, bench.Rival{}, bench.AtMost(20), "20 MB/s | – | – | <= 20 MB/s | met"},
		"more_than_it_may_be":      {20.5, bench.Rival{}, bench.AtMost(20), "20.5 MB/s | – | – | <= 20 MB/s | **missed**"},
		"a_ratio_that_is_enough":   {180, rival(200), bench.RatioAtLeast(0.9), "180 MB/s | cp -a: 200 MB/s | 0.9 x | >= 0.9 x | met"},
		"a_ratio_that_is_too_low":  {100, rival(200), bench.RatioAtLeast(0.9), "100 MB/s | cp -a: 200 MB/s | 0.5 x | >= 0.9 x | **missed**"},
		"a_ratio_that_is_too_high": {400, rival(200), bench.RatioAtMost(1.5), "400 MB/s | cp -a: 200 MB/s | 2 x | <= 1.5 x | **missed**"},
		"a_ratio_as_high_as_it_may_be": {
			300, rival(200), bench.RatioAtMost(1.5), "300 MB/s | cp -a: 200 MB/s | 1.5 x | <= 1.5 x | met",
		},
		"a_bar_in_a_name": {
			100, bench.Rival{Name: "`a | b`", Quantity: bench.Quantity{Value: 100, Unit: "MB/s"}}, bench.Budget{}, "100 MB/s | `a \\| b`: 100 MB/s | 1 x | – | –",
		},
		"no_budget":                 {1234567, rival(200), bench.Budget{}, "1,234,567 MB/s | cp -a: 200 MB/s | 6,173 x | – | –"},
		"a_rival_that_is_not_there": {100, missing, bench.RatioAtLeast(1.2), "100 MB/s | mydumper: not available here: it is not installed | – | >= 1.2 x | not measured"},
		"a_rival_that_took_no_time": {100, rival(0), bench.RatioAtLeast(1.2), "100 MB/s | cp -a: 0 MB/s | – | >= 1.2 x | not measured"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := bench.Row{What: "a row", Measured: bench.Quantity{Value: c.measured, Unit: "MB/s"}, Against: c.against, Budget: c.budget}
			text, err := bench.Document{Sections: []bench.Section{{Rows: []bench.Row{row}}}}.Markdown()
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(text, "\n| a row | "+c.want+" |\n") {
				t.Errorf("want %s in\n%s", c.want, text)
			}
		})
	}
}

func TestQuantity_has_three_digits_and_commas(t *testing.T) {
	t.Parallel()
	for want, q := range map[string]bench.Quantity{
		"0":              {},
		"0.05 ms":        {Value: 0.0512, Unit: "ms"},
		"1.5 x":          {Value: 1.5, Unit: "x"},
		"12.9":           {Value: 12.94},
		"148":            {Value: 147.6},
		"61,234 rows/s":  {Value: 61234.4, Unit: "rows/s"},
		"-1,000":         {Value: -1000},
		"100 MiB":        {Value: 100, Unit: "MiB"},
		"1,000,000 rows": {Value: 1e6, Unit: "rows"},
	} {
		if got := q.String(); got != want {
			t.Errorf("%v: %q, want %q", q.Value, got, want)
		}
	}
}

func TestDocument_counts_its_verdicts(t *testing.T) {
	t.Parallel()
	measured := bench.Quantity{Value: 10}
	document := bench.Document{
		Sizes:   bench.Sizes{Name: "a small one"},
		Machine: []bench.Fact{{What: "cores", Is: "2"}},
		Sections: []bench.Section{
			{Title: "One", How: "By hand.", Rows: []bench.Row{{Measured: measured, Budget: bench.AtLeast(1)}, {Measured: measured, Budget: bench.AtLeast(20)}, {Measured: measured}}},
			{Title: "Two", How: "Again.", Rows: []bench.Row{{Measured: measured, Budget: bench.AtMost(20)}, {Measured: measured, Against: bench.Rival{Name: "x", Missing: "why"}, Budget: bench.RatioAtMost(1)}}},
		},
	}
	text, err := document.Markdown()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"This run was a small one. Of the budgets 2 are met, 1 missed, 1 not measured.", "| cores | 2 |\n\n## One\n\nBy hand.\n\n| what |", "|\n\n## Two\n\nAgain.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
	if document.Met() != 2 || document.Missed() != 1 || document.Unmeasured() != 1 {
		t.Errorf("%d met, %d missed, %d unmeasured", document.Met(), document.Missed(), document.Unmeasured())
	}
}
