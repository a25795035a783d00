// Package recorded replays what was recorded of Joget's own engine: each file
// of testdata is a scenario, made again on the simulator call by call over HTTP,
// with the rows of its database compared after every step. testdata/README.md
// tells what the files hold.
//
// Every recorded column of every row is compared, and the order of the rows.
// What is not, because no client sees it or Joget does not fix it:
//   - the boolean of process/abort and the text of an exception, which Joget
//     only logs;
//   - the order of variables in answers and in the history's JSON, that of a
//     hash map;
//   - the order of links, which have no oid: they are read as their instances.
//
// Where calls met in the engine, engine.Options.Pause brings the simulator's
// calls forward in the recorded order, so that each run is the same.
package recorded
