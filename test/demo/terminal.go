package main

import (
	"bytes"
	"fmt"
	"io"
)

// terminal is where the demo and the programs it runs print, one at a time. It
// keeps all of it, for the documents.
type terminal struct {
	screen io.Writer
	text   bytes.Buffer
}

func (t *terminal) Write(p []byte) (int, error) {
	t.text.Write(p)
	return t.screen.Write(p)
}

// print writes lines. An error of the screen is no reason to stop a migration.
func (t *terminal) print(lines ...string) {
	for _, line := range lines {
		//nolint:errcheck // see above
		_, _ = fmt.Fprintln(t, line)
	}
}

// say explains what comes next.
func (t *terminal) say(format string, args ...any) {
	t.print("", "# "+fmt.Sprintf(format, args...))
}

// typed shows a command as it would be typed.
func (t *terminal) typed(command string) { t.print("$ " + command) }
