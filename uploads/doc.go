// Package uploads moves uploaded files between stores: the Store interface, the
// copy loop (Copy) and the comparison of both sides (Compare). A store keeps files
// by table, record and name, as Joget does below app_formuploads
// (docs/joget.md#uploads); backends live in folders below, and prove themselves
// with uploadstest.
//
// It refuses to know where files lie, which records there are and the ledger:
// images go through FileImages, declared here. Names are bytes and never changed.
// Nothing here logs; the Safe text of errors holds no table, record or file
// name. Start reading at store.go and copy.go.
package uploads
