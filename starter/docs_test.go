package main_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"jogetferry/config"
	"jogetferry/internal/shown"
	main "jogetferry/starter"
)

// TestEveryKeyIsDocumented keeps the table of docs/config.md in step with the keys.
func TestEveryKeyIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range config.Keys() {
		row := "| `" + k.Name + "` | " + strings.ReplaceAll(k.Kind, "|", " or ") + " | " + k.Default + " | " + k.Usage + " |"
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/config.md lacks the row\n%s", row)
		}
	}
}

// TestEveryShownCommandIsUnderstood takes each starter command of the documents
// up to the moment when it would connect: verb, flags, arguments and configuration
// are right then.
func TestEveryShownCommandIsUnderstood(t *testing.T) {
	t.Parallel()
	commands, err := shown.Commands("..", []string{"starter", "docker"})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, c := range commands {
		args, ok := starterArgs(c)
		if !ok {
			continue
		}
		seen++
		said := understand(t, args)
		if c.Inline && len(args) == 1 && strings.HasPrefix(said, "usage: starter "+args[0]+" ") {
			continue // the verb is meant, whatever its arguments
		}
		if said != "" {
			t.Errorf("%s: %s", c, said)
		}
	}
	if seen < 100 {
		t.Errorf("only %d commands were found", seen)
	}
}

// placeholders stand in the documents where the program wants a number.
var placeholders = map[string]string{"N": "1"}

// starterArgs returns what starter is given, by itself or in Docker.
func starterArgs(c shown.Command) ([]string, bool) {
	words := strings.Join(c.Words, "\x00")
	in := strings.Join([]string{"docker", "compose", "run", "--rm", "starter"}, "\x00")
	rest, ok := strings.CutPrefix(words, in+"\x00")
	if !ok {
		rest, ok = strings.CutPrefix(words, "starter\x00")
	}
	if !ok {
		return nil, false
	}
	args := strings.Split(rest, "\x00")
	for i, arg := range args {
		if value, ok := placeholders[arg]; ok {
			args[i] = value
		}
	}
	return args, true
}

// understand returns what starter has against args, "" for nothing.
func understand(t *testing.T, args []string) string {
	t.Helper()
	var out, errs bytes.Buffer
	connected := false
	app := &main.App{
		Out: &out, Err: &errs,
		Environ: []string{"FERRY_CONFIG=testdata/ferry.yaml"},
		OpenLedger: func(context.Context, *config.Config, string) (main.Ledger, error) {
			connected = true
			return main.Ledger{}, errors.New("not here")
		},
	}
	if status := app.Run(t.Context(), args); connected || status == 0 && errs.Len() == 0 {
		return ""
	}
	return errs.String()
}

func TestCommandsThatAreWrongAreNotUnderstood(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, want string
		args       []string
	}{
		{"a_flag_that_is_not_there", "unknown flag: --sizes", []string{"wave", "--sizes", "50"}},
		{"a_flag_of_another_verb", "unknown flag: --follow", []string{"plan", "--follow"}},
		{"text_for_a_number", "invalid argument", []string{"wave", "--size", "many"}},
		{"an_argument_is_missing", "usage: starter show", []string{"show"}},
		{"a_verb_that_is_not_there", `verb "undo" is not known`, []string{"undo"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if said := understand(t, tc.args); !strings.Contains(said, tc.want) {
				t.Errorf("said %q, want %q in it", said, tc.want)
			}
		})
	}
}
