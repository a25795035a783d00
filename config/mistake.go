package config

import (
	"fmt"
	"strings"
)

// Mistake is one thing wrong in the configuration. It never holds the value of a secret.
type Mistake struct {
	Key     string // "target.url", "--target.url" or FERRY_TARGET_URL: as the operator wrote it
	Problem string
	Fix     string
}

// String returns "key: problem; fix".
func (m Mistake) String() string { return fmt.Sprintf("%s: %s; %s", m.Key, m.Problem, m.Fix) }

// Mistakes are all that is wrong, in the order of the table of keys.
type Mistakes []Mistake //nolint:errname // what operators make are mistakes

// Error returns one line per mistake.
func (ms Mistakes) Error() string {
	lines := make([]string, 0, len(ms))
	for _, m := range ms {
		lines = append(lines, m.String())
	}
	return strings.Join(lines, "\n")
}

// orNil returns ms as an error, nil when there are none.
func (ms Mistakes) orNil() error {
	if len(ms) == 0 {
		return nil
	}
	return ms
}

func (ms *Mistakes) add(key, problem, fix string) {
	*ms = append(*ms, Mistake{Key: key, Problem: problem, Fix: fix})
}
