package api

import (
	"context"
	"errors"

	"jogetferry/migration"
)

// StartRequest asks for one new instance.
type StartRequest struct {
	Definition migration.DefinitionID
	As         migration.User     // the requester; must not be empty. migration.AnonymousUser: no login is sent
	Record     migration.RecordID // must not be empty: without it refusal and failure look alike
	// Variables by name, as text of the declared type. INTEGER and FLOAT must
	// not be empty and BOOLEAN and DATETIME not be named: the start would fail
	// or drop them (docs/joget.md#variables-at-the-start).
	Variables map[string]string
}

const startOp = "process/start"

func (r StartRequest) call() call {
	k := call{op: startOp, as: r.As, mutate: true}
	if u := guarded("requester", string(r.As)); u != nil {
		k.err = u // an empty one would start as the administrator
	}
	definition, u := definitionSegment(r.Definition)
	if k.err == nil {
		k.err = u
	}
	k.path = []string{"workflow", "process", "start", definition}
	k.param("record id", "recordId", string(r.Record))
	k.variables(r.Variables)
	return k
}

// CheckStart returns the error that StartProcess would end with before it sends
// anything, nil if it would send.
func (c *Client) CheckStart(r StartRequest) error {
	_, err := c.request(r.call())
	if err != nil {
		err.Op = startOp
		return err
	}
	return nil
}

// StartAnswer is what process/start answered.
type StartAnswer struct {
	Instance     migration.InstanceID // "" when nothing was started; see Outcome
	Record       migration.RecordID   // the parent value; the origin may differ, read the link back
	RecordEchoed bool                 // the answer had the key "recordId" (v7 and later)
	Activity     migration.ActivityID // "" nearly always
}

// StartOutcome is what a start answer means.
type StartOutcome string

// The outcomes.
const (
	// StartStarted: Instance names the new instance.
	StartStarted StartOutcome = "started"
	// StartNotAllowed: the start whitelist refused before anything was made:
	// the requester is not in it, the app version is not published, or its
	// package version is not known. Nothing is left behind.
	StartNotAllowed StartOutcome = "not_allowed"
	// StartFailed: the start failed on the way. An instance in
	// open.not_running.not_started may be left behind, with a link to the
	// record or without. A server before v7 also answers so when it does not allow.
	StartFailed StartOutcome = "failed"
)

// Outcome classifies the answer (docs/joget.md#the-answer-to-a-start).
func (a StartAnswer) Outcome() StartOutcome {
	switch {
	case a.Instance != "":
		return StartStarted
	case a.RecordEchoed:
		return StartNotAllowed
	}
	return StartFailed
}

// StartProcess starts one instance as r.As, and may be called only by who owns
// the start: a second call makes a second instance. ctx counts until the
// request is on its way; from then on only the timeout ends it.
//
// No error means Answered, whatever the Outcome. An error's FateOf says whether
// an instance may exist now.
func (c *Client) StartProcess(ctx context.Context, r StartRequest) (StartAnswer, error) {
	a, err := c.do(ctx, r.call())
	if err != nil {
		return StartAnswer{}, err
	}
	var body struct {
		Process  looseString  `json:"processId"`
		Record   *looseString `json:"recordId"`
		Activity looseString  `json:"activityId"`
	}
	if err := decode(startOp, a, &body, "processId"); err != nil {
		// Joget's answer to a start is never empty: whose this is nobody knows, and what
		// was sent may still run.
		var call *CallError
		if errors.As(err, &call) {
			call.Fate = Unanswered
		}
		return StartAnswer{}, err
	}
	answer := StartAnswer{Instance: migration.InstanceID(body.Process), Activity: migration.ActivityID(body.Activity)}
	if body.Record != nil {
		answer.Record, answer.RecordEchoed = migration.RecordID(*body.Record), true
	}
	return answer, nil
}
