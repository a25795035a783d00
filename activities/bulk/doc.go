// Package bulk has the activities of the copy of all data: tables are cut into chunks
// (CutTables), which lanes take one after the other (CopyChunks). What a chunk is, and whose
// its rows are afterwards: docs/adr/0015-all-data-of-an-app.md. How rows are copied and
// compared is in package records, what is known of them in package store.
package bulk
