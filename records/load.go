package records

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/go-sql-driver/mysql"

	"jogetferry/internal/database"
)

// loads numbers what LOAD DATA is to read: the driver knows readers by name.
var loads atomic.Int64

// noLoad are the numbers with which a server or an account refuses LOAD DATA LOCAL.
var noLoad = []uint16{
	1148, // not allowed with this version (MariaDB, MySQL 5)
	3948, // disabled on the server or the client (MySQL)
	4166, // the client's capability is off (MariaDB)
}

// load inserts a batch by LOAD DATA LOCAL from memory. False: the server takes none of
// it, or not as it is. It skips duplicates and bends values without an error, so that numbers and
// warnings decide.
func (w *chunkCopy) load(ctx context.Context, tx *sql.Tx, batch *bulkBatch) (bool, error) {
	name := fmt.Sprint("ferry", loads.Add(1))
	mysql.RegisterReaderHandler(name, func() io.Reader { return bytes.NewReader(batch.lines) })
	defer mysql.DeregisterReaderHandler(name)
	result, err := tx.ExecContext(ctx, w.loadQuery(name))
	var refused *mysql.MySQLError
	if errors.As(err, &refused) && slices.Contains(noLoad, refused.Number) {
		w.insert.Store(true)
		return false, nil
	}
	subject := "table " + w.to.table.Real
	if err != nil {
		return false, failed("load form rows", subject, err)
	}
	n, err := result.RowsAffected()
	if err != nil || n != int64(len(batch.ids)) {
		return false, err
	}
	var warnings int
	if err := tx.QueryRowContext(ctx, "SELECT @@warning_count").Scan(&warnings); err != nil {
		return false, failed("load form rows", subject, err)
	}
	return warnings == 0, nil
}

func (w *chunkCopy) loadQuery(name string) string {
	columns := make([]*Column, len(w.written))
	for i, f := range w.written {
		columns[i] = f.column
	}
	return "LOAD DATA LOCAL INFILE 'Reader::" + name + "' INTO TABLE " + database.Quote(w.to.table.Real) +
		` CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n' (` + quoteAll(names(columns)) + ")"
}
