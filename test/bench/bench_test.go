package bench_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"jogetferry/test/bench"
)

func TestMain(m *testing.M) {
	bench.MainOfWorker()
	os.Exit(m.Run())
}

// pagePath is where the page is, seen from here.
const pagePath = "../../docs/benchmarks.md"

// BenchmarkBudgets measures every row and writes the page. FERRY_TEST_BENCH=full measures the
// sizes that the budgets name; FERRY_TEST_BENCH_PARTS names parts, which are printed only.
func BenchmarkBudgets(b *testing.B) {
	sizes := map[string]bench.Sizes{"": bench.Usual(), "usual": bench.Usual(), "full": bench.Full(), "tiny": bench.Tiny()}
	s, ok := sizes[os.Getenv("FERRY_TEST_BENCH")]
	if !ok {
		b.Fatalf("FERRY_TEST_BENCH is %q, want usual, full or tiny", os.Getenv("FERRY_TEST_BENCH"))
	}
	parts := strings.FieldsFunc(os.Getenv("FERRY_TEST_BENCH_PARTS"), func(r rune) bool { return r == ',' })
	for b.Loop() {
		document := bench.Run(b, s, parts...)
		text, err := document.Markdown()
		if err != nil {
			b.Fatal(err)
		}
		fmt.Println(text)
		if len(parts) == 0 && s.Name != bench.Tiny().Name {
			if err := os.WriteFile(pagePath, []byte(text), 0o644); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(document.Met()), "met")
		b.ReportMetric(float64(document.Missed()), "missed")
	}
}

func TestRun_measures_every_row(t *testing.T) {
	t.Parallel()
	document := bench.Run(t, bench.Tiny())
	text, err := document.Markdown()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", text)
	for _, s := range document.Sections {
		for _, r := range s.Rows {
			if r.Measured.Value <= 0 {
				t.Errorf("%s: %s: measured %s", s.Title, r.What, r.Measured)
			}
			if ratio, ok := r.Ratio(); r.Against.Name != "" && r.Against.Missing == "" && (!ok || ratio <= 0) {
				t.Errorf("%s: %s: no ratio to %s", s.Title, r.What, r.Against.Name)
			}
		}
	}
}
