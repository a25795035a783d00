package activitytest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/contract"
	"jogetferry/migration"
)

// Same fails t where got is not want.
func Same[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// Must ends t with an error.
func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Decided is the part of an outcome that decisions are made from.
func Decided(o contract.Outcome) contract.Outcome {
	return contract.Outcome{Status: o.Status, Reason: o.Reason}
}

// Parked is the outcome of a step that parks.
func Parked(reason migration.Reason) contract.Outcome {
	return contract.Outcome{Status: contract.StatusParked, Reason: reason}
}
