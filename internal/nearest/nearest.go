package nearest

import (
	"cmp"
	"slices"
	"strings"
)

// Words returns up to limit of the known words, closest first, that differ
// from word by at most a third of its length, or contain it. Case is ignored.
// Nothing near: nil.
func Words(word string, known []string, limit int) []string {
	type candidate struct {
		word     string
		distance int
	}
	word = strings.ToLower(word)
	var near []candidate
	for _, k := range known {
		lower := strings.ToLower(k)
		d := distance(word, lower)
		if d <= max(2, len(word)/3) || word != "" && strings.Contains(lower, word) {
			near = append(near, candidate{k, d})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.word, b.word))
	})
	var words []string
	for _, c := range near[:min(limit, len(near))] {
		words = append(words, c.word)
	}
	return words
}

// distance is Levenshtein's, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
