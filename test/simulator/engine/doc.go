// Package engine runs process definitions as the workflow engine inside Joget
// does. Its whole state is in Joget's own tables (SHK*, wf_*, app_*, dir_*):
// in memory are only what the real server also keeps there, settings, blocks
// of counters and object IDs, parsed definitions.
//
// Each method is one manager call and one transaction. As in Joget, a failure
// half-way is swallowed and what was done until then is committed; only
// database deadlocks are undone and tried again. Calls on one tree of
// instances (a root with its subflows) are serialised, different trees run in
// parallel. Start reading at operations.go, then flow.go.
package engine
