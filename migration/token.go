package migration

import (
	"cmp"
	"slices"
)

// MissingTokens compares tokens as a multiset: which of the wanted are not present,
// and which present ones are not wanted, both sorted, empty when there are
// none. A token is the same whoever its Performer is; of several that are, those
// with the same Performer belong together.
func MissingTokens(wanted, present []JoinToken) (missing, extra []JoinToken) {
	missing, extra = SortedTokens(wanted), SortedTokens(present)
	for _, same := range []func(a, b JoinToken) bool{
		JoinToken.Is,
		func(a, b JoinToken) bool { return a.Join == b.Join && a.From == b.From },
	} {
		missing = slices.DeleteFunc(missing, func(w JoinToken) bool {
			i := slices.IndexFunc(extra, func(p JoinToken) bool { return same(w, p) })
			if i >= 0 {
				extra = slices.Delete(extra, i, i+1)
			}
			return i >= 0
		})
	}
	return missing, extra
}

// SortedTokens returns a sorted copy of tokens.
func SortedTokens(tokens []JoinToken) []JoinToken {
	return slices.SortedFunc(slices.Values(tokens), CompareTokens)
}

// CompareTokens orders tokens by join, predecessor and performer.
func CompareTokens(a, b JoinToken) int {
	return cmp.Or(cmp.Compare(a.Join, b.Join), cmp.Compare(a.From, b.From), cmp.Compare(a.Performer, b.Performer))
}
