package mysqld

import (
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/memo"
)

// withoutHashes makes hash joins the last choice. They compare decimals, which
// Joget's keys are, by where they lie in memory, and lose nearly all rows.
type withoutHashes struct{ memo.Coster }

// forbidding is more than any join of a demo costs otherwise.
const forbidding = 1e15

func (w withoutHashes) EstimateCost(ctx *sql.Context, n memo.RelExpr, s sql.StatsProvider) (float64, error) {
	cost, err := w.Coster.EstimateCost(ctx, n, s)
	if join, ok := n.(memo.JoinRel); ok && join.JoinPrivate().Op.IsHash() {
		cost += forbidding
	}
	return cost, err
}
