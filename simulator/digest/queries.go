package digest

import (
	"strings"

	"jogetferry/simulator/schema"
)

const (
	selectTables  = "SELECT TABLE_NAME FROM information_schema.tables WHERE TABLE_SCHEMA=DATABASE() AND TABLE_TYPE='BASE TABLE' ORDER BY TABLE_NAME"
	selectPrimary = "SELECT COLUMN_NAME FROM information_schema.statistics WHERE TABLE_SCHEMA=DATABASE() AND TABLE_NAME=? AND INDEX_NAME='PRIMARY' ORDER BY SEQ_IN_INDEX"
	selectColumns = "SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE FROM information_schema.columns WHERE TABLE_SCHEMA=DATABASE() AND TABLE_NAME=? ORDER BY ORDINAL_POSITION"
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
