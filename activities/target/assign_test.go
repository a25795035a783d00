package target_test

import (
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/fault"
)

// TestResumeActivity_hands_over gives activities to those who have them on the source.
func TestResumeActivity_hands_over(t *testing.T) {
	t.Parallel()
	toThree := scene.Way{{Activity: "triage"}}
	reassigned := func(c *activitytest.Case, in *activitytest.Instance) {
		c.Source.Reassign(in.ID, "lawyer", "david", "etta")
	}
	accepted := func(c *activitytest.Case, in *activitytest.Instance) { c.Source.Accept(in.ID, "lawyer", "david") }
	for _, tc := range []struct {
		name    string
		way     scene.Way
		source  func(*activitytest.Case, *activitytest.Instance)
		happens func(*activitytest.Case, *activitytest.Instance, *scene.Ports)
		calls   []string // that were made, by path
		differs bool     // in the end
	}{
		{name: "to_somebody_else", way: toThree, source: reassigned, calls: []string{"activity/reassign"}},
		{name: "who_accepts_it", way: toThree, source: accepted, calls: []string{"assignment/accept"}},
		{
			name: "and_who_gets_it_accepts_it", way: toThree, calls: []string{"activity/reassign", "assignment/accept"},
			source: func(c *activitytest.Case, in *activitytest.Instance) {
				reassigned(c, in)
				c.Source.Accept(in.ID, "lawyer", "etta")
			},
		},
		{
			name: "but_not_to_who_cannot_log_in", way: toThree, source: reassigned, differs: true,
			happens: func(_ *activitytest.Case, _ *activitytest.Instance, j *scene.Ports) {
				j.Settings.Users = map[migration.User]migration.User{"etta": "nobody"}
			},
		},
		{
			name: "but_not_for_ever_when_it_does_not_work", way: toThree, source: reassigned, differs: true,
			happens: func(c *activitytest.Case, _ *activitytest.Instance, _ *scene.Ports) {
				c.Door.Faults(fault.Rule{Path: "activity/reassign", Kind: fault.Empty200})
			},
			calls: []string{"activity/reassign", "activity/reassign", "activity/reassign", "activity/reassign", "activity/reassign", "activity/reassign"},
		},
		{
			name: "or_not_if_somebody_was_faster", way: toThree, source: accepted, differs: true,
			happens: func(c *activitytest.Case, in *activitytest.Instance, _ *scene.Ports) {
				c.Door.At(activitytest.Sent, "assignment/accept", func() {
					c.Target.Reassign(in.TargetID(), "lawyer", "david", "jack")
					c.Target.Accept(in.TargetID(), "lawyer", "jack")
				})
			},
			calls: []string{"assignment/accept"},
		},
		{
			name: "before_one_completes_what_has_to_be_over", way: toThree,
			source: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Source.Reassign(in.ID, "doctor", "clark", "etta")
				c.Source.Complete(in.ID, "doctor", "etta", nil)
			},
			calls: []string{"activity/reassign", "assignment/complete"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := c.Begin(scene.Three)
			tc.way.Walk(c, in)
			tc.source(c, in)
			in.Plan()
			in.Copy()
			in.Start()
			j := scene.Worker(c)
			if tc.happens != nil {
				tc.happens(c, in, j)
			}
			activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, j, in))
			if !tc.differs {
				activitytest.Same(t, "the target", in.OnSource(), in.OnTarget())
			}
			var calls []string
			for _, part := range []string{"activity/reassign", "assignment/accept", "assignment/complete"} {
				for range c.Door.Calls(part) {
					calls = append(calls, part)
				}
			}
			activitytest.Same(t, "calls", tc.calls, calls)
			if n := len(in.Done(effects.Complete)); n > 1 {
				t.Errorf("%d were completed", n)
			}
		})
	}
}
