// Package contract is the wire between starter, worker and Temporal: workflow,
// activity, update and query names, task queues, workflow IDs, search
// attributes, and the inputs and outputs of all of them. Everything here is
// stored in Temporal histories, so nothing here may hold a user name, a record
// ID, a file name or a value: instance and definition IDs, counts and
// enumerated words only. The JSON is frozen by golden files.
package contract
