// Package seed fills a simulated Joget database as days of work would have
// left it: running instances at every plausible activity, their variables,
// assignments, links, form records, child rows and uploads, archived ones, and
// counters that fit. It writes by SQL, needs no engine, and the same options
// give the same bytes.
//
// By default every instance can be migrated by plain means; everything that
// cannot (join tokens, subflows, suspended ones, wrecks ...) is asked for by
// number. Start reading at Options, then Run.
package seed
