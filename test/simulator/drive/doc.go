// Package drive works in instances of a simulated server as its users would,
// without HTTP. Populate starts instances of many shapes and leaves each
// somewhere on its way; Finish drives one to its end and tells the way it
// took, so that the same instance on two servers can be compared.
//
// Only the engine's own calls are used, but for records and uploads, which
// people fill in with forms that the simulator does not have. Start reading at
// populate.go, then finish.go.
package drive
