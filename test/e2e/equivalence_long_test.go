//go:build e2e

package e2e_test

// equivalents are how many instances continue on two servers at once.
const equivalents = 500

// awkwards are how many instances of kinds that the API alone cannot continue there are.
const awkwards = 200
