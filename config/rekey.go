package config

import (
	"errors"
	"strings"

	"jogetferry/migration"
)

var errRekeyColumn = errors.New("is neither; write table.field, or package/process/variable")

// ParseRekeyColumns reads entries of records.rekey_columns:
//
//	table.field               a field of a form table, without app_fd_ and c_
//	package/process/variable  a workflow variable of a process of the source
func ParseRekeyColumns(entries []string) (migration.RekeyColumns, error) {
	parsed := migration.RekeyColumns{Columns: map[string][]string{}, Variables: map[string][]string{}}
	for _, entry := range entries {
		if parts := strings.Split(entry, "/"); len(parts) == 3 && parts[0] != "" && parts[1] != "" && parts[2] != "" {
			process := parts[0] + "/" + parts[1]
			parsed.Variables[process] = append(parsed.Variables[process], parts[2])
			continue
		}
		table, field, ok := strings.Cut(entry, ".")
		if !ok || !isName(table) || !isName(field) {
			return migration.RekeyColumns{}, errRekeyColumn
		}
		parsed.Columns[table] = append(parsed.Columns[table], field)
	}
	return parsed, nil
}
