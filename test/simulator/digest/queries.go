package digest

import (
	"strings"

	"jogetferry/test/simulator/schema"
)

const (
	selectColumns = `SELECT c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE
FROM information_schema.columns c
JOIN information_schema.tables t ON t.TABLE_SCHEMA=c.TABLE_SCHEMA AND t.TABLE_NAME=c.TABLE_NAME AND t.TABLE_TYPE='BASE TABLE'
WHERE c.TABLE_SCHEMA=DATABASE()
ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION`
	selectPrimary = "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.statistics WHERE TABLE_SCHEMA=DATABASE() AND INDEX_NAME='PRIMARY' ORDER BY TABLE_NAME, SEQ_IN_INDEX"
)

// selectRows reads a whole table in the order of its key columns.
func selectRows(table string, columns, order []string) string {
	return "SELECT " + quoteAll(columns) + " FROM " + schema.Quote(table) + " ORDER BY " + quoteAll(order)
}

func quoteAll(identifiers []string) string {
	quoted := make([]string, len(identifiers))
	for i, id := range identifiers {
		quoted[i] = schema.Quote(id)
	}
	return strings.Join(quoted, ", ")
}
