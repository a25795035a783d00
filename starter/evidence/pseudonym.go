package evidence

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"jogetferry/migration"
)

// pseudonyms are names for users and records, in the order in which they appear.
type pseudonyms struct {
	shown bool // everybody has the own name
	names map[string]string
	users int
	rows  int
	words *regexp.Regexp // of all names; nil: to be made
}

func newPseudonyms(shown bool) *pseudonyms {
	return &pseudonyms{shown: shown, names: map[string]string{}}
}

func (p *pseudonyms) user(u migration.User) string { return p.of(string(u), "user", &p.users) }

func (p *pseudonyms) record(r migration.RecordID) string { return p.of(string(r), "record", &p.rows) }

func (p *pseudonyms) of(name, kind string, n *int) string {
	if p.shown || name == "" {
		return name
	}
	if known, ok := p.names[name]; ok {
		return known
	}
	*n++
	p.names[name], p.words = fmt.Sprintf("%s %d", kind, *n), nil
	return p.names[name]
}

// word is what is looked up among the names: they may have signs within.
var word = regexp.MustCompile(`[\pL\pN][\pL\pN._@+-]*[\pL\pN]|[\pL\pN]`)

// scrub puts pseudonyms in place of names that stand in a text as words of their own.
func (p *pseudonyms) scrub(text string) string {
	if p.shown || len(p.names) == 0 {
		return text
	}
	text = word.ReplaceAllStringFunc(text, func(w string) string {
		if alias, ok := p.names[w]; ok {
			return alias
		}
		return w
	})
	if p.words == nil {
		p.words = p.odd()
	}
	return p.words.ReplaceAllStringFunc(text, func(name string) string { return p.names[name] })
}

// odd finds the names that are no words, wherever they stand.
func (p *pseudonyms) odd() *regexp.Regexp {
	var odd []string
	for name := range p.names {
		if word.FindString(name) != name {
			odd = append(odd, regexp.QuoteMeta(name))
		}
	}
	if len(odd) == 0 {
		return regexp.MustCompile(`[^\s\S]`)
	}
	slices.SortFunc(odd, func(a, b string) int { return len(b) - len(a) })
	return regexp.MustCompile(strings.Join(odd, "|"))
}
