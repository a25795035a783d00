package main

import (
	"context"
	"fmt"
	"strings"

	"jogetferry/test/simulator/schema"
)

// truth is what is found on the target and in the ledger, past all code that is put to the test.
type truth struct {
	done, live int // entries that are done; instances on the target that are open, subflows left out
	doubled    int // of live: those that no entry has
	lost       int // of done: those whose target instance is not open
	unsettled  int // entries of a wave that are neither done nor anything else in the end
	same       int // of done: those found to be the same on both sides
	reasons    map[string]int
}

func (t truth) err() error {
	if t.doubled+t.lost+t.unsettled > 0 || t.same != t.done {
		return fmt.Errorf("not as it has to be: %d doubled, %d lost, %d unsettled, %d of %d the same", t.doubled, t.lost, t.unsettled, t.same, t.done)
	}
	return nil
}

func (s *stage) truth(ctx context.Context) (t truth, err error) {
	for query, into := range map[string]*int{
		countDone: &t.done, countSame: &t.same, countUnsettled: &t.unsettled, countLive: &t.live, countDoubled: &t.doubled, countLost: &t.lost,
	} {
		if err := s.target.QueryRowContext(ctx, s.between(query)).Scan(into); err != nil {
			return t, fmt.Errorf("look at the target and the ledger: %w", err)
		}
	}
	rows, err := s.target.QueryContext(ctx, s.between(selectReasons))
	if err != nil {
		return t, fmt.Errorf("look at the ledger: %w", err)
	}
	defer rows.Close()
	t.reasons = map[string]int{}
	for rows.Next() {
		var reason string
		var n int
		if err := rows.Scan(&reason, &n); err != nil {
			return t, fmt.Errorf("look at the ledger: %w", err)
		}
		t.reasons[reason] = n
	}
	return t, rows.Err()
}

// between puts the names of the databases into a query.
func (s *stage) between(query string) string {
	return strings.NewReplacer("{target}", schema.Quote(s.targetName), "{ledger}", schema.Quote(s.ledgerName)).Replace(query)
}
