// Package engine runs process definitions as the workflow engine inside Joget
// does. Its whole state is in Joget's own tables (SHK*, wf_*, app_*, dir_*):
// in memory are only what the real server also keeps there, settings, blocks
// of counters and object IDs, parsed definitions.
//
// Each method is one manager call. As in Joget there is no transaction around
// it: each statement is seen at once, calls on one instance overlap, each with
// its own view of what it has read, and a failure half-way takes nothing back
// (docs/joget.md#no-transaction). Only completions of one activity wait for each
// other. Tests hold calls in their middle, see Point.
//
// Start reading at operations.go, then flow.go. What a row looks like is in
// instance.go, activity.go, variables.go and assign.go, how calls fail in
// failure.go.
package engine
