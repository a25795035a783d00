package uploads_test

import (
	"testing"

	"jogetferry/migration"
	"jogetferry/uploads"
)

// TestFolderIsTheOneThatJogetUses has what Java's URLDecoder and its normalisation
// make of IDs.
func TestFolderIsTheOneThatJogetUses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		id, want string
	}{
		{"plain", "r 1; 😀", "t/r 1; 😀"},
		{"a_plus_is_a_blank", "A+001", "t/A 001"},
		{"an_escape_is_its_character", "B%41", "t/BA"},
		{"escapes_are_utf8", "%C3%9C%f0%9f%98%80", "t/Ü😀"},
		{"once_and_not_twice", "%2541", "t/%41"},
		{"a_percent_alone_leaves_the_text_as_it_is", "A+1 is 5%", "t/A+1 is 5%"},
		{"so_do_digits_that_are_none", "%zz%41", "t/%zz%41"},
		{"a_sign_is_a_digit_to_java", "x%+A", "t/x\n"},
		{"but_no_byte_is_negative", "x%-1+", "t/x%-1+"},
		{"bytes_that_are_no_utf8_are_replaced", "%FFa%C3", "t/\uFFFDa\uFFFD"},
		{"compatible_characters_are_plain", "Nº-7", "t/No-7"},
		{"full_width_letters_are_ascii", "ＡＢ－１", "t/AB-1"},
		{"parts_of_a_letter_are_one", "e\u0301", "t/\u00e9"},
		{"slashes_make_folders", "PO/2024/1", "t/PO/2024/1"},
		{"so_do_slashes_that_come_of_others", "a%2Fb／c℀", "t/a/b/ca/c"},
		{"slashes_beside_others_make_none", "/a//b/", "t/a/b"},
		{"dots_that_lead_nowhere", "a..b/...", "t/a..b/..."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := uploads.Folder(migration.RowKey{Table: "t", ID: migration.RecordID(tc.id)})
			if got != tc.want || err != nil {
				t.Errorf("folder of %q is %q, %v, want %q", tc.id, got, err, tc.want)
			}
		})
	}
}
