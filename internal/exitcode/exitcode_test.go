package exitcode_test

import (
	"errors"
	"fmt"
	"testing"

	"jogetferry/config"
	"jogetferry/internal/exitcode"
	"jogetferry/migration"
)

func TestOf(t *testing.T) {
	t.Parallel()
	coded := func(code migration.Code) error {
		return fmt.Errorf("wrapped: %w", migration.E(code, "try", "", ""))
	}
	for _, tc := range []struct {
		name string
		err  error
		want int
	}{
		{"nothing", nil, 0},
		{"no_code", errors.New("x"), 1},
		{"internal", coded(migration.CodeInternal), 1},
		{"invalid", coded(migration.CodeInvalid), 2},
		{"not_found", coded(migration.CodeNotFound), 2},
		{"conflict", coded(migration.CodeConflict), 2},
		{"unsupported", coded(migration.CodeUnsupported), 2},
		{"refused", coded(migration.CodeRefused), 2},
		{"drifted", coded(migration.CodeDrifted), 4},
		{"unavailable", coded(migration.CodeUnavailable), 5},
		{"mistakes_of_the_configuration", fmt.Errorf("x: %w", config.Mistakes{{Key: "a"}}), 2},
		{"an_end_with_its_own_status", fmt.Errorf("x: %w", &exitcode.Error{Status: exitcode.Blocked}), 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := exitcode.Of(tc.err); got != tc.want {
				t.Errorf("status %d, want %d", got, tc.want)
			}
		})
	}
}
