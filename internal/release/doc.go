// Command release builds the archives of a release into a folder: for each
// platform the programs, the documents and what a deployment needs, and
// SHA256SUMS of all. Equal sources give equal bytes, whoever builds them and
// whenever, so a release can be checked by building it again.
//
// `make release` runs it. It signs and uploads nothing. Start reading at main.go.
package main
