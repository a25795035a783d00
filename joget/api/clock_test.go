package api_test

import (
	"net/http"
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		header []string
		want   time.Time
	}{
		{name: "as_servers_write_it", header: []string{"Fri, 10 Nov 2023 18:59:07 GMT"}, want: time.Date(2023, 11, 10, 18, 59, 7, 0, time.UTC)},
		{name: "absent", header: nil},
		{name: "unreadable", header: []string{"10-11-2023 06:59 PM"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, calls := fake(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Date"] = tc.header // nil keeps Go's server from writing its own
				reply(200, `{"username":"admin"}`)(w, r)
			})
			got, err := c.Clock(t.Context())
			if !got.Equal(tc.want) || err != nil {
				t.Errorf("got %s, %v; want %s", got, err, tc.want)
			}
			if len(*calls) != 1 {
				t.Errorf("%d calls", len(*calls))
			}
		})
	}
	c, _ := fake(t, reply(500, errorBody(500, "x")))
	if _, err := c.Clock(t.Context()); err == nil {
		t.Error("an error was taken for an answer")
	}
}
