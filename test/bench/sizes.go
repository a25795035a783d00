package bench

import "time"

// Sizes say how much a run measures.
type Sizes struct {
	Name   string // as the page says it
	Rounds int    // repetitions in turns, of which the median counts

	Wave, Window         int // instances of a wave, and in flight
	Sequential, Parallel int // instances of the shell script, one after the other and Window at a time

	Slow, SlowSequential, SlowParallel int // the same with the slow target

	Tables    int // form tables on a server that has many
	TableWave int // instances of a wave there

	Rows        int // of one table, for the bulk copy
	Files       int // of FileBytes, FolderFiles a record
	LargeBytes  int64
	Plan        int // instances
	RecordBytes int64
	Entries     int // of a wave whose poll is measured
}

// What the target takes for each call.
const (
	quickTarget = 50 * time.Millisecond
	slowTarget  = 300 * time.Millisecond
)

// Files are small ones of four a record.
const (
	fileBytes   = 8000
	folderFiles = 4
)

// Usual takes about ten minutes on two cores.
func Usual() Sizes {
	return Sizes{
		Name: "the usual one", Rounds: 3,
		Wave: 200, Window: 50, Sequential: 40, Parallel: 100,
		Slow: 200, SlowSequential: 20, SlowParallel: 100,
		Tables: 1_500, TableWave: 50,
		Rows: 300_000, Files: 10_000, LargeBytes: 1 << 30,
		Plan: 20_000, RecordBytes: 80 << 20, Entries: 300_000,
	}
}

// Full has the sizes that the budgets name, and takes half an hour.
func Full() Sizes {
	s := Usual()
	s.Name = "a full one"
	s.Rows, s.Plan, s.Entries = 1_000_000, 100_000, 1_000_000
	return s
}

// Tiny shows that everything works, and measures nothing.
func Tiny() Sizes {
	return Sizes{
		Name: "a tiny one, which says nothing", Rounds: 1,
		Wave: 3, Window: 3, Sequential: 1, Parallel: 2,
		Slow: 1, SlowSequential: 1, SlowParallel: 1,
		Tables: 12, TableWave: 1,
		Rows: 500, Files: 8, LargeBytes: 1 << 20,
		Plan: 20, RecordBytes: 1 << 20, Entries: 500,
	}
}
