package seed

import (
	"context"
	"database/sql"

	_ "github.com/go-sql-driver/mysql" // the driver behind --dsn
	"github.com/spf13/cobra"

	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/schema"
)

// Command is "seed": "source" and "target" fill a database and an uploads
// folder; with --create they make the tables and load the apps first.
func Command() *cobra.Command {
	root := &cobra.Command{Use: "seed", Short: "realistic data for a simulated server"}
	root.AddCommand(sourceCommand(), targetCommand())
	return root
}

// place is what both commands need to know of a server.
type place struct {
	dsn, uploads string
	create       bool
	apps         apps.Options
}

func (p *place) flags(cmd *cobra.Command, appVersion, packageVersion int64) {
	flags := cmd.Flags()
	flags.StringVar(&p.dsn, "dsn", "", "database, user:password@tcp(host:3306)/name")
	flags.StringVar(&p.uploads, "uploads", "", "the server's app_formuploads folder")
	flags.BoolVar(&p.create, "create", false, "create the tables and load the apps first")
	flags.Int64Var(&p.apps.AppVersion, "app-version", appVersion, "app version to load with --create")
	flags.Int64Var(&p.apps.PackageVersion, "package-version", packageVersion, "package version to load with --create")
	cobra.CheckErr(cmd.MarkFlagRequired("dsn"))
}

func (p *place) run(cmd *cobra.Command, fill func(context.Context, *sql.DB) (Result, error)) error {
	return schema.WithDatabase(p.dsn, func(db *sql.DB) error {
		ctx := cmd.Context()
		if p.create {
			if err := schema.Create(ctx, db); err != nil {
				return err
			}
			if err := apps.Load(ctx, db, p.apps); err != nil {
				return err
			}
		}
		r, err := fill(ctx, db)
		if err != nil {
			return err
		}
		counts := map[Kind]int{}
		for _, i := range r.Instances {
			counts[i.Kind]++
		}
		cmd.Printf("%d instances %v, %d rows, %d files of %d bytes\n", len(r.Instances), counts, r.Rows, r.Files, r.FileBytes)
		return nil
	})
}

func sourceCommand() *cobra.Command {
	var p place
	var o Options
	cmd := &cobra.Command{
		Use: "source", Short: "a server in use: running instances, records, uploads", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.run(cmd, func(ctx context.Context, db *sql.DB) (Result, error) { return Run(ctx, db, p.uploads, o) })
		},
	}
	p.flags(cmd, 2, 3)
	flags := cmd.Flags()
	flags.Int64Var(&o.Seed, "seed", 1, "equal seeds give equal data")
	flags.IntVar(&o.Instances, "instances", 40, "ordinary running instances")
	flags.IntVar(&o.WithTokens, "with-tokens", 0, "instances with branches waiting at an AND-join")
	flags.IntVar(&o.WithSubflows, "with-subflows", 0, "instances with a running subflow")
	flags.IntVar(&o.Suspended, "suspended", 0, "suspended instances")
	flags.IntVar(&o.NotStarted, "not-started", 0, "wrecks of failed starts")
	flags.IntVar(&o.NullVariables, "null-variables", 0, "instances with null variables")
	flags.IntVar(&o.TypedVariables, "typed-variables", 0, "instances with boolean and date variables")
	flags.IntVar(&o.HugeVariables, "huge-variables", 0, "instances with a variable of 96 KiB")
	flags.IntVar(&o.WithoutLink, "without-link", 0, "instances whose id is their record id")
	flags.IntVar(&o.InstanceIDRecords, "instance-id-records", 0, "instances whose record id is an older instance's id")
	flags.IntVar(&o.Closed, "closed", 0, "completed instances still in the engine's tables")
	flags.IntVar(&o.Completed, "completed", 0, "completed instances in the archive")
	flags.IntVar(&o.RecordsOnly, "records-only", 0, "records that no instance has")
	flags.StringSliceVar(&o.Processes, "process", nil, "package/process of ordinary instances, repeatable; default "+LeaveRequest+", "+PurchaseRequest+", "+ProbationReview)
	flags.StringSliceVar(&o.Positions, "position", nil, "package/process/position of ordinary instances, repeatable; default all of the processes")
	flags.IntVar(&o.TextBytes, "text-bytes", 0, "length of long texts; 0 = 2048")
	flags.Int64Var(&o.MaxFileBytes, "max-file-bytes", 0, "length of ordinary files; 0 = 16 KiB")
	flags.IntVar(&o.LargeFiles, "large-files", 0, "files of 2 to 5 MiB")
	flags.IntVar(&o.MissingFiles, "missing-files", 0, "file names in records without a file")
	flags.BoolVar(&o.NoUploads, "no-uploads", false, "no files")
	return cmd
}

func targetCommand() *cobra.Command {
	var p place
	var o TargetOptions
	cmd := &cobra.Command{
		Use: "target", Short: "a server with a life of its own", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.run(cmd, func(ctx context.Context, db *sql.DB) (Result, error) { return Target(ctx, db, p.uploads, o) })
		},
	}
	p.flags(cmd, 1, 5)
	flags := cmd.Flags()
	flags.Int64Var(&o.Seed, "seed", 1001, "another than the source's")
	flags.IntVar(&o.Instances, "instances", 10, "running instances of its own")
	flags.IntVar(&o.Completed, "completed", 25, "completed instances in the archive")
	flags.IntVar(&o.RecordsOnly, "records-only", 3, "records that no instance has")
	flags.StringSliceVar(&o.SameIDs, "same-id", nil, "instance ids of the source that are other instances here, repeatable")
	flags.BoolVar(&o.NoUploads, "no-uploads", false, "no files")
	return cmd
}
