package drive

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Question is asked before an activity is completed.
type Question struct {
	Record   string // record ID of the root instance
	Process  string // "package/process" of the activity's instance
	Activity string // definition ID
	Visit    int    // how often the activity was completed in this drive before, from 0
}

// Answers gives the variables that a user sets when completing an activity;
// nil for none. It must depend on the question only.
type Answers func(Question) map[string]string

// choice is a variable that an activity sets, and to what. The first value
// leads on, the others may lead back.
type choice struct {
	variable string
	values   []string
}

// choices are the decisions that the simulator's apps know, by
// "package/process/activity". Only texts can be set at a completion.
var choices = map[string]choice{
	"leave/process1/approve":     {"status", []string{"approved", "resubmit", "rejected"}},
	"procure/process1/budget":    {"justification", []string{"within budget", "Über dem Budget"}},
	"onboard/onboarding/prepare": {"status", []string{"prepared"}},
	"onboard/equipment/pick":     {"equipmentStatus", []string{"picked", "ordered"}},
	"onboard/equipment/handover": {"equipmentStatus", []string{"handed over"}},
	"onboard/probation/review":   {"outcome", []string{"pass", "extend", "doubt"}},
	"claims/intake/review":       {"status", []string{"accepted", "resubmit", "rejected"}},
	"claims/assess/doctor":       {"medical", []string{"fit", "unfit"}},
	"claims/assess/lawyer":       {"legal", []string{"covered", "doubtful"}},
	"claims/assess/police":       {"police", []string{"reported"}},
	"claims/nested/appraise":     {"value", []string{"80", "1200"}},
	"claims/choice/plan":         {"level", []string{"normal", "high"}},
	"claims/rounds/check":        {"offer", []string{"done", "again"}},
	"claims/guardedJoin/sell":    {"retry", []string{"no", "yes"}},
	"claims/late/hearing":        {"verdict", []string{"decided"}},
	"claims/sitting/hear":        {"outcome", []string{"heard", "adjourned"}},
	"claims/escalate/letter":     {"mode", []string{"skip"}},
	"claims/panel/sit":           {"verdict", []string{"sat"}},
	"claims/relayEnd/deliver":    {"status", []string{"carried", "late"}},
}

// most is how often an activity may be answered with what leads back.
const most = 2

// Choose returns answers for the processes of the simulator's apps that vary
// with the seed, the record and the visit, and lead to an end.
func Choose(seed uint64) Answers {
	return func(q Question) map[string]string {
		c, known := choices[q.Process+"/"+q.Activity]
		if !known {
			return nil
		}
		i := uint64(0)
		if q.Visit < most {
			sum := sha256.Sum256(fmt.Appendf(nil, "%d|%s|%s|%s|%d", seed, q.Record, q.Process, q.Activity, q.Visit))
			i = binary.BigEndian.Uint64(sum[:]) % uint64(len(c.values))
		}
		return map[string]string{c.variable: c.values[i]}
	}
}
