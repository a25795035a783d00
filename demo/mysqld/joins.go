package mysqld

import (
	"slices"

	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/memo"
	"github.com/dolthub/go-mysql-server/sql/types"
)

// carefulCoster makes hash joins of decimals the last choice: they are compared
// by where they lie in memory, so that nearly all rows get lost. Joget's keys
// are decimals.
type carefulCoster struct{ memo.Coster }

// forbidding is more than any join of a demo costs otherwise.
const forbidding = 1e15

func (c carefulCoster) EstimateCost(ctx *sql.Context, n memo.RelExpr, s sql.StatsProvider) (float64, error) {
	cost, err := c.Coster.EstimateCost(ctx, n, s)
	if join, ok := n.(*memo.HashJoin); ok && slices.ContainsFunc(join.LeftAttrs, isDecimal) {
		cost += forbidding
	}
	return cost, err
}

func isDecimal(e sql.Expression) bool { return types.IsDecimal(e.Type()) }
