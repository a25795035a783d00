//go:build !e2e

package e2e_test

// equivalents are how many instances continue on two servers at once: the
// fewest that show every mechanism.
const equivalents = 180

// awkwards are how many instances of kinds that the API alone cannot continue there are.
const awkwards = 98
