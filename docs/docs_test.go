// Package docs_test keeps the documents true: links, anchors, verbs, keys,
// reasons and the names of tests.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"jogetferry/config"
	"jogetferry/migration"
	"jogetferry/test/conformance/suite"
)

const root = ".."

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pages returns README and everything below docs, by path from the root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{"README.md": read(t, "README.md")}
	for _, pattern := range []string{"docs/*.md", "docs/adr/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d pages, %v", pattern, len(found), err)
		}
		for _, file := range found {
			path, err := filepath.Rel(root, file)
			if err != nil {
				t.Fatal(err)
			}
			all[path] = read(t, path)
		}
	}
	return all
}

var fence = regexp.MustCompile("(?ms)^ *```.*?^ *```$")

// prose is a page without its code blocks.
func prose(page string) string { return fence.ReplaceAllString(page, "") }

var heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)

// anchors returns the anchors of a page's headings, as GitHub makes them.
func anchors(page string) []string {
	var all []string
	for _, m := range heading.FindAllStringSubmatch(prose(page), -1) {
		var b strings.Builder
		for _, r := range strings.ToLower(m[1]) {
			switch {
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
				b.WriteRune(r)
			case r == ' ':
				b.WriteByte('-')
			}
		}
		all = append(all, b.String())
	}
	return all
}

// section returns what stands below the heading of a page, up to the next.
func section(page, title string) (string, bool) {
	_, rest, ok := strings.Cut(page, "\n## "+title+"\n")
	text, _, _ := strings.Cut(rest, "\n## ")
	return text, ok
}

func TestEveryReasonHasItsSectionWithItsActions(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/what-if.md")
	mentioned := regexp.MustCompile("(?m)^- `([a-z_]+)")
	for _, reason := range migration.Reasons() {
		text, ok := section(page, string(reason))
		if !ok {
			t.Errorf("docs/what-if.md has no section ## %s", reason)
			continue
		}
		var told []string
		for _, m := range mentioned.FindAllStringSubmatch(text, -1) {
			told = append(told, m[1])
		}
		for _, action := range reason.Actions() {
			if !slices.Contains(told, string(action)) {
				t.Errorf("docs/what-if.md#%s says nothing of action %s", reason, action)
			}
		}
		for _, action := range told {
			if !reason.Allows(migration.Action(action)) {
				t.Errorf("docs/what-if.md#%s offers action %s, which does not fit", reason, action)
			}
		}
	}
}

// TestEveryReasonSaysWhatHappenedAndHowToLook reads the sections as an operator
// does: what it is, then how to find out, then what to do.
func TestEveryReasonSaysWhatHappenedAndHowToLook(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/what-if.md")
	for _, reason := range migration.Reasons() {
		if len(reason.Actions()) == 0 {
			continue // not a parking
		}
		text, _ := section(page, string(reason))
		what, rest, look := strings.Cut(text, "\nLook: ")
		how, _, acts := strings.Cut(rest, "\n- `")
		if len(strings.Fields(what)) < 8 || !look || !acts || len(strings.Fields(how)) < 4 {
			t.Errorf("docs/what-if.md#%s: want what happened, then how to look, then the actions", reason)
		}
	}
}

// TestEveryHeadingHasAnAnchorOfItsOwn: of two that are alike, GitHub numbers the second.
func TestEveryHeadingHasAnAnchorOfItsOwn(t *testing.T) {
	t.Parallel()
	for path, page := range pages(t) {
		all := anchors(page)
		slices.Sort(all)
		for i := range all[1:] {
			if all[i] == all[i+1] {
				t.Errorf("%s has two headings #%s", path, all[i])
			}
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	all := pages(t)
	for path, page := range all {
		for _, m := range link.FindAllStringSubmatch(prose(page), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := path
			if file != "" {
				target = filepath.Join(filepath.Dir(path), file)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s: %s: there is no %s", path, m[1], target)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(all[target]), anchor) {
				t.Errorf("%s: %s: %s has no such heading", path, m[1], target)
			}
		}
	}
}

var comment = regexp.MustCompile(`(?m)(?:^|\s)(?://|--|#) .*$`)

// TestPagesThatTheCodeCitesExist looks at what Go files say in comments and texts
// (tests: in comments only, since they make up pages): each page of docs that they
// name is there, and has the heading that they name.
func TestPagesThatTheCodeCitesExist(t *testing.T) {
	t.Parallel()
	mention := regexp.MustCompile(`docs/((?:[a-z]+/)?[a-z0-9-]+\.md)(?:#([a-z_0-9-]+))?`)
	seen := 0
	sources(t, func(path, text string) {
		if strings.HasSuffix(path, "_test.go") {
			text = strings.Join(comment.FindAllString(text, -1), "\n")
		}
		for _, m := range mention.FindAllStringSubmatch(text, -1) {
			seen++
			page, err := os.ReadFile(filepath.Join(root, "docs", m[1]))
			if err != nil {
				t.Errorf("%s names docs/%s, which does not exist", path, m[1])
				continue
			}
			if m[2] != "" && !slices.Contains(anchors(string(page)), m[2]) {
				t.Errorf("%s names docs/%s#%s, and there is no such heading", path, m[1], m[2])
			}
		}
	})
	if seen < 60 {
		t.Errorf("only %d mentions of a page were found", seen)
	}
}

// TestCommentsCiteNothingFromElsewhere looks for documents that a reader of the
// repository cannot open: a page by its name alone, or a numbered section.
func TestCommentsCiteNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile(`[A-Za-z0-9-]+\.md\b`)
	section := regexp.MustCompile(`\b[A-Z]{5,} [0-9]+(?:\.[0-9]+)?[),.;:]`)
	here := map[string]bool{"README.md": true, "CHANGELOG.md": true}
	for path := range pages(t) {
		here[filepath.Base(path)] = true
	}
	seen := 0
	texts(t, func(path, text string) {
		for _, line := range comment.FindAllString(text, -1) {
			for _, name := range named.FindAllString(line, -1) {
				seen++
				if !here[name] {
					t.Errorf("%s cites %s, which is not in the repository: %s", path, name, strings.TrimSpace(line))
				}
			}
			if cited := section.FindString(line); cited != "" {
				t.Errorf("%s cites %q, and no page of docs: %s", path, cited, strings.TrimSpace(line))
			}
		}
	}, ".go", ".sql", ".yml", ".yaml")
	if seen < 60 {
		t.Errorf("only %d names of pages were found", seen)
	}
}

// TestConformanceCitesSections: each check of test/conformance says which section of
// docs/joget.md it tries.
func TestConformanceCitesSections(t *testing.T) {
	t.Parallel()
	sections := anchors(read(t, "docs/joget.md"))
	for _, c := range suite.All() {
		if !slices.Contains(sections, c.Section) {
			t.Errorf("check %s: docs/joget.md has no section %s", c.ID, c.Section)
		}
	}
}

// sources visits the Go files of the module.
func sources(t *testing.T, visit func(path, text string)) {
	t.Helper()
	texts(t, visit, ".go")
}

// texts visits the files of the repository that have one of the extensions.
func texts(t *testing.T, visit func(path, text string), extensions ...string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "bin" || d.Name() == "out" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".."):
			return filepath.SkipDir
		case d.IsDir() || !slices.Contains(extensions, filepath.Ext(path)):
			return nil
		}
		text, err := os.ReadFile(path)
		visit(path, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryTestThatIsNamedExists(t *testing.T) {
	t.Parallel()
	defined := map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Benchmark)\w+)\(`)
	sources(t, func(_, text string) {
		for _, m := range declaration.FindAllStringSubmatch(text, -1) {
			defined[m[1]] = true
		}
	})
	named := regexp.MustCompile("`((?:Test|Benchmark)[A-Z]\\w+)`")
	for path, page := range pages(t) {
		for _, m := range named.FindAllStringSubmatch(page, -1) {
			if !defined[m[1]] {
				t.Errorf("%s names %s, and there is no such test or benchmark", path, m[1])
			}
		}
	}
}

// A path of a Go file or of a folder of packages, and what is said in brackets
// behind it to stand there.
func TestEveryFileThatIsNamedExists(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile("`([a-z][a-z0-9_/]*/[a-z0-9_]+(?:\\.go)?)`(?: \\(`(\\w+)`)?")
	seen := 0
	for path, page := range pages(t) {
		for _, m := range named.FindAllStringSubmatch(prose(page), -1) {
			folder, _, _ := strings.Cut(m[1], "/")
			if _, err := os.Stat(filepath.Join(root, folder)); err != nil {
				continue // a path of something else, such as an activity's name on the wire
			}
			if strings.HasSuffix(m[1], ".go") {
				seen++
			}
			text, err := os.ReadFile(filepath.Join(root, m[1]))
			if _, missing := os.Stat(filepath.Join(root, m[1])); missing != nil {
				t.Errorf("%s names %s, and there is none", path, m[1])
			} else if err == nil && !strings.Contains(string(text), m[2]) {
				t.Errorf("%s says that %s has %s", path, m[1], m[2])
			}
		}
	}
	if seen < 20 {
		t.Errorf("pages name %d files", seen)
	}
}

func TestEveryVerbThatIsNamedExists(t *testing.T) {
	t.Parallel()
	verbs := map[string]bool{"help": true}
	use := regexp.MustCompile(`Use:\s+"([a-z]+)`)
	sources(t, func(path, text string) {
		if strings.HasPrefix(path, filepath.Join(root, "starter")+string(filepath.Separator)) {
			for _, m := range use.FindAllStringSubmatch(text, -1) {
				verbs[m[1]] = true
			}
		}
	})
	if !verbs["wave"] || !verbs["resolve"] {
		t.Fatalf("verbs of starter: %v", verbs)
	}
	// In code only: "a starter that" is prose.
	named := regexp.MustCompile("(?m)(?:`|^\\s*|bin/|--rm )starter ([a-z]+)")
	for path, page := range pages(t) {
		code := strings.Join(append(fence.FindAllString(page, -1), inline(page)...), "\n")
		for _, m := range named.FindAllStringSubmatch(code, -1) {
			if !verbs[m[1]] {
				t.Errorf("%s names starter %s, and there is no such verb", path, m[1])
			}
		}
	}
}

// inline returns the code within the lines of a page.
func inline(page string) []string {
	return regexp.MustCompile("`[^`\n]+`").FindAllString(prose(page), -1)
}

func TestEveryKeyIsShown(t *testing.T) {
	t.Parallel()
	leaves := map[string]bool{}
	line := regexp.MustCompile(`^( *)(?:# )?([a-z_]+):`)
	var path []string
	for text := range strings.Lines(read(t, "ferry.example.yaml")) {
		m := line.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		path = append(path[:min(len(path), len(m[1])/2)], m[2])
		leaves[strings.Join(path, ".")] = true
	}
	for _, k := range config.Keys() {
		if !leaves[k.Name] {
			t.Errorf("ferry.example.yaml does not show %s", k.Name)
		}
	}
}

// environ has what the examples refer to; nothing of this machine.
var environ = []string{
	"SOURCE_DB_PASSWORD=a", "TARGET_DB_PASSWORD=b", "LEDGER_DB_PASSWORD=c", "TARGET_ADMIN_PASSWORD=d", "TARGET_MASTER_PASSWORD=e",
}

func load(t *testing.T, file string) *config.Config {
	t.Helper()
	flags := pflag.NewFlagSet("docs", pflag.ContinueOnError)
	config.AddFlags(flags)
	if err := flags.Parse([]string{"--config", file}); err != nil {
		t.Fatal(err)
	}
	return config.Load(flags, environ)
}

func TestTheExampleIsValid(t *testing.T) {
	t.Parallel()
	for _, part := range []config.Part{config.PartStarter, config.PartWorker} {
		if err := load(t, filepath.Join(root, "ferry.example.yaml")).Validate(part); err != nil {
			t.Errorf("%s: %v", part, err)
		}
	}
}

// TestTheExampleShowsTheDefaults compares what the example sets with what would be without it.
func TestTheExampleShowsTheDefaults(t *testing.T) {
	t.Parallel()
	got, want := load(t, filepath.Join(root, "ferry.example.yaml")), config.New()
	if got.Records.OnConflict != want.Records.OnConflict || got.Records.Restore != want.Records.Restore ||
		got.Target.Timeout != want.Target.Timeout || got.Start != want.Start || got.Resume != want.Resume || got.Limits != want.Limits ||
		!slices.Equal(got.Worker.Roles, want.Worker.Roles) || got.Worker.Listen != want.Worker.Listen ||
		got.Worker.MaxCopies != want.Worker.MaxCopies || got.Worker.MaxCalls != want.Worker.MaxCalls || got.Worker.LogLevel != want.Worker.LogLevel {
		t.Errorf("the example does not show the defaults:\n%+v\nwant\n%+v", got, want)
	}
}

// TestTheCommentedKeysAreValid takes the commented keys of the example in.
func TestTheCommentedKeysAreValid(t *testing.T) {
	t.Parallel()
	commented := regexp.MustCompile(`(?m)^( *)# ((?:hosts|processes|definitions|activities|variables|users|extra): .*)$`)
	text := read(t, "ferry.example.yaml")
	if n := len(commented.FindAllString(text, -1)); n != 7 {
		t.Fatalf("%d commented keys, want 7", n)
	}
	file := filepath.Join(t.TempDir(), "ferry.yaml")
	if err := os.WriteFile(file, []byte(commented.ReplaceAllString(text, "$1$2")), 0o600); err != nil {
		t.Fatal(err)
	}
	c := load(t, file)
	if err := c.Validate(config.PartWorker); err != nil {
		t.Error(err)
	}
	if len(c.Source.Hosts) == 0 || len(c.Processes) == 0 || len(c.Definitions) == 0 || len(c.Activities) == 0 || len(c.Variables) == 0 ||
		len(c.Users) == 0 || len(c.Records.Extra) == 0 {
		t.Errorf("not all were read: %+v", c)
	}
}

func TestTheExampleOfTheReadmeIsValid(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(read(t, "README.md"), "```yaml\n")
	text, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("README.md has no example")
	}
	file := filepath.Join(t.TempDir(), "ferry.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := load(t, file).Validate(config.PartWorker); err != nil {
		t.Error(err)
	}
}
