package plant

import (
	"database/sql"
	"fmt"

	_ "github.com/go-sql-driver/mysql" // the driver behind --source and --target
	"github.com/spf13/cobra"

	"jogetferry/test/simulator/schema"
)

// Command is "plant": it makes the named discrepancies in a pair of seeded
// servers, and prints the finding that each must cause.
func Command() *cobra.Command {
	var (
		list                     bool
		source, target           string
		sourceUploads, toUploads string
	)
	cmd := &cobra.Command{
		Use: "plant [NAME...]", Short: "discrepancies between two seeded servers, for checks to find",
		RunE: func(cmd *cobra.Command, names []string) error {
			if list {
				for _, p := range All() {
					cmd.Printf("%s  %s\n", p.Finding, p.Name)
				}
				return nil
			}
			plants := make([]Plant, 0, len(names))
			for _, name := range names {
				p, ok := Named(name)
				if !ok {
					return fmt.Errorf("no plant %q; see --list", name)
				}
				plants = append(plants, p)
			}
			return schema.WithDatabase(source, func(from *sql.DB) error {
				return schema.WithDatabase(target, func(to *sql.DB) error {
					pair := Pair{Source: Server{from, sourceUploads}, Target: Server{to, toUploads}}
					for _, p := range plants {
						done, err := pair.Plant(cmd.Context(), p)
						if err != nil {
							return err
						}
						for _, f := range done.Causes {
							cmd.Printf("%s %s  %s\n", f.ID, f.Subject, p.Name)
						}
					}
					return nil
				})
			})
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&list, "list", false, "list the names, by finding")
	flags.StringVar(&source, "source", "", "database of the source, user:password@tcp(host:3306)/name")
	flags.StringVar(&target, "target", "", "database of the target")
	flags.StringVar(&sourceUploads, "source-uploads", "", "the source's app_formuploads folder; none = leave files alone")
	flags.StringVar(&toUploads, "target-uploads", "", "the target's app_formuploads folder; likewise")
	cmd.MarkFlagsRequiredTogether("source", "target")
	cmd.MarkFlagsOneRequired("source", "list")
	return cmd
}
