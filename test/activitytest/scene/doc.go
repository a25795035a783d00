// Package scene has what tests of several packages of activities need: a worker
// of a case that has all roles, and instances in the situations that most tests
// begin with. It imports activities, so only external tests can use it.
package scene
