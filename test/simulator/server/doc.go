// Package server puts a simulated Joget server together: engine, JSON API,
// faults, effect log and the admin side-channel below /sim/. The command and
// in-process tests share it. Start reading at New.
package server
