package schema

import (
	"database/sql"
	"fmt"
	"strings"

	_ "github.com/go-sql-driver/mysql" // the driver behind --dsn
	"github.com/spf13/cobra"
)

// Command is "schema": "create" fills an empty database, "check" says what a
// database lacks and fails when that is anything.
func Command() *cobra.Command {
	var dsn string
	root := &cobra.Command{Use: "schema", Short: "Joget's own tables"}
	root.PersistentFlags().StringVar(&dsn, "dsn", "", "database, user:password@tcp(host:3306)/name")
	cobra.CheckErr(root.MarkPersistentFlagRequired("dsn"))
	root.AddCommand(
		&cobra.Command{
			Use: "create", Short: "create the tables, users and settings of a fresh v8 server in an empty database", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return WithDatabase(dsn, func(db *sql.DB) error { return Create(cmd.Context(), db) })
			},
		},
		&cobra.Command{
			Use: "check", Short: "list missing tables and columns", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return WithDatabase(dsn, func(db *sql.DB) error {
					missing, err := Missing(cmd.Context(), db)
					if err == nil && len(missing) > 0 {
						err = fmt.Errorf("the database lacks %s", strings.Join(missing, ", "))
					}
					return err
				})
			},
		},
	)
	return root
}
