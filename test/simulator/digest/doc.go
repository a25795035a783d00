// Package digest proves that something stayed as it was: it takes a canonical
// digest of a whole database or of a folder tree, and tells two digests apart
// in words. It is an instrument of tests; nothing else may import it. Start
// reading at OfDatabase and OfTree.
package digest
