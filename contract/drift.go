package contract

import "jogetferry/migration"

// CheckDrift compares a page of migrated instances with the source as it is now.
var CheckDrift = Activity[ListInput, DriftPage]{"CheckDrift", RoleCopy}

// DriftInput starts a comparison of everything that is done with the source.
type DriftInput struct {
	Migration migration.Name `json:"migration"`
	Queues    Queues         `json:"queues"`
	After     int64          `json:"after,omitempty"`
	Result    DriftResult    `json:"result"`
}

// DriftResult counts instances; Listed names what is not still, up to MaxDifferent.
type DriftResult struct {
	Still  int       `json:"still"`
	Moved  int       `json:"moved"`
	Closed int       `json:"closed"`
	Listed []Drifted `json:"listed,omitempty"`
}

// Drifted is an instance that went on on the source after it was migrated.
type Drifted struct {
	Instance migration.InstanceID `json:"instance"`
	Closed   bool                 `json:"closed,omitempty"` // else it only moved
}

// DriftPage is one page; Next is 0 when there is no further one.
type DriftPage struct {
	Still   int       `json:"still"`
	Drifted []Drifted `json:"drifted,omitempty"`
	Next    int64     `json:"next,omitempty"`
}
