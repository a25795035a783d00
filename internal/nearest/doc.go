// Package nearest finds the known word that somebody probably meant.
package nearest
