// Package shown finds the commands that README.md and the pages below docs show,
// so that the test of each program can hold them against its flags. It runs
// nothing. A block without a language is one of commands, and so is code within a
// sentence that begins with a program; what is only looked at is marked as text.
//
// It is for tests. Start reading at shown.go.
package shown
