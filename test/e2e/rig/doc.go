// Package rig is the stage of the end-to-end tests: a source database with
// uploads and no server, a target with a simulated Joget on it, a Temporal
// development server, and worker and starter as the processes that an operator
// runs. Everything is real but Joget. Start reading at rig.go.
package rig
