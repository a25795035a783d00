package records_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
)

// rekeyedModel is of orders: a note with the ID of the order, items that name it, details
// that name the item, a customer that it names, and the order that follows it.
func rekeyedModel() migration.FormModel {
	return migration.FormModel{Tables: []string{"note", "t"}, Relations: []migration.Relation{
		{Parent: "t", Child: "item", Kind: migration.RelationChildHoldsParent, Column: "order"},
		{Parent: "item", Child: "detail", Kind: migration.RelationChildHoldsParent, Column: "item"},
		{Parent: "t", Child: "customer", Kind: migration.RelationParentHoldsChild, Column: "customer"},
		{Parent: "t", Child: "t", Kind: migration.RelationChildHoldsParent, Column: "after"},
	}}
}

func rekeyedTables(d testDB) {
	d.table("t", "customer", "after", "title", "origin", "big")
	d.table("note", "text")
	d.table("item", "order", "title", "big")
	d.table("detail", "item")
	d.table("customer", "name")
}

// rekeyedSource has the order po-1, which names the customer c-1 and follows po-0.
func rekeyedSource(t *testing.T) testDB {
	t.Helper()
	d := newDatabase(t)
	rekeyedTables(d)
	big := strings.Repeat("x", 9<<20)
	d.row("t", "po-1", "c_customer", "c-1", "c_after", "po-0", "c_title", "po-1", "c_origin", "po-1", "c_big", big)
	d.row("t", "po-0", "c_title", "of another instance")
	d.row("note", "po-1", "c_text", "see po-1")
	d.row("item", "i-1", "c_order", "po-1", "c_title", "PO-1", "c_big", big)
	d.row("item", "po-1/2", "c_order", "po-1")
	d.row("detail", "d-1", "c_item", "i-1")
	d.row("detail", "d-2", "c_item", "po-1/2")
	d.row("customer", "c-1", "c_name", "po-1")
	return d
}

func rekeying() records.Rekeying {
	return records.Rekeying{
		Rekeys:  migration.Rekeys{"po-1": "new-1", "po-0": "new-0", "c-1": "new-c", "i-1": "new-i"},
		Model:   rekeyedModel(),
		Columns: map[string][]string{"t": {"ORIGIN"}},
	}
}

// digests are those of the rows of a set as it is, by key.
func digests(set records.Set) map[migration.RowKey]records.Digest {
	all := map[migration.RowKey]records.Digest{}
	for _, row := range set.Rows {
		row.Outline = nil
		all[row.Key] = row.Digest()
	}
	return all
}

// TestCopy_gives_records_new_IDs copies rows held whole, and rows whose content is in the ledger.
func TestCopy_gives_records_new_IDs(t *testing.T) {
	t.Parallel()
	source := rekeyedSource(t)
	selected := records.Selection{Model: rekeyedModel(), Root: "po-1"}
	kept := &contents{}
	gathered, err := records.Gather(t.Context(), source.DB, source.Schema, selected, records.Limits{}, kept)
	if err != nil {
		t.Fatal(err)
	}
	if kept.made != 1 {
		t.Fatal("no row was put into the ledger: this test is of those that are")
	}
	for name, set := range map[string]records.Set{"whole": source.collect(selected), "gathered": gathered} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := newDatabase(t)
			rekeyedTables(target)
			before := digests(set)
			ledger := &images{}
			options := records.CopyOptions{Contents: kept, Rekeying: rekeying()}
			result, err := records.Copy(t.Context(), target.Target, set, ledger, options)
			if err != nil || result.Inserted != 7 {
				t.Fatalf("copied %+v, %v; want 7 rows", result, err)
			}
			if !cmp.Equal(before, digests(set)) {
				t.Error("the rows of the source that were passed are other ones now")
			}
			again, err := records.Copy(t.Context(), target.Target, set, ledger, options)
			if err != nil || again.Same != 7 {
				t.Errorf("once more: %+v, %v; want 7 the same", again, err)
			}
			there := target.collect(records.Selection{Model: rekeyedModel(), Root: "new-1"})
			want := []string{"note/new-1", "t/new-1", "customer/new-c shared", "item/new-i", "item/po-1/2", "detail/d-1", "detail/d-2"}
			if got := names(there); !cmp.Equal(got, want) {
				t.Errorf("on the target %q, want %q", got, want)
			}
			for _, w := range []struct{ table, id, column, value string }{
				{"t", "new-1", "c_customer", "new-c"},
				{"t", "new-1", "c_after", "new-0"}, // of another instance
				{"t", "new-1", "c_origin", "new-1"},
				{"t", "new-1", "c_title", "po-1"}, // nothing says that it is an ID
				{"note", "new-1", "c_text", "see po-1"},
				{"item", "new-i", "c_order", "new-1"},
				{"item", "new-i", "c_title", "PO-1"},
				{"item", "po-1/2", "c_order", "new-1"},
				{"detail", "d-1", "c_item", "new-i"},
				{"detail", "d-2", "c_item", "po-1/2"},
				{"customer", "new-c", "c_name", "po-1"},
			} {
				i := slices.Index(there.Keys(), migration.RowKey{Table: w.table, ID: migration.RecordID(w.id)})
				if i < 0 {
					continue
				}
				if got, _ := there.Rows[i].Value(w.column); string(got) != w.value {
					t.Errorf("%s/%s %s is %.40q, want %q", w.table, w.id, w.column, got, w.value)
				}
			}
		})
	}
}

// TestRekeying_compares_modulo_the_IDs compares surveys, as a verification does.
func TestRekeying_compares_modulo_the_IDs(t *testing.T) {
	t.Parallel()
	source, target := rekeyedSource(t), newDatabase(t)
	rekeyedTables(target)
	selected := records.Selection{Model: rekeyedModel(), Root: "po-1"}
	r := rekeying()
	if _, err := records.Copy(t.Context(), target.Target, source.collect(selected), &images{}, records.CopyOptions{Rekeying: r}); err != nil {
		t.Fatal(err)
	}
	survey := func(d testDB, root migration.RecordID) records.Set {
		set, err := records.Survey(t.Context(), d.DB, d.Schema, records.Selection{Model: rekeyedModel(), Root: root}, records.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	here := survey(source, "po-1")
	if c := records.Compare(r.Set(here), survey(target, "new-1")); c.Same != 7 || c.Differences != nil {
		t.Errorf("after the copy: %+v, want 7 rows the same", c)
	}
	if c := records.Compare(here, survey(target, "new-1")); c.Same != 1 {
		t.Errorf("without the new IDs %d rows are the same, want 1: no other has and names none", c.Same)
	}
	target.exec("UPDATE app_fd_item SET c_title = 'other' WHERE id = 'new-i'")
	target.exec("UPDATE app_fd_detail SET c_item = 'i-1' WHERE id = 'd-1'")
	want := []records.Difference{
		{Key: migration.RowKey{Table: "detail", ID: "d-1"}, Kind: records.Missing}, // nothing leads to it
		{Key: migration.RowKey{Table: "item", ID: "new-i"}, Kind: records.Differs, Columns: []string{"c_title"}},
	}
	if c := records.Compare(r.Set(here), survey(target, "new-1")); !cmp.Equal(c.Differences, want) {
		t.Errorf("after a change: %+v, want %+v", c.Differences, want)
	}
}

func TestRekeying_Named(t *testing.T) {
	t.Parallel()
	source := rekeyedSource(t)
	set := source.collect(records.Selection{Model: rekeyedModel(), Root: "po-1"})
	set.Rows[0].Values[0] = []byte("\xff") // no text, in whatever column
	r := rekeying()
	r.Rekeys = nil
	want := []migration.RecordID{"c-1", "d-1", "d-2", "i-1", "po-0", "po-1", "po-1/2"}
	if got := r.Named(set); !cmp.Equal(got, want) {
		t.Errorf("named %q, want %q", got, want)
	}
}

func TestRekeying_Inspect(t *testing.T) {
	t.Parallel()
	source := rekeyedSource(t)
	selected := records.Selection{Model: rekeyedModel(), Root: "po-1"}
	r := rekeying()
	refused, mentions := r.Inspect(source.collect(selected))
	if len(refused) > 0 {
		t.Errorf("refused %+v, want none", refused)
	}
	if want := []records.Place{{Table: "customer", Column: "c_name", Rows: 1}, {Table: "t", Column: "c_title", Rows: 1}}; !cmp.Equal(mentions, want) {
		t.Errorf("mentions %+v, want %+v", mentions, want)
	}
	// The collation takes them for the order, and for the customer.
	source.row("item", "i-3", "c_order", "PO-1")
	source.row("item", "i-4", "c_order", "Po-1")
	source.row("note", "n", "c_text", "")
	source.exec("UPDATE app_fd_note SET id = 'Po-1' WHERE id = 'po-1'")
	source.exec("UPDATE app_fd_t SET c_customer = 'C-1' WHERE id = 'po-1'")
	refused, _ = r.Inspect(source.collect(selected))
	want := []records.Place{{Table: "customer", Column: "id", Rows: 1}, {Table: "item", Column: "c_order", Rows: 2}, {Table: "note", Column: "id", Rows: 1}}
	if !cmp.Equal(refused, want) {
		t.Errorf("refused %+v, want %+v", refused, want)
	}
	r.Rekeys = migration.Rekeys{"po-9": "new-9"}
	if refused, mentions := r.Inspect(source.collect(selected)); refused != nil || mentions != nil {
		t.Errorf("another record has a new ID: refused %+v, mentions %+v; want none", refused, mentions)
	}
}

// TestCopy_refuses_IDs_that_cannot_be_rewritten writes nothing then.
func TestCopy_refuses_IDs_that_cannot_be_rewritten(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name           string
		source, target string // statements
		want           string // what the error names
		unfit          []records.Place
	}{
		{name: "all_fit"},
		{name: "a_column_that_is_too_narrow", target: "ALTER TABLE app_fd_item MODIFY c_order varchar(4)", want: "app_fd_item.c_order", unfit: []records.Place{{Table: "item", Column: "c_order", Rows: 2}}},
		{name: "a_column_of_numbers", target: "ALTER TABLE app_fd_item MODIFY c_order int", want: "app_fd_item.c_order", unfit: []records.Place{{Table: "item", Column: "c_order", Rows: 2}}},
		{name: "an_id_of_numbers", target: "ALTER TABLE app_fd_note MODIFY id bigint NOT NULL", want: "app_fd_note.id", unfit: []records.Place{{Table: "note", Column: "id", Rows: 1}}},
		{name: "a_column_that_is_missing", target: "ALTER TABLE app_fd_item DROP COLUMN c_order", want: "app_fd_item.c_order", unfit: []records.Place{{Table: "item", Column: "c_order", Rows: 2}}},
		{name: "a_key_in_another_spelling", source: "UPDATE app_fd_item SET c_order = 'PO-1' WHERE id = 'i-1'", want: "app_fd_item.c_order"},
		{name: "a_row_in_another_spelling", source: "UPDATE app_fd_note SET id = 'PO-1'", want: "app_fd_note.id"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			source, target := newDatabase(t), newDatabase(t)
			rekeyedTables(source)
			rekeyedTables(target)
			source.row("t", "po-1")
			source.row("note", "po-1")
			source.row("item", "i-1", "c_order", "po-1")
			source.row("item", "i-2", "c_order", "po-1")
			for d, statement := range map[*testDB]string{&source: tc.source, &target: tc.target} {
				if statement != "" {
					d.exec(statement)
				}
			}
			set := source.collect(records.Selection{Model: rekeyedModel(), Root: "po-1"})
			unfit, err := rekeying().Unfit(set, func(name string) (*records.Table, error) {
				table, _, err := target.Schema.Table(t.Context(), target.DB, name)
				return table, err
			})
			if err != nil || !cmp.Equal(unfit, tc.unfit) {
				t.Errorf("unfit %+v, %v; want %+v", unfit, err, tc.unfit)
			}
			_, err = records.Copy(t.Context(), target.Target, set, &images{}, records.CopyOptions{Rekeying: rekeying()})
			if tc.want == "" {
				code(t, err, "")
				return
			}
			code(t, err, migration.CodeUnsupported)
			if err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one of %s", err, tc.want)
			}
			for _, table := range []string{"t", "note", "item"} {
				if n := target.count(table); n > 0 {
					t.Errorf("%d rows in %s, want none", n, table)
				}
			}
		})
	}
}
