package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"jogetferry/test/simulator/drive"
)

// mechanism is something that must be continued, and which instances need it.
type mechanism struct {
	name  string
	needs func(drive.Started) bool
}

// opens tells of instances of a process with an activity, "path/definition", open.
func opens(process, activity string) func(drive.Started) bool {
	return func(s drive.Started) bool {
		return drive.Process(s.Definition) == process && slices.Contains(s.Open, activity)
	}
}

// waits tells of instances of a process with a branch that waits at a join.
func waits(process, token string) func(drive.Started) bool {
	return func(s drive.Started) bool {
		return drive.Process(s.Definition) == process && slices.Contains(s.Tokens, token)
	}
}

func deep(n int) func(drive.Started) bool {
	return func(s drive.Started) bool { return s.Depth == n }
}

func ranAtStart(tool string) func(drive.Started) bool {
	return func(s drive.Started) bool { return slices.Contains(s.StartTools, tool) }
}

func recordHas(text string) func(drive.Started) bool {
	return func(s drive.Started) bool { return strings.Contains(s.Record, text) }
}

func either(list ...func(drive.Started) bool) func(drive.Started) bool {
	return func(s drive.Started) bool {
		return slices.ContainsFunc(list, func(f func(drive.Started) bool) bool { return f(s) })
	}
}

// known are the mechanisms. Each must be needed by some instance.
var known = []mechanism{
	{"straight", func(s drive.Started) bool { return len(s.Open) == 1 && len(s.Tokens) == 0 }},
	{"parallel", func(s drive.Started) bool { return s.Depth == 0 && len(s.Open) > 1 }},
	{"loop gone through", func(s drive.Started) bool {
		return slices.ContainsFunc(s.Completed, func(a string) bool { return strings.Count(" "+strings.Join(s.Completed, " ")+" ", " "+a+" ") > 1 })
	}},
	{"join behind a manual activity", either(waits("claims/assess", "settle<doctor"), waits("claims/assess", "settle<lawyer"), waits("procure/process1", "merge<quote"))},
	{"join behind a route", waits("claims/assess", "settle<filed")},
	{"inner join of a nested one", either(waits("claims/nested", "appraise<survey"), waits("claims/nested", "appraise<photos"))},
	{"outer join behind an inner one", waits("claims/nested", "merge<appraise")},
	{"join behind a conditional split", either(waits("claims/choice", "agree<inspect"), waits("claims/choice", "agree<verify"))},
	{"join with the predecessor open again", func(s drive.Started) bool {
		return waits("claims/rounds", "merge<reply")(s) && opens("claims/rounds", "reply")(s)
	}},
	{"join in a subflow", func(s drive.Started) bool {
		return slices.ContainsFunc(s.Tokens, func(t string) bool { return strings.Count(t, "/") > 0 })
	}},
	{"subflow one deep", deep(1)},
	{"subflow two deep", deep(2)},
	{"subflow three deep", deep(3)},
	{"subflow whose link is late", either(opens("claims/relay", "pass"), opens("claims/escalate", "call/sit"))},
	{"subflow with start tools", opens("claims/dispute", "mediate")},
	{"subflow beside a manual activity", func(s drive.Started) bool {
		return opens("claims/escalate", "call")(s) && slices.Contains(s.Open, "letter")
	}},
	{"start that would run through", func(s drive.Started) bool { return s.Late && drive.Process(s.Definition) == "claims/late" }},
	{"subflow's start that would run through", func(s drive.Started) bool { return s.Late && drive.Process(s.Definition) == "claims/escalate" }},
	{"accepted", func(s drive.Started) bool { return len(s.Accepted) > 0 }},
	{"offered to several", func(s drive.Started) bool { return len(s.Shared) > 0 }},
	{"given to somebody else", func(s drive.Started) bool { return len(s.Reassigned) > 0 }},
	{"accepted in a subflow", func(s drive.Started) bool {
		return slices.ContainsFunc(s.Accepted, func(a string) bool { return strings.Contains(a, "/") })
	}},
	{"assignee by who completed before", either(opens("claims/nested", "confirm"), opens("claims/intake", "appeal"), opens("claims/escalate", "letter"))},
	{"assignee by a variable", either(opens("claims/intake", "pay"), opens("claims/nested", "estimate"), opens("procure/process1", "budget"))},
	{"number set at the start", opens("claims/intake", "pay")},
	{"text kept as an object", func(s drive.Started) bool { return s.LongText }},
	{"start tool changes the record", func(s drive.Started) bool { return ranAtStart("stamp")(s) && s.Edited }},
	{"start tool sets a variable", ranAtStart("register")},
	{"start tool inserts a row", ranAtStart("history")},
	{"start tool writes a file", func(s drive.Started) bool { return ranAtStart("letter")(s) && s.Files }},
	{"start tool throws", ranAtStart("notify")},
	{"start tool is slow", ranAtStart("archive")},
	{"record ID with quotes", either(recordHas("'"), recordHas(`"`))},
	{"record ID with a percent sign", recordHas("%")},
	{"record ID with an ampersand", recordHas("&")},
	{"record ID with a hash", recordHas("#")},
	{"record ID with a plus", recordHas("+")},
	{"record ID with a slash", recordHas("/")},
	{"record ID with a backslash", recordHas(`\`)},
	{"record ID with markup", recordHas("<")},
	{"record ID in Thai", recordHas("ข")},
	{"record ID with an emoji", recordHas("🦊")},
}

// stands tells of instances of a shape with an activity open, "" for any or none.
func stands(shape, activity string) func(drive.Started) bool {
	return func(s drive.Started) bool {
		return s.Shape == shape && !s.Loose && (activity == "" || slices.Contains(s.Open, activity))
	}
}

// loose tells of instances of a process for which nobody waits.
func loose(process string) func(drive.Started) bool {
	return func(s drive.Started) bool { return s.Loose && drive.Process(s.Definition) == process }
}

// because tells of instances whose record has to have another ID on the target.
func because(finding string) func(drive.Started) bool {
	return func(s drive.Started) bool { return slices.Contains(own(s), finding) }
}

// switched are what the JSON API alone cannot do. Each must be needed by some instance.
var switched = []mechanism{
	{"BOOLEAN and numbers that decide later", stands("permits/typed", "inspect")},
	{"activity with values from before", func(s drive.Started) bool {
		return stands("permits/typed", "inspect")(s) && slices.Contains(s.Completed, "pay")
	}},
	{"text kept as an object, with characters of four bytes", func(s drive.Started) bool { return s.LongText }},
	{"BOOLEAN set on an activity", func(s drive.Started) bool { return s.Boolean }},
	{"DATETIME", stands("permits/dated", "")},
	{"DATETIME that goes into a subflow", stands("permits/dated", "hear/listen")},
	{"DATETIME that a subflow hands back", either(stands("permits/dated", "hear/sign"), stands("permits/dated", "late"))},
	{"BOOLEAN and numbers that a subflow hands back", either(stands("permits/zoning", "survey/draw"), stands("permits/zoning", "survey/report"))},
	{"BOOLEAN and numbers that a subflow handed back", stands("permits/zoning", "fast")},
	{"nulls of every type", stands("permits/cleared", "")},
	{"activity with zeros in place of nulls", stands("permits/cleared", "blank")},
	{"text that is null", stands("permits/wiped", "look")},
	{"asynchronous subflow of an open caller", func(s drive.Started) bool { return s.Loose && !s.Alone }},
	{"asynchronous subflow whose caller has ended", func(s drive.Started) bool { return s.Alone }},
	{"asynchronous subflow", loose("permits/notice")},
	{"asynchronous subflow two deep", loose("permits/delivery")},
	{"asynchronous subflow of a start", loose("permits/registration")},
	{"start that begins an asynchronous subflow with tools", stands("permits/apply", "")},
	{"closed subflow of a caller that waits", stands("permits/waiting", "call")},
	{"nothing open", stands("permits/permit:"+drive.Stuck, "")},
	{"tool that hangs, run again", stands("permits/sealing", "seal")},
	{"tool that hangs, passed over", stands("permits/crashing", "crash")},
	{"started without a login", stands("permits/permit:"+drive.Anonymous, "")},
	{"suspended", stands("permits/permit:"+drive.Suspended, "")},
	{"multi-approval that is half done", stands("permits/permit:"+drive.Approving, "approve")},
	{"record ID of an instance of the target", because("FERRY-301")},
	{"record ID that the target may give an instance", because("FERRY-302")},
	{"record ID that no call can carry", because("FERRY-303")},
	{"record ID that another row has", because("FERRY-310")},
	{"record that names one with another ID", func(s drive.Started) bool { return s.Record == "H-2" }},
	{"record of two instances", func(s drive.Started) bool { return s.Record == "Two of one (2)" }},
}

// mechanisms counts who needed which mechanism of a list and fails for one that nobody did.
func mechanisms(t *testing.T, moved []drive.Started, list []mechanism) string {
	t.Helper()
	var table strings.Builder
	table.WriteString("instances by mechanism\n")
	for _, m := range list {
		n := 0
		for _, i := range moved {
			if m.needs(i) {
				n++
			}
		}
		fmt.Fprintf(&table, "%5d %s\n", n, m.name)
		if n == 0 {
			t.Errorf("no instance shows: %s", m.name)
		}
	}
	return table.String()
}
