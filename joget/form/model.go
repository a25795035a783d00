package form

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"jogetferry/migration"
)

// Definition is one row of app_form: formId, tableName (without app_fd_) and
// what its json says; Form is zero when it is Broken.
type Definition struct {
	ID     string
	Table  string
	Form   Form
	Broken bool
	// Unused: its version of the app is not published and has no instances, so that
	// what it leaves open is no Problem, but for what is Blocking.
	Unused bool
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
	// ProblemUnknownForm: an element names a form that is not among the definitions.
	// Joget lives with it, and shows nothing.
	ProblemUnknownForm ProblemKind = "unknown_form"
	// ProblemNoForeignKey: a grid stores rows in a table of their own and does not say by which key.
	ProblemNoForeignKey ProblemKind = "no_foreign_key"
	// ProblemMention: a property names a form on a table that no link of the
	// definition leads to, and what that means for the data is not known.
	ProblemMention ProblemKind = "mention"
	// ProblemTable: a text, such as SQL, names a form table that no link of the
	// definition leads to; Other is the table, without app_fd_.
	ProblemTable ProblemKind = "table"
)

// Problem says what could not be found out about a form. Other names the
// other form or table concerned, "" for none.
type Problem struct {
	Form  string
	Kind  ProblemKind
	Field string // ID of the element, "" where the form as a whole is meant
	Other string
	// Property names the other form, "" where that is a link.
	Property string
}

// Blocking reports whether rows of children are missed that are known to be some.
func (p Problem) Blocking() bool {
	return !slices.Contains([]ProblemKind{ProblemUnknownForm, ProblemMention, ProblemTable}, p.Kind)
}

// String says in words what is wrong and where.
func (p Problem) String() string {
	where := "form " + p.Form
	if p.Field != "" {
		where += ", field " + p.Field
	}
	switch p.Kind {
	case ProblemBroken:
		return where + ": its definition is no JSON object"
	case ProblemNoTable:
		return where + ": it names no table"
	case ProblemTwoTables:
		return where + ": its definition names another table than " + p.Other + ", where it is stored"
	case ProblemUnknownForm:
		return where + ": the app has no form " + p.Other
	case ProblemNoForeignKey:
		return where + ": it stores rows of form " + p.Other + ", and no key tells which"
	case ProblemMention:
		return where + ": " + p.Property + " names form " + p.Other
	case ProblemTable:
		return where + ": " + p.Property + " names table app_fd_" + p.Other
	}
	return where + ": " + string(p.Kind)
}

// Doubtful returns the IDs of forms, sorted, of which only the database can say
// which definitions they mean: those of links, options, mentions and of named that no
// definition has, or that others are similar to.
func Doubtful(forms []Definition, named []string) []string {
	ids := map[string]bool{}
	for _, d := range forms {
		ids[d.ID] = true
	}
	doubtful := slices.Clone(named)
	for _, d := range forms {
		for _, link := range d.Form.Links {
			doubtful = append(doubtful, link.Form)
		}
		doubtful = append(doubtful, d.Form.Options...)
		for _, mention := range d.Form.Mentions {
			doubtful = append(doubtful, mention.Form)
		}
	}
	return slices.DeleteFunc(sortedSet(doubtful), func(id string) bool {
		if id == "" {
			return true
		}
		if !ids[id] {
			return false
		}
		for other := range ids {
			if other != id && migration.SameText(other, id) {
				return false
			}
		}
		return true
	})
}

// Model returns the tables of the given forms and the relations between them,
// sorted and without duplicates, and the problems met, sorted. It never aborts:
// what is readable is in the model. Pass the forms of all apps whose tables the
// records reach; the same ID may come more than once (several apps), and then
// means all of them. same are the IDs of definitions that the database finds under
// an ID, of those that are Doubtful.
func Model(forms []Definition, same map[string][]string) (migration.FormModel, []Problem) {
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
	resolved := Resolve(tables, same)
	for _, d := range forms {
		for _, link := range d.Form.Links {
			b.link(d, link, resolved)
		}
		if !d.Unused {
			b.mentions(d, resolved)
		}
	}
	b.model.Tables = sortedSet(b.model.Tables)
	slices.SortFunc(b.model.Relations, compareRelations)
	b.model.Relations = slices.Compact(b.model.Relations)
	slices.SortFunc(b.problems, compareProblems)
	return b.model, slices.Compact(b.problems)
}

// Resolve returns tables, which are by form ID, with those of the IDs that same says
// to mean other forms, too.
func Resolve(tables, same map[string][]string) map[string][]string {
	resolved := maps.Clone(tables)
	for id, others := range same {
		all := slices.Clone(tables[id])
		for _, other := range others {
			all = append(all, tables[other]...)
		}
		resolved[id] = sortedSet(all)
	}
	return resolved
}

type builder struct {
	model    migration.FormModel
	problems []Problem
}

func (b *builder) problem(p Problem) { b.problems = append(b.problems, p) }

func (b *builder) link(d Definition, link Link, tables map[string][]string) {
	children := tables[link.Form]
	if len(children) == 0 {
		if !d.Unused {
			b.problem(Problem{Form: d.ID, Kind: ProblemUnknownForm, Field: link.Field, Other: link.Form})
		}
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

// mentions reports the forms and tables that d names for no known reason, unless they
// are those of d itself or of its links: then nothing is left out. Of options
// only forms that are gone.
func (b *builder) mentions(d Definition, tables map[string][]string) {
	reached := d.Tables()
	for _, link := range d.Form.Links {
		reached = append(reached, tables[link.Form]...)
	}
	for _, id := range d.Form.Options {
		if len(tables[id]) == 0 {
			b.problem(Problem{Form: d.ID, Kind: ProblemUnknownForm, Other: id})
		}
	}
	for _, m := range d.Form.Mentions {
		if m.Table != "" {
			if !slices.ContainsFunc(reached, func(table string) bool { return strings.EqualFold(table, m.Table) }) {
				b.problem(Problem{Form: d.ID, Kind: ProblemTable, Field: m.Field, Other: m.Table, Property: m.Property})
			}
			continue
		}
		problem := Problem{Form: d.ID, Kind: ProblemMention, Field: m.Field, Other: m.Form, Property: m.Property}
		named := tables[m.Form]
		if len(named) == 0 {
			problem.Kind = ProblemUnknownForm
		}
		if len(named) == 0 || slices.ContainsFunc(named, func(table string) bool { return !slices.Contains(reached, table) }) {
			b.problem(problem)
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
	return cmp.Or(cmp.Compare(a.Form, b.Form), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Other, b.Other), cmp.Compare(a.Property, b.Property))
}
