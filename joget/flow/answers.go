package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"jogetferry/internal/nearest"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// CheckAnswers returns what answers name that the definitions do not have, or that no
// completion can set, in order; nil for nothing. known are the definitions by
// "package/process".
func CheckAnswers(answers migration.Answers, known map[string]*xpdl.Process) []string {
	var mistakes []string
	unknown := func(place, what, word string, words []string) {
		text := fmt.Sprintf("%s: there is no %s %q", place, what, word)
		if near := nearest.Words(word, words, 3); len(near) > 0 {
			text += "; did you mean " + strings.Join(near, " or ") + "?"
		}
		mistakes = append(mistakes, text)
	}
	for _, key := range slices.Sorted(maps.Keys(answers)) {
		process := known[key]
		if process == nil {
			unknown(key, "process", key, slices.Sorted(maps.Keys(known)))
			continue
		}
		var manual []string
		for _, a := range process.Activities {
			if a.Kind == xpdl.Manual {
				manual = append(manual, a.ID)
			}
		}
		var texts []string
		for _, v := range process.Variables {
			if v.Type == xpdl.String {
				texts = append(texts, v.Name)
			}
		}
		for _, activity := range slices.Sorted(maps.Keys(answers[key])) {
			place := key + "." + string(activity)
			if !slices.Contains(manual, string(activity)) {
				unknown(place, "manual activity", string(activity), manual)
				continue
			}
			for n, values := range answers[key][activity] {
				for _, name := range slices.Sorted(maps.Keys(values)) {
					if slices.Contains(texts, name) {
						continue
					}
					if declared, ok := process.Variable(name); ok {
						mistakes = append(mistakes, fmt.Sprintf("%s, visit %d: variable %q is %s, and only STRING ones can be given", place, n+1, name, declared.Type))
						continue
					}
					unknown(fmt.Sprintf("%s, visit %d", place, n+1), "variable", name, texts)
				}
			}
		}
	}
	return mistakes
}
