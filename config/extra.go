package config

import (
	"errors"
	"strings"

	"jogetferry/migration"
)

var errExtra = errors.New("is none of the forms; write table, parent = child (same id), parent.field -> child, or parent <- child.field")

// ParseExtra reads entries of records.extra, tables and fields without their
// prefixes app_fd_ and c_:
//
//	table                  rows of table with the record's ID
//	parent = child         child rows have the parent row's id
//	parent.field -> child  field of the parent row holds the child's id
//	parent <- child.field  field of the child row holds the parent's id
func ParseExtra(entries []string) (migration.FormModel, error) {
	var model migration.FormModel
	for _, entry := range entries {
		relation, err := parseRelation(entry)
		if err != nil {
			return migration.FormModel{}, err
		}
		if relation.Child == "" {
			model.Tables = append(model.Tables, relation.Parent)
			continue
		}
		model.Relations = append(model.Relations, relation)
	}
	return model, nil
}

func parseRelation(entry string) (migration.Relation, error) {
	var r migration.Relation
	var ok bool
	switch {
	case strings.Contains(entry, "->"):
		parent, child, _ := strings.Cut(entry, "->")
		r.Kind = migration.RelationParentHoldsChild
		r.Parent, r.Column, ok = strings.Cut(strings.TrimSpace(parent), ".")
		r.Child = strings.TrimSpace(child)
		ok = ok && isName(r.Column) && isName(r.Child)
	case strings.Contains(entry, "<-"):
		parent, child, _ := strings.Cut(entry, "<-")
		r.Kind = migration.RelationChildHoldsParent
		r.Parent = strings.TrimSpace(parent)
		r.Child, r.Column, ok = strings.Cut(strings.TrimSpace(child), ".")
		ok = ok && isName(r.Column) && isName(r.Child)
	case strings.Contains(entry, "="):
		parent, child, _ := strings.Cut(entry, "=")
		r.Kind = migration.RelationSameID
		r.Parent, r.Child = strings.TrimSpace(parent), strings.TrimSpace(child)
		ok = isName(r.Child)
	default:
		r.Parent, ok = strings.TrimSpace(entry), true
	}
	if !ok || !isName(r.Parent) {
		return migration.Relation{}, errExtra
	}
	return r, nil
}

func isName(s string) bool { return s != "" && !strings.ContainsAny(s, " \t`'\".") }
