package shown

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Command is one command of a page.
type Command struct {
	Page string // path from the root of the repository
	Line int    // where it begins
	// Words are as a shell hands them to a program: the program first, without its
	// folder if that is bin; comments, redirections and variables that are set for
	// it are left out. There is at least one.
	Words []string
	// Inline is true for code in a sentence, which may leave arguments out.
	Inline bool
}

// String returns where the command is and what it is.
func (c Command) String() string {
	return fmt.Sprintf("%s:%d: %s", c.Page, c.Line, strings.Join(c.Words, " "))
}

// Program returns what is run.
func (c Command) Program() string { return c.Words[0] }

// Block is a block of code.
type Block struct {
	Page     string
	Line     int    // of its first line
	Language string // "" for commands
	Text     string
}

// pages are where commands are looked for.
var pages = []string{"README.md", "docs/*.md", "docs/adr/*.md"}

// Blocks returns the blocks of all pages below root, but for what the demo prints
// into README.md.
func Blocks(root string) ([]Block, error) {
	var all []Block
	err := eachPage(root, func(name, text string) {
		blocks, _ := split(name, text)
		all = append(all, blocks...)
	})
	return all, err
}

// Commands returns those of all pages below root, in their order: each line of a
// block without language, and code in sentences that begins with one of programs.
func Commands(root string, programs []string) ([]Command, error) {
	var all []Command
	err := eachPage(root, func(name, text string) {
		blocks, prose := split(name, text)
		for _, b := range blocks {
			if b.Language != "" {
				continue
			}
			for i, line := range strings.Split(b.Text, "\n") {
				all = append(all, parse(Command{Page: name, Line: b.Line + i}, line)...)
			}
		}
		all = append(all, inline(name, prose, programs)...)
	})
	return all, err
}

func eachPage(root string, visit func(name, text string)) error {
	for _, pattern := range pages {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("%s: there is no such page", pattern)
		}
		for _, file := range found {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, file)
			if err != nil {
				return err
			}
			visit(filepath.ToSlash(name), demo.ReplaceAllStringFunc(string(text), blank))
		}
	}
	return nil
}

var (
	demo  = regexp.MustCompile(`(?s)<!-- demo -->.*?<!-- demo -->`)
	fence = regexp.MustCompile("(?ms)^ *```([a-z]*)\n(.*?)^ *```$")
	code  = regexp.MustCompile("`[^`]+`")
)

// blank keeps the numbers of the lines that follow.
func blank(text string) string { return strings.Repeat("\n", strings.Count(text, "\n")) }

// split returns the blocks of a page, and the page with nothing in their place.
func split(name, text string) (blocks []Block, prose string) {
	for _, m := range fence.FindAllStringSubmatchIndex(text, -1) {
		blocks = append(blocks, Block{Page: name, Line: strings.Count(text[:m[4]], "\n") + 1, Language: text[m[2]:m[3]], Text: text[m[4]:m[5]]})
	}
	return blocks, fence.ReplaceAllStringFunc(text, blank)
}

func inline(name, prose string, programs []string) []Command {
	var all []Command
	line := 1
	for paragraph := range strings.SplitSeq(prose, "\n\n") {
		for _, at := range code.FindAllStringIndex(paragraph, -1) {
			begin := line + strings.Count(paragraph[:at[0]], "\n")
			text := strings.Join(strings.Fields(paragraph[at[0]+1:at[1]-1]), " ")
			for _, c := range parse(Command{Page: name, Line: begin, Inline: true}, text) {
				if len(c.Words) > 1 && slices.Contains(programs, c.Program()) {
					all = append(all, c)
				}
			}
		}
		line += strings.Count(paragraph, "\n") + 2
	}
	return all
}

// parse returns the commands of a line, each at the place of at.
func parse(at Command, line string) []Command {
	var all []Command
	for _, words := range commands(tokens(line)) {
		c := at
		c.Words = words
		c.Words[0] = strings.TrimPrefix(c.Words[0], "bin/")
		all = append(all, c)
	}
	return all
}

var assignment = regexp.MustCompile(`^[A-Z][A-Z_]*=`)

// commands cuts the tokens of a line where a shell does.
func commands(all []string) [][]string {
	var found [][]string
	var words []string
	for i := 0; i < len(all); i++ {
		switch token := all[i]; {
		case slices.Contains([]string{"&&", "||", "|", ";", "&"}, token):
			if len(words) > 0 {
				found = append(found, words)
			}
			words = nil
		case token == ">" || token == "<":
			i++
		case len(words) == 0 && assignment.MatchString(token):
		default:
			words = append(words, token)
		}
	}
	if len(words) > 0 {
		found = append(found, words)
	}
	return found
}

// tokens cuts a line into words without quotes, up to a comment.
func tokens(line string) []string {
	var all []string
	var word strings.Builder
	var quote rune
	in := false
	end := func() {
		if in {
			all = append(all, word.String())
		}
		word.Reset()
		in = false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, in = r, true
		case r == ' ' || r == '\t':
			end()
		case r == ';':
			end()
			all = append(all, ";")
		case r == '#' && !in:
			return all
		default:
			word.WriteRune(r)
			in = true
		}
	}
	end()
	return all
}
