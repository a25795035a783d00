// Package uploads copies uploaded files between the two servers: the Store
// interface, the copy loop (Copy) and the comparison of both sides (Compare). A
// store keeps files by table, record and name, as Joget does below app_formuploads:
// Folder says where. Each kind of store is a folder below, whose test runs
// the suite of uploadstest.
//
// It knows neither where files are, nor which records there are, nor the ledger:
// former files go through the interface FileImages. Names are bytes and never
// changed. Nothing here logs; the Safe text of errors holds no table, record or
// file name. Start reading at store.go and copy.go.
package uploads
