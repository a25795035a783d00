// Package verify compares what was migrated: an instance with its source, item by
// item (VerifyInstance), what a pilot shows beyond that (GatherEvidence), and
// sources that moved on after their instances were done (CheckDrift). Only
// VerifyInstance with Fix writes to the target: it puts back files that tools
// changed. Start reading at VerifyInstance.
package verify
