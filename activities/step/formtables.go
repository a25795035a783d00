package step

import (
	"context"
	"slices"
	"strings"
	"time"

	"jogetferry/joget/form"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/records"
)

// Lack is what the target lacks of a form table that the source has, and can get: what
// Joget makes itself when the table's forms are first used. Docs:
// docs/adr/0016-tables-joget-has-not-made.md.
type Lack struct {
	Table string // without app_fd_
	// After is the table with everything that it can get.
	After *records.Table

	from    *records.Table
	there   *records.Table // nil: the target lacks the table
	columns []schema.FormColumn
	fields  []schema.FormColumn // of the target's forms
	named   bool                // a form of the target names the table
}

// Growth is what is done about a Lack for the rows that the source has now.
type Growth struct {
	Statement string // DDL; "" for nothing
	New       bool   // it makes the table
	// Unnamed are the columns among it that no form of the target has a field for, and, of
	// a new table that no form names, "": Joget takes no note of them.
	Unnamed []string

	columns []schema.FormColumn // those that rows need
}

// Lack returns nil where the target lacks nothing, nothing that it can get, or a table of
// which the source has no row.
func (s *Servers) Lack(ctx context.Context, table string) (*Lack, error) {
	from, ok, err := s.Source.Tables.Table(ctx, s.Source.Pool(), table)
	if err != nil || !ok || from.View {
		return nil, err
	}
	l := &Lack{Table: table, from: from}
	if l.there, _, err = s.Target.Tables.Table(ctx, s.Target.Pool(), table); err != nil {
		return nil, err
	}
	if l.there == nil {
		if some, err := s.Source.Rows().Any(ctx, table); err != nil || !some {
			return nil, err
		}
	} else if l.there.View {
		return nil, nil
	}
	generation := s.Target.Generation()
	for _, name := range records.Lacking(from, l.there) {
		c, ok := schema.FormColumnOf(generation, name)
		if ok && (l.there != nil || !slices.Contains(schema.FormColumns(generation), c)) {
			l.columns = append(l.columns, c)
		}
	}
	if l.there != nil && len(l.columns) == 0 {
		return nil, nil
	}
	if err := s.readFields(ctx, l); err != nil {
		return nil, err
	}
	if err := s.grow(ctx, l); err != nil || l.there != nil && len(l.columns) == 0 {
		return nil, err
	}
	return l, nil
}

// Mismatches is what may keep rows of the source out of the table all the same.
func (l *Lack) Mismatches() []migration.Mismatch { return records.Check(l.from, l.After) }

// readFields reads which columns the target's forms want in the table.
func (s *Servers) readFields(ctx context.Context, l *Lack) error {
	forms, err := s.Target.Fresh().FormsOn(ctx, l.Table)
	if err != nil {
		return err
	}
	fields, err := s.Target.Fresh().CustomFields(ctx, l.Table)
	if err != nil {
		return err
	}
	l.named = len(forms)+len(fields) > 0
	for _, row := range forms {
		parsed, err := form.Parse(row.JSON)
		if err != nil {
			continue // Joget has no field of it either
		}
		for _, field := range parsed.Fields {
			if field.StoreBinder == "" {
				fields = append(fields, field.ID)
			}
		}
	}
	l.fields = schema.FieldColumns(fields)
	return nil
}

// grow leaves out what is of another kind on the source, and tells what the table is then.
func (s *Servers) grow(ctx context.Context, l *Lack) error {
	realName := ""
	if l.there != nil {
		realName = l.there.Real
	}
	collation, err := s.Target.Fresh().Collation(ctx, realName)
	if err != nil {
		return err
	}
	for {
		columns := l.columns
		if l.there == nil {
			columns = schema.FormTable(s.Target.Generation(), append(slices.Clone(l.fields), l.columns...))
		}
		wanted := make([]records.New, len(columns))
		for i, c := range columns {
			wanted[i] = records.New(c)
		}
		if l.After, err = s.Target.Rows().Grown(ctx, l.Table, l.there, wanted, collation); err != nil {
			return err
		}
		unlike := records.Unlike(l.from, l.After)
		kept := slices.DeleteFunc(slices.Clone(l.columns), func(c schema.FormColumn) bool {
			return slices.ContainsFunc(unlike, func(name string) bool { return strings.EqualFold(name, c.Name) })
		})
		if len(kept) == len(l.columns) {
			return nil
		}
		l.columns = kept
	}
}

// usedWithin is how long is searched for a value of a column before it counts as used.
const usedWithin = time.Minute

// Growth looks which of what is lacking rows of the source need: all that Joget would make of
// the target's forms where the table is missing, and columns in which the source has values.
func (s *Servers) Growth(ctx context.Context, l *Lack) (Growth, error) {
	fieldOf := func(c schema.FormColumn) bool {
		return slices.ContainsFunc(l.fields, func(f schema.FormColumn) bool { return strings.EqualFold(f.Name, c.Name) })
	}
	var ask []string
	for _, c := range l.columns {
		if l.there != nil || !fieldOf(c) {
			ask = append(ask, c.Name)
		}
	}
	used, err := s.Source.Rows().Used(ctx, l.Table, ask, usedWithin)
	if err != nil {
		return Growth{}, err
	}
	g := Growth{New: l.there == nil}
	if g.New && !l.named {
		g.Unnamed = append(g.Unnamed, "")
	}
	for _, c := range l.columns {
		if !slices.Contains(used, c.Name) {
			continue
		}
		g.columns = append(g.columns, c)
		if l.named && !schema.OfEveryTable(c.Name) && !fieldOf(c) {
			g.Unnamed = append(g.Unnamed, c.Name)
		}
	}
	slices.SortFunc(g.columns, func(a, b schema.FormColumn) int { return strings.Compare(a.Name, b.Name) })
	switch {
	case g.New:
		g.Statement = schema.CreateFormTable(l.Table, s.Target.Generation(), append(slices.Clone(l.fields), g.columns...))
	case len(g.columns) > 0:
		g.Statement = schema.AddFormColumns(l.there.Real, g.columns)
	}
	return g, nil
}

// makeTries is how often somebody else may add a column first.
const makeTries = 5

// MakeTable gives the target what it lacks of a form table (without app_fd_) for the rows of
// the source, whoever else does so at the same time. The ledger's log of the instance, "" for
// the migration's, has the statement before and after. Nothing is dropped, and no column is
// changed. CodeRefused, CodeUnsupported: the target cannot get it, and the error says why.
func (s *Servers) MakeTable(ctx context.Context, mig migration.Name, id migration.InstanceID, table string) error {
	for try := 1; ; try++ {
		Headway(ctx)
		lack, err := s.Lack(ctx, table)
		if err != nil || lack == nil {
			return err
		}
		growth, err := s.Growth(ctx, lack)
		if err != nil || growth.Statement == "" {
			return err
		}
		line := migration.StepLine{
			Step: migration.StepCopyFormData, Kind: migration.KindIntent, Event: migration.EventTableMade,
			Facts: migration.Facts{Name: table, Summary: growth.Statement},
		}
		if err := s.Ledger.Log(ctx, mig, id, line); err != nil {
			return err
		}
		err = s.Target.MakeFormTable(ctx, table, growth.Statement)
		s.Target.Tables.Forget()
		if migration.CodeOf(err) == migration.CodeConflict && try < makeTries {
			continue
		}
		if err != nil {
			return err
		}
		line.Kind = migration.KindOutcome
		if err := s.Ledger.Log(ctx, mig, id, line); err != nil {
			return err
		}
		if whole, err := s.has(ctx, table, growth.columns); whole || err != nil {
			return err
		}
		// Somebody made the table a moment before us, with fewer columns.
	}
}

// has reports whether the target's form table has all columns now.
func (s *Servers) has(ctx context.Context, table string, columns []schema.FormColumn) (bool, error) {
	there, ok, err := s.Target.Tables.Table(ctx, s.Target.Pool(), table)
	if err != nil || !ok {
		return false, err
	}
	return !slices.ContainsFunc(columns, func(c schema.FormColumn) bool { return !there.Has(c.Name) }), nil
}
