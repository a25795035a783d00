package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"jogetferry/internal/exitcode"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

// resumeAtHelp is the help of the flag --resume-at.
const resumeAtHelp = "`ACTIVITIES` of the target at which it goes on, with commas between"

// activitiesAt reads the value of --resume-at; nil where it is not given.
func activitiesAt(text string) ([]migration.ActivityDefID, error) {
	if text == "" {
		return nil, nil
	}
	var at []migration.ActivityDefID
	for name := range strings.SplitSeq(text, ",") {
		id := migration.ActivityDefID(strings.TrimSpace(name))
		switch {
		case id == "":
			return nil, mistake("--resume-at %q has a name that is empty", text)
		case slices.Contains(at, id):
			return nil, mistake("--resume-at names %s twice", id)
		}
		at = append(at, id)
	}
	return at, nil
}

// sayResumeAt keeps where a pilot that has not begun goes on. One that only waits for that
// word is ready then: what its names are worth the worker finds out before it writes anything.
func (s *session) sayResumeAt(ctx context.Context, e *migration.Entry, at []migration.ActivityDefID) error {
	switch e.State { //nolint:exhaustive // all others have begun
	case migration.InstanceReady, migration.InstanceWarned:
	case migration.InstanceBlocked:
		if err := s.waitsForWord(ctx, *e); err != nil {
			return err
		}
	case migration.InstanceParked:
		return mistake("%s is parked (%s); starter resolve %s --action retry --resume-at ...", e.Instance, e.Reason, e.Instance)
	default:
		return mistake("%s is %s: --resume-at is for an instance that has not begun", e.Instance, e.State)
	}
	if err := s.ledger.Pilots.SayResumeAt(ctx, s.config.Migration, e.Instance, migration.Word{Activities: at, By: s.Operator}); err != nil {
		return err
	}
	if e.State != migration.InstanceBlocked {
		return nil
	}
	if err := s.ledger.Pilots.Progress(ctx, s.config.Migration, e.Instance, migration.Change{
		From: []migration.InstanceState{migration.InstanceBlocked}, State: migration.InstanceReady, Detail: "the operator said where it goes on",
	}); err != nil {
		return err
	}
	e.State = migration.InstanceReady
	return nil
}

// badWord is the finding about a word that is wrong: another one removes it.
const badWord = "FERRY-442"

// waitsForWord says what else than the operator's word blocks an instance.
func (s *session) waitsForWord(ctx context.Context, e migration.Entry) error {
	own, err := s.ledger.Logs.Findings(ctx, s.config.Migration, e.Instance)
	if err != nil {
		return err
	}
	general, err := s.ledger.Logs.Findings(ctx, s.config.Migration, "")
	if err != nil {
		return err
	}
	var others []string
	waits := false
	for _, f := range append(report.About(general, e), own...) {
		switch {
		case f.Severity != migration.Blocking:
		case f.Way == migration.WayResume || f.ID == badWord:
			waits = true
		case !slices.Contains(others, f.ID):
			others = append(others, f.ID)
		}
	}
	if waits && len(others) == 0 {
		return nil
	}
	why := strings.Join(others, ", ")
	if why == "" {
		why = "its definition or app"
	}
	return &exitcode.Error{Status: exitcode.Blocked, Text: fmt.Sprintf(
		"%s is blocked by %s, which --resume-at does not change; see starter plan --explain %s", e.Instance, why, e.Instance)}
}

// word returns the operator's word about an instance: what was typed, or what the
// configuration of this starter has.
func (s *session) word(ctx context.Context, id migration.InstanceID) (migration.Word, error) {
	typed, err := s.ledger.Logs.ResumeAt(ctx, s.config.Migration, id)
	if err != nil || len(typed.Activities) > 0 {
		return typed, err
	}
	return migration.Word{Activities: s.config.Instances[id].Resume}, nil
}
