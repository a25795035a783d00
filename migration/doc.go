// Package migration holds the rules by which running Joget process instances move
// from one server to another: every decision is a pure function of values. It
// knows neither SQL, HTTP nor Temporal, reads no clock, and imports only the
// standard library.
//
// Words that the whole module uses:
//
//   - The source is the server that instances leave, the target the one they go to.
//   - An instance is one running process instance of Joget; its record is the form
//     row that it belongs to, with the rows and files below that row.
//   - A snapshot is what the source looked like when the instance had its turn: a
//     Tree of the instance and its open subflows.
//   - The ledger is the module's own database. It knows what was done with each
//     instance, and decides what may be done; Temporal only keeps the order.
//   - A claim gives one attempt the right to start an instance on the target. The
//     fence of an instance lets one call at a time change it.
//   - An instance parks when only a person can decide; a Reason says why, and its
//     Actions what the person can choose.
//   - A verdict is the result of comparing both sides.
//
// Start reading at start.go, the protocol that makes a second start impossible.
package migration
