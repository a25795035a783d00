// Package effects is the simulator's log of everything that changed
// something: starts, activity starts, completions, tools. Tests prove "started
// exactly once" with it. It knows neither HTTP nor the engine.
package effects
