// Package xpdl reads process definitions as Joget writes them: XPDL 1.0, one
// package with its workflow processes. It owns the model that the migrator
// plans with and the simulator runs; it knows neither databases nor the
// engine's state. Start reading at Parse, then Process.
package xpdl
