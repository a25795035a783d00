// Package contract is what starter, workflows and activities say to each other
// through Temporal: names of workflows, activities, updates and queries, task
// queues, workflow IDs, search attributes, and the types of all inputs and
// outputs. An activity is one value with its input and output type, so that caller
// and worker cannot disagree.
//
// Temporal stores all of it in histories. So nothing here may hold a user name, a
// record ID, a file name or a value: only instance and definition IDs, counts and
// enumerated words. Golden files keep the JSON as it is.
package contract
