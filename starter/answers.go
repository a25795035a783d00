package main

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"jogetferry/migration"
)

// readAnswers reads the answers of a rehearsal: by process and activity, a list
// of visits, each with the values of variables. All mistakes come at once, by line.
func readAnswers(text []byte) (migration.Answers, []string) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	r := &answersReader{}
	answers := migration.Answers{}
	if len(document.Content) == 0 {
		return answers, nil // nothing but comments
	}
	r.fields(document.Content[0], "the answers", "package/process: its activities", func(key string, at *yaml.Node, process *yaml.Node) {
		if pkg, name, ok := strings.Cut(key, "/"); !ok || pkg == "" || name == "" || strings.Contains(name, "/") {
			r.mistake(at, "%q is not a process: write package/process", key)
		}
		answers[key] = map[migration.ActivityDefID][]map[string]string{}
		r.fields(process, key, "activity: a list of visits", func(activity string, _ *yaml.Node, visits *yaml.Node) {
			answers[key][migration.ActivityDefID(activity)] = r.visits(visits, key+"."+activity)
		})
	})
	return answers, r.mistakes
}

type answersReader struct{ mistakes []string }

func (r *answersReader) mistake(at *yaml.Node, format string, args ...any) {
	r.mistakes = append(r.mistakes, fmt.Sprintf("line %d: ", at.Line)+fmt.Sprintf(format, args...))
}

// fields calls each for every key of a mapping.
func (r *answersReader) fields(n *yaml.Node, place, want string, each func(key string, at, value *yaml.Node)) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.mistake(n, "%s: want %s", place, want)
		return
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case key.Kind != yaml.ScalarNode || key.Value == "":
			r.mistake(key, "%s: a name is missing", place)
			continue
		case seen[key.Value]:
			r.mistake(key, "%s: %s is given twice", place, key.Value)
			continue
		}
		seen[key.Value] = true
		each(key.Value, key, n.Content[i+1])
	}
}

func (r *answersReader) visits(n *yaml.Node, place string) []map[string]string {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.SequenceNode {
		r.mistake(n, "%s: write a list of visits, such as [{status: approved}]; [{}] completes it once without values", place)
		return nil
	}
	visits := make([]map[string]string, 0, len(n.Content))
	for i, visit := range n.Content {
		values := map[string]string{}
		r.fields(visit, fmt.Sprintf("%s, visit %d", place, i+1), "variable: value", func(name string, _, value *yaml.Node) {
			if value.Kind != yaml.ScalarNode || value.Tag == "!!null" {
				r.mistake(value, "%s, visit %d: the value of variable %s is not text; quote it", place, i+1, name)
			}
			values[name] = value.Value
		})
		visits = append(visits, values)
	}
	return visits
}
