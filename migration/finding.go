package migration

// Severity says what a finding does to an instance.
type Severity string

// The severities: a blocking finding sets instances aside, a warning marks
// them, a note informs.
const (
	Blocking Severity = "blocking"
	Warning  Severity = "warning"
	Note     Severity = "note"
)

// Finding is the typed result of a check. ID is never reused for another
// check. Subject names a server, definition, table or instance, never a person
// or record; Seen may do so, and so stays in the ledger.
type Finding struct {
	ID       string   `json:"id"` // "FERRY-101"
	Severity Severity `json:"severity"`
	Subject  string   `json:"subject"`
	Message  string   `json:"message"` // what was found, in one sentence
	Seen     string   `json:"seen,omitempty"`
	Remedy   string   `json:"remedy"` // what to do
	Way      Way      `json:"way,omitempty"`
}

// Worst returns the highest severity among findings, "" for none.
func Worst(findings []Finding) Severity {
	worst := Severity("")
	for _, f := range findings {
		switch {
		case f.Severity == Blocking:
			return Blocking
		case f.Severity == Warning:
			worst = Warning
		case f.Severity == Note && worst == "":
			worst = Note
		}
	}
	return worst
}
