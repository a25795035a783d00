package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"jogetferry/starter/evidence"
)

func (a *App) reportCommand() *cobra.Command {
	var format, out string
	var personal bool
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Write what was migrated, decided and left, as a document",
		Long: `Writes the evidence of the migration: its balance, each process with its diagram and the
numbers of open activities on both sides, old and new IDs, what operators decided and
why, waves, and the checks of the plan. It is read from the ledger alone. The HTML is one
file that needs no network; CSV has the table of instances.

Users and records are pseudonyms unless --with-personal-data is given.`,
	}
	cmd.Flags().StringVar(&format, "format", string(evidence.FormatHTML), "html, json, csv or markdown")
	cmd.Flags().StringVar(&out, "out", "", "write to this `FILE`, which must not be there; default stdout")
	cmd.Flags().BoolVar(&personal, "with-personal-data", false, "name users and records, and show what findings saw")
	return a.verb(cmd, 0, 0, func(ctx context.Context, s *session, _ []string) error {
		if !slices.Contains(evidence.Formats(), format) {
			return unknownWord("format", format, evidence.Formats())
		}
		r, err := evidence.Read(ctx, s.ledger.Evidence, s.config.Migration, evidence.Options{Personal: personal, Now: s.Now()})
		if err != nil {
			return err
		}
		if out == "" {
			return evidence.Write(s.Out, evidence.Format(format), r)
		}
		if err := writeNew(out, func(w io.Writer) error { return evidence.Write(w, evidence.Format(format), r) }); err != nil {
			return err
		}
		s.say("%s", r.Verdict)
		s.say("the report is %s", out)
		return nil
	})
}

// writeNew writes a file that is not there: what stands under its name is whole.
func writeNew(file string, write func(io.Writer) error) (err error) {
	if _, err := os.Lstat(file); err == nil {
		return mistake("%s is there already; give another name to --out", file)
	}
	part, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return mistake("--out: %v", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(part.Name()) //nolint:errcheck // the error before says what is wrong
		}
	}()
	if err := write(part); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	if err := part.Close(); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return os.Rename(part.Name(), file)
}
