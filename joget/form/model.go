package form

import (
	"cmp"
	"slices"

	"jogetferry/migration"
)

// Definition is one row of app_form: formId, tableName (without app_fd_) and
// what its json says; Form is zero when it is Broken.
type Definition struct {
	ID     string
	Table  string
	Form   Form
	Broken bool
}

// Define reads a row of app_form.
func Define(id, table string, definition []byte) Definition {
	parsed, err := Parse(definition)
	return Definition{ID: id, Table: table, Form: parsed, Broken: err != nil}
}

// Tables returns the tables that row and definition name, mostly one.
func (d *Definition) Tables() []string { return compactStrings(d.Form.Table, d.Table) }

// ProblemKind classifies a Problem. The values are stable.
type ProblemKind string

// The kinds of problems.
const (
	// ProblemBroken: the definition cannot be read; its table is known, its relations are not.
	ProblemBroken ProblemKind = "broken"
	// ProblemNoTable: neither the row nor the definition names a table.
	ProblemNoTable ProblemKind = "no_table"
	// ProblemTwoTables: row and definition name different tables; both are in the model.
	ProblemTwoTables ProblemKind = "two_tables"
	// ProblemUnknownForm: an element holds records of a form that is not among the definitions.
	ProblemUnknownForm ProblemKind = "unknown_form"
	// ProblemNoForeignKey: a grid stores rows in a table of their own and does not say by which key.
	ProblemNoForeignKey ProblemKind = "no_foreign_key"
)

// Problem says what could not be found out about a form. Other names the
// other form or table concerned, "" for none.
type Problem struct {
	Form  string
	Kind  ProblemKind
	Field string // ID of the element, "" where the form as a whole is meant
	Other string
}

// Model returns the tables of the given forms and the relations between them,
// sorted and without duplicates, and the problems met, sorted. It never aborts:
// what is readable is in the model. Pass the forms of all apps whose tables the
// records reach; the same ID may come more than once (several apps), and then
// means all of them.
func Model(forms []Definition) (migration.FormModel, []Problem) {
	var b builder
	tables := map[string][]string{} // by form ID
	for _, d := range forms {
		if d.Broken {
			b.problem(Problem{Form: d.ID, Kind: ProblemBroken})
		}
		named := d.Tables()
		switch {
		case len(named) == 0 && !d.Broken:
			b.problem(Problem{Form: d.ID, Kind: ProblemNoTable})
		case len(named) == 2:
			b.problem(Problem{Form: d.ID, Kind: ProblemTwoTables, Other: d.Table})
		}
		b.model.Tables = append(b.model.Tables, named...)
		tables[d.ID] = append(tables[d.ID], named...)
	}
	for _, d := range forms {
		for _, link := range d.Form.Links {
			b.link(d, link, tables)
		}
	}
	b.model.Tables = sortedSet(b.model.Tables)
	slices.SortFunc(b.model.Relations, compareRelations)
	b.model.Relations = slices.Compact(b.model.Relations)
	slices.SortFunc(b.problems, compareProblems)
	return b.model, slices.Compact(b.problems)
}

type builder struct {
	model    migration.FormModel
	problems []Problem
}

func (b *builder) problem(p Problem) { b.problems = append(b.problems, p) }

func (b *builder) link(d Definition, link Link, tables map[string][]string) {
	children := tables[link.Form]
	if len(children) == 0 {
		b.problem(Problem{Form: d.ID, Kind: ProblemUnknownForm, Field: link.Field, Other: link.Form})
		return
	}
	if link.Grid && link.ChildField == "" {
		b.problem(Problem{Form: d.ID, Kind: ProblemNoForeignKey, Field: link.Field, Other: link.Form})
		return
	}
	for _, parent := range d.Tables() {
		for _, child := range children {
			b.relations(parent, child, link)
		}
	}
}

func (b *builder) relations(parent, child string, link Link) {
	add := func(kind migration.RelationKind, column string) {
		if kind == migration.RelationSameID && parent == child {
			return // the same row
		}
		b.model.Relations = append(b.model.Relations, migration.Relation{Parent: parent, Child: child, Kind: kind, Column: column})
	}
	if link.ParentField == "" && link.ChildField == "" || link.ParentField == "id" || link.ChildField == "id" {
		add(migration.RelationSameID, "")
	}
	if link.ParentField != "" && link.ParentField != "id" {
		add(migration.RelationParentHoldsChild, link.ParentField)
	}
	if link.ChildField != "" && link.ChildField != "id" {
		add(migration.RelationChildHoldsParent, link.ChildField)
	}
}

func compactStrings(a, b string) []string {
	switch {
	case a == "" && b == "":
		return nil
	case a == "" || a == b:
		return []string{b}
	case b == "":
		return []string{a}
	default:
		return []string{a, b}
	}
}

func compareRelations(a, b migration.Relation) int {
	return cmp.Or(cmp.Compare(a.Parent, b.Parent), cmp.Compare(a.Child, b.Child), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Column, b.Column))
}

func compareProblems(a, b Problem) int {
	return cmp.Or(cmp.Compare(a.Form, b.Form), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Other, b.Other))
}
