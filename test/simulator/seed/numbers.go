package seed

import (
	"context"
	"database/sql"

	"jogetferry/test/simulator/schema"
)

// numbers hands out object ids and counter values. The counters' rows stay
// locked by the transaction from the first reservation on, so what is reserved
// at the end continues what was reserved at the start.
type numbers struct {
	oid      sequence
	counters map[string]*sequence
}

type sequence struct{ first, next int64 }

func (s *sequence) take() int64 {
	s.next++
	return s.next - 1
}

// counterNames are the counters a seed draws from.
var counterNames = []string{
	schema.CounterProcess, schema.CounterActivity, schema.CounterProcessData, schema.CounterActData,
	schema.CounterAssignment, schema.CounterAndJoin, schema.CounterDeadline,
}

func openNumbers(ctx context.Context, tx *sql.Tx) (*numbers, error) {
	first, err := schema.ReserveObjectIDs(ctx, tx, 1)
	if err != nil {
		return nil, err
	}
	n := &numbers{oid: sequence{first, first}, counters: map[string]*sequence{}}
	for _, name := range counterNames {
		first, err := schema.ReserveCounter(ctx, tx, name, 1)
		if err != nil {
			return nil, err
		}
		n.counters[name] = &sequence{first, first}
	}
	return n, nil
}

// close reserves what was used beyond the first blocks.
func (n *numbers) close(ctx context.Context, tx *sql.Tx) error {
	if used := n.oid.next - n.oid.first; used > schema.Block {
		if _, err := schema.ReserveObjectIDs(ctx, tx, used-schema.Block); err != nil {
			return err
		}
	}
	for _, name := range counterNames {
		s := n.counters[name]
		if used := s.next - s.first; used > schema.Block {
			if _, err := schema.ReserveCounter(ctx, tx, name, used-schema.Block); err != nil {
				return err
			}
		}
	}
	return nil
}
