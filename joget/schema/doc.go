// Package schema reads the database of one Joget server: instances with their
// variables, activities and assignments, links and history, settings,
// counters, users, apps and definitions. It is the only place that knows the
// names of Joget's tables, apart from form tables.
//
// It never writes. A DB opened ReadOnly cannot: every connection of its pool
// refuses. Identifiers are compared as bytes, in Go, since the collations of
// Joget's tables ignore case and accents. Tables whose names differ in case
// are found; tables that only v8 has are taken for empty where they are missing.
//
// Start reading at DB, then Reader.
package schema
