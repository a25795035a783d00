package bench

import (
	"testing"
	"time"

	"jogetferry/test/simulator/seed"
)

func TestParseCPU_takes_user_and_system_time_whatever_the_process_is_called(t *testing.T) {
	t.Parallel()
	const line = "4711 (a (strange) name) S 1 2 3 4 5 6 7 8 9 10 150 50 1 2 20 0 9 0 100 200 300"
	got, err := parseCPU(line)
	if err != nil || got != 2*time.Second {
		t.Errorf("%s, %v, want 2s", got, err)
	}
	for _, bad := range []string{"", "1 (x) S 1 2", "1 (x) S 1 2 3 4 5 6 7 8 9 10 a b"} {
		if got, err := parseCPU(bad); err == nil {
			t.Errorf("%q is %s, want an error", bad, got)
		}
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 100, 2}, 3}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.values, got, c.want)
		}
	}
}

func TestShare_is_by_the_time_of_statements(t *testing.T) {
	t.Parallel()
	if got := share(10*time.Second, time.Second, 4*time.Second); got != 2500*time.Millisecond {
		t.Errorf("a quarter of 10s is %s", got)
	}
	if got := share(10*time.Second, 0, 0); got != 10*time.Second {
		t.Errorf("of a server that nobody asked: %s, want all", got)
	}
}

func TestMethodLine_has_what_the_script_reads(t *testing.T) {
	t.Parallel()
	got := methodLine(seed.Instance{
		Definition: "procure#3#process1", RecordID: "rec-1", Requester: "clark kent",
		Variables:  map[string]any{"status": "a|b c", "amount": 1.5, "n": int64(3), "urgent": true, "due": time.Time{}, "nothing": nil},
		Activities: []seed.Activity{{Def: "quote"}, {Def: "budget"}},
	})
	if want := "procure|procure:latest:process1|rec-1|clark+kent|var_amount=1.5&var_n=3&var_status=a%7Cb+c|quote budget"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestSizeName(t *testing.T) {
	t.Parallel()
	for want, bytes := range map[string]int64{"1 GiB": 1 << 30, "80 MiB": 80 << 20, "8 kB": 8000, "123 bytes": 123} {
		if got := sizeName(bytes); got != want {
			t.Errorf("%d is %s, want %s", bytes, got, want)
		}
	}
}
