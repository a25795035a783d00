// Package rehearse tells from process definitions what a rehearsal may do: whether
// answers fit, and whether the way ahead of an activity is the same whatever its
// form would set. It is pure. Start reading at Decisions.
package rehearse
