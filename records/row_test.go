package records_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
)

func row(id string, pairs ...any) records.Row {
	r := records.Row{Key: migration.RowKey{Table: "t", ID: migration.RecordID(id)}}
	for i := 0; i < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		r.Names = append(r.Names, name)
		var value []byte
		if s, ok := pairs[i+1].(string); ok {
			value = []byte(s)
		}
		r.Values = append(r.Values, value)
	}
	return r
}

func TestDigestTellsContentApart(t *testing.T) {
	t.Parallel()
	base := row("r", "c_a", "x", "c_b", "y")
	for _, tc := range []struct {
		name  string
		other records.Row
		same  bool
	}{
		{"same", row("r", "c_a", "x", "c_b", "y"), true},
		{"case_of_names", row("r", "C_A", "x", "c_B", "y"), true},
		{"more_columns_that_are_null", row("r", "c_a", "x", "c_a2", nil, "c_b", "y"), true},
		{"more_columns_that_are_empty", row("r", "c_a", "x", "c_a2", "", "c_b", "y"), false},
		{"moved_between_columns", row("r", "c_a", "xy", "c_b", ""), false},
		{"moved_between_name_and_value", row("r", "c_", "ax", "c_b", "y"), false},
		{"null", row("r", "c_a", "x", "c_b", nil), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := base.Digest() == tc.other.Digest(); got != tc.same {
				t.Errorf("same digest: %v, want %v", got, tc.same)
			}
		})
	}
}

func TestCompareNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	source := records.Set{Rows: []records.Row{
		row("same", "c_a", "x", "c_gone", "", "c_z", nil), row("differs", "c_a", "x", "c_b", "", "c_lost", "v"), row("missing", "c_a", "x"),
	}}
	target := records.Set{Rows: []records.Row{
		row("same", "c_A", "x", "c_more", "", "c_more2", nil, "c_z", nil), row("extra"), row("differs", "c_a", "x", "c_b", nil, "c_more", "v"),
	}}
	target.Rows[1].Shared = true
	want := records.Comparison{Same: 1, Differences: []records.Difference{
		{Key: migration.RowKey{Table: "t", ID: "differs"}, Kind: records.Differs, Columns: []string{"c_b", "c_lost", "c_more"}},
		{Key: migration.RowKey{Table: "t", ID: "extra"}, Kind: records.Surplus, Shared: true},
		{Key: migration.RowKey{Table: "t", ID: "missing"}, Kind: records.Missing},
	}}
	if diff := cmp.Diff(want, records.Compare(source, target)); diff != "" {
		t.Errorf("comparison (-want +got):\n%s", diff)
	}
}

func sample() records.Set {
	set := records.Set{
		Root: "r", Missing: []string{"nope"}, Cut: []migration.Relation{{Parent: "a", Child: "b", Kind: held, Column: "c"}},
		Rows: []records.Row{row("r", "c_a", "😀\x00", "c_b", nil, "c_c", ""), row("s", "c_a", "2", "c_b", strings.Repeat("long ", 1000), "c_c", nil), row("", "id", "")},
	}
	set.Rows[1].Shared = true
	return set
}

func TestCodecKeepsEverything(t *testing.T) {
	t.Parallel()
	set := sample()
	got, err := records.Decode(records.Encode(set))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(set, got); diff != "" {
		t.Errorf("set (-want +got):\n%s", diff)
	}
	w := records.Capture{Before: set, After: records.Set{Root: "r"}, Fresh: []migration.RowKey{{Table: "t", ID: "s"}}}
	again, err := records.DecodeCapture(w.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, again); diff != "" {
		t.Errorf("capture (-want +got):\n%s", diff)
	}
	one, err := records.DecodeRow(records.EncodeRow(set.Rows[0]))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(set.Rows[0], one); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
	if packed := records.Encode(set); len(packed) > 400 {
		t.Errorf("%d bytes packed", len(packed))
	}
}

func TestDecodeRefusesDamage(t *testing.T) {
	t.Parallel()
	good := records.Encode(sample())
	for _, tc := range []struct {
		name string
		in   []byte
	}{
		{"empty", nil},
		{"other_version", append([]byte{2}, good[1:]...)},
		{"cut_short", good[:len(good)-3]},
		{"a_window", records.Capture{Before: sample()}.Encode()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := records.Decode(tc.in)
			code(t, err, migration.CodeInvalid)
		})
	}
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0x10
		if set, err := records.Decode(bad); err == nil {
			if diff := cmp.Diff(sample(), set); diff != "" {
				t.Errorf("byte %d flipped goes unseen:\n%s", i, diff)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(records.Encode(sample()))
	f.Add(records.Capture{Before: sample(), After: sample()}.Encode())
	f.Fuzz(func(t *testing.T, in []byte) {
		if set, err := records.Decode(in); err == nil {
			again, err := records.Decode(records.Encode(set))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(set, again); diff != "" {
				t.Error(diff)
			}
		}
		if w, err := records.DecodeCapture(in); err == nil && len(w.Encode()) == 0 {
			t.Error("nothing encoded")
		}
	})
}

// FuzzDecodeContent gets past the checksum, as a mistake of ours would.
func FuzzDecodeContent(f *testing.F) {
	f.Add([]byte{0, 1, 1, 'x', 1, 0, 0, 0, 0, 1, 0, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		if _, err := records.Decode(records.Pack(in)); err != nil && migration.CodeOf(err) != migration.CodeInvalid {
			t.Error(err)
		}
		if _, err := records.DecodeCapture(records.Pack(in)); err != nil && migration.CodeOf(err) != migration.CodeInvalid {
			t.Error(err)
		}
	})
}
