package schema

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// FormTablePrefix precedes a form's tableName in the name of its table.
const FormTablePrefix = "app_fd_"

// FormColumnPrefix precedes a field id in the name of its column.
const FormColumnPrefix = "c_"

// CreateFormTable makes the table of a form as Joget v8 does: table is the
// form's tableName without FormTablePrefix, fields are field ids without
// FormColumnPrefix. An existing table only gets the columns it lacks; nothing
// is dropped or retyped.
func CreateFormTable(ctx context.Context, db *sql.DB, table string, fields []string) error {
	name := FormTablePrefix + table
	var ddl strings.Builder
	ddl.WriteString(formTableStart + Quote(name) + " (\n  `id` varchar(255) NOT NULL,\n" +
		"  `dateCreated` datetime(6) DEFAULT NULL,\n  `dateModified` datetime(6) DEFAULT NULL,\n" +
		"  `createdBy` varchar(255) DEFAULT NULL,\n  `createdByName` varchar(255) DEFAULT NULL,\n" +
		"  `modifiedBy` varchar(255) DEFAULT NULL,\n  `modifiedByName` varchar(255) DEFAULT NULL,\n")
	for _, f := range fields {
		ddl.WriteString("  " + Quote(FormColumnPrefix+f) + " longtext DEFAULT NULL,\n")
	}
	ddl.WriteString("  PRIMARY KEY (`id`),\n  KEY `idx_datecreated` (`dateCreated`),\n  KEY `idx_createdby` (`createdBy`)\n)" + tableOptions)
	if _, err := db.ExecContext(ctx, ddl.String()); err != nil {
		return fmt.Errorf("creating form table %s: %w", name, err)
	}
	have, err := columns(ctx, db)
	if err != nil {
		return err
	}
	for _, f := range fields {
		column := FormColumnPrefix + f
		if have[name][strings.ToLower(column)] {
			continue
		}
		if _, err := db.ExecContext(ctx, "ALTER TABLE "+Quote(name)+" ADD COLUMN "+Quote(column)+" longtext DEFAULT NULL"); err != nil {
			return fmt.Errorf("adding %s to form table %s: %w", column, name, err)
		}
	}
	return nil
}
