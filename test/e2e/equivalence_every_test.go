package e2e_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/drive"
	"jogetferry/test/simulator/schema"
	"jogetferry/test/simulator/seed"
)

// What the target had before: the next number that it gives to an instance, the ID of one
// of its own, and a record with a row of its own.
const (
	nextOnTarget  = 2001
	ownOfTarget   = "31_leave_process1"
	takenOnTarget = "PERMIT-4711"
)

// rekeyed are the records of instances, by shape, and why each has to have another ID on
// the target; "" for none.
var rekeyed = map[string][]struct{ record, finding string }{
	"permits/permit:record": {
		{"AB 2024", "FERRY-303"},
		{"PO(7)", "FERRY-303"},
		{"a;b;c", "FERRY-303"},
		{"x/*y", "FERRY-303"},
		{`PO 12/2023 (A); "Ä" 'ก๑' 📄🦊 100% R&D #5 A+1`, "FERRY-303"},
		{ownOfTarget, "FERRY-301"},  // another instance's, with another record
		{"1700_permits_permit", ""}, // the target is past it
		{"1805_permits_permit", "FERRY-302"},
		{"2003_permits_permit", "FERRY-302"},
		{"50000_leave_process1", "FERRY-302"},
		{takenOnTarget, "FERRY-310"},
		{"Two of one (2)", "FERRY-303"},
		{"Two of one (2)", "FERRY-303"},
	},
	"permits/visit":         {{"Visit (1); ก", "FERRY-303"}, {"2004_permits_visit", "FERRY-302"}, {"V-3", ""}},
	"permits/permit:holder": {{"H (1)", "FERRY-303"}, {"H-2", ""}, {"H 3", "FERRY-303"}},
}

// everyKind sets up a stage with instances of every kind that the JSON API alone cannot
// continue.
func everyKind(t *testing.T, o rig.Options) *population {
	t.Helper()
	crowd := drive.Options{Seed: 3, Instances: awkwards, OddIDs: true, Records: map[string][]string{}}
	for shape, list := range rekeyed {
		for _, r := range list {
			crowd.Records[shape] = append(crowd.Records[shape], r.record)
		}
	}
	for range rekeyed["permits/permit:record"] {
		crowd.Processes = append(crowd.Processes, "permits/permit:record")
	}
	again := []string{"permits/typed", "permits/dated", "permits/zoning", "permits/publish", "onboard/probation"} // of which it takes several to show all
	crowd.Processes = slices.Concat(crowd.Processes, drive.Awkward(), again, drive.Awkward(), again, again, drive.Awkward(), again, again)
	o.Target = seed.TargetOptions{Instances: 3, Completed: 2, RecordsOnly: 2, SameIDs: []string{ownOfTarget}}
	p := crowded(t, crowd, o)
	p.countOn(nextOnTarget)
	_, err := p.Target.ExecContext(t.Context(), "INSERT INTO app_fd_permit_case (id, dateCreated, createdBy, c_title, c_stage) VALUES (?, '2023-05-06 07:08:09.123456', 'terry', 'Vorher 🦊', '')", takenOnTarget)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// countOn lets the target's counter of instances go on to a number, as if it had given
// out those below.
func (p *population) countOn(next int64) {
	p.t.Helper()
	err := schema.InTransaction(p.t.Context(), p.Target, nil, func(tx *sql.Tx) error {
		for first := int64(0); first < next-schema.Block; {
			var err error
			if first, err = schema.ReserveCounter(p.t.Context(), tx, schema.CounterProcess, schema.Block); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// blockers are the findings with which an instance is blocked as long as no switch is
// on, sorted; nil for none.
func (p *population) blockers(s drive.Started) []string {
	if s.Loose {
		return []string{"FERRY-417"}
	}
	findings := own(s)
	if slices.ContainsFunc(p.started, func(o drive.Started) bool { return o.Loose && o.Root == s.ID }) {
		findings = append(findings, "FERRY-404") // what it began and does not wait for is open
		slices.Sort(findings)
	}
	return findings
}

// own are the findings that an instance is blocked by, whatever it began.
func own(s drive.Started) []string {
	for _, r := range rekeyed[s.Shape] {
		if r.record == s.Record && r.finding != "" {
			return []string{r.finding}
		}
	}
	switch s.Shape {
	case "permits/permit:" + drive.Stuck:
		return []string{"FERRY-403"}
	case "permits/permit:" + drive.Suspended:
		return []string{"FERRY-402", "FERRY-407"}
	case "permits/permit:" + drive.Approving:
		return []string{"FERRY-415"}
	case "permits/sealing", "permits/crashing":
		return []string{"FERRY-406"}
	case "permits/waiting":
		return []string{"FERRY-404"}
	case "permits/typed", "permits/dated", "permits/cleared", "permits/wiped":
		return []string{"FERRY-413"}
	case "permits/zoning":
		if slices.Contains(s.Completed, "survey/measure") {
			return []string{"FERRY-413"}
		}
	case "permits/apply":
		return []string{"FERRY-432"}
	}
	return honest(s)
}

// TestEveryInstance plans instances of every kind that the JSON API alone cannot continue:
// without a switch each is blocked, by what it is blocked for and nothing else. With all
// switches on all of them move, and come to the same ends on both servers.
func TestEveryInstance(t *testing.T) {
	t.Parallel()
	p := everyKind(t, rig.Options{})
	worker := p.StartWorker()
	p.run("plan")
	p.blocked()
	worker.Kill()

	p.switchOn()
	p.StartWorker()
	p.run("plan")
	p.run("pilot", p.pilot())
	p.run("wave", "--without-pilot", "--name", "all", "--window", "60")
	moved := p.movedBut(nothing)
	p.SourceUnchanged()
	p.newRecords()
	t.Log(mechanisms(t, startedOf(moved), switched))

	p.goOn(moved)
	p.equal(moved)
}

// nothing is what blocks an instance when all switches are on.
func nothing(drive.Started) []string { return nil }

// switchOn sets whatever an operator can set so that every instance moves.
func (p *population) switchOn() {
	p.Setenv("FERRY_RECORDS_REKEY", "needed")
	p.Setenv("FERRY_ENGINE_WRITES", "variables")
	p.Setenv("FERRY_STARTS_ASYNCHRONOUS", "end")
	var said []string
	for _, s := range p.started {
		if s.Resume != nil {
			said = append(said, s.ID+"="+strings.Join(s.Resume, "+"))
		}
	}
	p.Setenv("FERRY_INSTANCES", strings.Join(said, ","))
}

// pilot is an instance with variables that no call can set.
func (p *population) pilot() string {
	return p.started[slices.IndexFunc(p.started, func(s drive.Started) bool { return s.Shape == "permits/typed" })].ID
}

// goOn has the source's instances of which nothing shows where they go on do so where the
// target's were told to.
func (p *population) goOn(moved []migrated) {
	p.t.Helper()
	source := p.source()
	for _, m := range moved {
		if err := drive.GoOn(p.t.Context(), source, p.Source, m.ID, m.Resume); err != nil {
			p.t.Errorf("%s: %v", m.ID, err)
		}
	}
}

// newRecords checks which records have another ID on the target, and that nothing is there
// under their old one but what was there before.
func (p *population) newRecords() {
	p.t.Helper()
	keys := p.keys()
	for shape, list := range rekeyed {
		table := "app_fd_permit_case"
		if shape == "permits/visit" {
			table = "app_fd_permit_visit"
		}
		for _, r := range list {
			there, other := keys[r.record]
			if other != (r.finding != "") || other && uuid.Validate(there) != nil {
				p.t.Errorf("%s has the new ID %q, %t, because of %q", r.record, there, other, r.finding)
			}
			rows := p.truth.rows(p.Target, "SELECT id FROM "+table+" WHERE id = ?", r.record)
			if other && r.record != takenOnTarget && len(rows) > 0 {
				p.t.Errorf("%s is on the target under its old ID", r.record)
			}
		}
	}
}

// blocked checks that every instance is blocked by its blockers, and ready where it has
// none.
func (p *population) blocked() {
	p.t.Helper()
	entries := p.entries()
	orphans := p.truth.rows(p.truth.ledger, "SELECT subject FROM finding WHERE check_id = 'FERRY-417'")
	for _, s := range p.started {
		want, got := p.blockers(s), p.blocking(s.ID)
		if s.Loose && slices.Contains(orphans, s.ID) {
			got = append(got, "FERRY-417")
		}
		state := entries[s.ID].state
		if !slices.Equal(got, want) || !s.Loose && (state == "blocked") != (want != nil) {
			p.t.Errorf("%s is %s by %v, want %v: %+v\n%s", s.Shape, state, got, want, s, strings.Join(p.findings(s.ID), "\n"))
		}
	}
}
