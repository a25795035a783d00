package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// wanted is how many instances the demo migrates.
const wanted = 40

// verdict is what was found out about a migration, each number at its origin
// and none from what the demo meant to do.
type verdict struct {
	running []string // open root instances, counted in the source's database
	// moved has the instances that starter lists as done and compares as the
	// same, with the target instance of each.
	moved map[string]string
	same  int // of the final starter verify
	// starts are the processes that the target has started and nobody has taken
	// back, by record, told by its effect log.
	starts      map[string]int
	kept        []kept
	sourceDiff  string // of database and files, "" for not a byte
	sourceCalls int    // requests that the source server got
}

// kept counts on both servers something that is easily lost.
type kept struct {
	what           string // in the plural
	source, target int    // of open instances
}

// verified counts the running instances that starter calls done and the same,
// on a target instance that no other one has.
func (v verdict) verified() int {
	holders := map[string]int{}
	for _, target := range v.moved {
		holders[target]++
	}
	n := 0
	for _, id := range v.running {
		if target := v.moved[id]; target != "" && holders[target] == 1 {
			n++
		}
	}
	return n
}

// startedTwice counts the records for which the target started more than one process.
func (v verdict) startedTwice() int {
	n := 0
	for _, starts := range v.starts {
		if starts > 1 {
			n++
		}
	}
	return n
}

func (v verdict) line() string {
	source := "source unchanged"
	if v.sourceDiff != "" || v.sourceCalls > 0 {
		source = "source CHANGED"
	}
	return fmt.Sprintf("demo: %d running instances, %d migrated and verified, %d started twice, %s",
		len(v.running), v.verified(), v.startedTwice(), source)
}

// err says everything that is not as it has to be; nil for nothing.
func (v verdict) err() error {
	var errs []error
	if n := len(v.running); n != wanted {
		errs = append(errs, fmt.Errorf("the source has %d running instances, want %d", n, wanted))
	}
	if n := v.verified(); n != len(v.running) {
		errs = append(errs, fmt.Errorf("%d of %d running instances are migrated and verified", n, len(v.running)))
	}
	if v.same != len(v.running) {
		errs = append(errs, fmt.Errorf("the last comparison found %d the same, want %d", v.same, len(v.running)))
	}
	if len(v.starts) != len(v.running) {
		errs = append(errs, fmt.Errorf("the target started processes for %d records, want %d", len(v.starts), len(v.running)))
	}
	var twice []string
	for record, starts := range v.starts {
		if starts > 1 {
			twice = append(twice, fmt.Sprintf("%s (%d times)", record, starts))
		}
	}
	if slices.Sort(twice); len(twice) > 0 {
		errs = append(errs, fmt.Errorf("started more than once: %s", strings.Join(twice, ", ")))
	}
	for _, k := range v.kept {
		if k.source == 0 || k.target != k.source {
			errs = append(errs, fmt.Errorf("%s: %d on the source, %d on the target", k.what, k.source, k.target))
		}
	}
	if v.sourceDiff != "" {
		errs = append(errs, fmt.Errorf("the source changed:\n%s", v.sourceDiff))
	}
	if v.sourceCalls > 0 {
		errs = append(errs, fmt.Errorf("the source server was called %d times", v.sourceCalls))
	}
	return errors.Join(errs...)
}
