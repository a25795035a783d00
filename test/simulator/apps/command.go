package apps

import (
	"database/sql"

	_ "github.com/go-sql-driver/mysql" // the driver behind --dsn
	"github.com/spf13/cobra"

	"jogetferry/test/simulator/schema"
)

// Command is "apps": "load" writes the embedded apps into a database that has
// Joget's tables.
func Command() *cobra.Command {
	var dsn string
	var opts Options
	load := &cobra.Command{
		Use: "load", Short: "load and publish the simulator's apps; the server must be stopped", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return schema.WithDatabase(dsn, func(db *sql.DB) error { return Load(cmd.Context(), db, opts) })
		},
	}
	flags := load.Flags()
	flags.StringVar(&dsn, "dsn", "", "database, user:password@tcp(host:3306)/name")
	flags.StringSliceVar(&opts.Apps, "app", nil, "app id, repeatable; default all but claims and permits")
	flags.Int64Var(&opts.AppVersion, "app-version", 1, "app version to write")
	flags.Int64Var(&opts.PackageVersion, "package-version", 0, "package (XPDL) version to write; 0 = the app version")
	flags.BoolVar(&opts.Unpublished, "unpublished", false, "do not publish")
	cobra.CheckErr(load.MarkFlagRequired("dsn"))
	root := &cobra.Command{Use: "apps", Short: "the simulator's own Joget apps"}
	root.AddCommand(load)
	return root
}
