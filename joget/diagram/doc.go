// Package diagram says where the parts of a process definition are drawn: as Joget's builder
// has them, by the coordinates that the definition keeps, or in layers where it keeps none.
// It draws nothing itself.
package diagram
