package workflows

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"jogetferry/contract"
	"jogetferry/migration"
)

var (
	stageKey      = temporal.NewSearchAttributeKeyKeyword(contract.StageAttribute)
	reasonKey     = temporal.NewSearchAttributeKeyKeyword(contract.ReasonAttribute)
	waveKey       = temporal.NewSearchAttributeKeyKeyword(contract.WaveAttribute)
	definitionKey = temporal.NewSearchAttributeKeyKeyword(contract.DefinitionAttribute)
)

// maxFailures bounds how often Joget may answer a start with an error, and
// prove to have started nothing, before the instance parks. A target that is
// out of reach is waited for without end.
const maxFailures = 5

// Instance migrates one source instance: copy form data, copy uploads, start,
// restore what the start changed, resume each pending activity, verify. A step
// that cannot go on parks the instance: it stays open and waits for the update
// "resolve". It never gives up by itself. In ModeRollback and ModeRedo it is
// undone first, or refused; while it is being undone nothing parks it: what
// cannot be undone fails the run, and another one goes on.
func Instance(ctx workflow.Context, in contract.InstanceInput) (contract.InstanceResult, error) {
	w := &instance{in: in, step: contract.StepInput{Migration: in.Migration, Instance: in.Instance}}
	if err := w.setup(ctx); err != nil {
		return contract.InstanceResult{}, err
	}
	result, err := w.run(ctx)
	// What is half undone stays so in the ledger: it has to be gone on with.
	if temporal.IsCanceledError(err) && w.at != migration.StepRollback {
		return contract.InstanceResult{}, w.cancelled(ctx, err)
	}
	return result, err
}

type instance struct {
	in   contract.InstanceInput
	step contract.StepInput

	at       migration.Step
	target   migration.InstanceID
	next     *contract.ResumeCall
	accepted []migration.Reason
	redo     bool
	undone   contract.UndoDataOutput
	attempt  int // the number of the last claim of its start that is known of
	starts   int // proven not to have happened, for whatever reason
	failures int // of these, answered by Joget with an error
	verdict  migration.Verdict

	parked   *contract.Outcome
	decision *contract.Resolution
	log      []string
}

func (w *instance) setup(ctx workflow.Context) error {
	if err := workflow.SetQueryHandlerWithOptions(ctx, contract.StatusQuery, w.status, workflow.QueryHandlerOptions{
		Description: "the step of this instance and, while it is parked, the actions that fit",
	}); err != nil {
		return fmt.Errorf("register query %s: %w", contract.StatusQuery, err)
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.ResolveUpdate, w.resolve, workflow.UpdateHandlerOptions{
		Validator:   w.validate,
		Description: `decide about a parked instance: {"action": "retry|skip|redo|adopt|accept|rekey|rollback", "target": "<ID to adopt>"}`,
	}); err != nil {
		return fmt.Errorf("register update %s: %w", contract.ResolveUpdate, err)
	}
	w.at = migration.StepCopyFormData
	w.redo = w.in.Mode == contract.ModeDelta
	return nil
}

// run goes through the steps until the instance is verified, skipped or undone.
func (w *instance) run(ctx workflow.Context) (contract.InstanceResult, error) {
	if w.in.Mode == contract.ModeRollback || w.in.Mode == contract.ModeRedo {
		again := w.in.Mode == contract.ModeRedo
		refused, err := w.undo(ctx, w.in.Discard, again)
		switch {
		case err != nil:
			return contract.InstanceResult{}, err
		case refused != "":
			w.tell(ctx, "not undone: "+refused)
			return contract.InstanceResult{Refused: refused}, nil
		case !again:
			return w.end(ctx, migration.InstanceReady, "")
		}
		w.at, w.redo = migration.StepCopyFormData, true
	}
	for {
		out, err := w.do(ctx)
		if temporal.IsCanceledError(err) {
			return contract.InstanceResult{}, err
		}
		if err != nil {
			out, err = w.fail(ctx, err)
			if err != nil {
				return contract.InstanceResult{}, err
			}
		}
		switch out.Status {
		case contract.StatusSkipped:
			if err := w.mark(ctx, stageKey.ValueSet(contract.StageSkipped), reasonKey.ValueSet(string(out.Reason))); err != nil {
				return contract.InstanceResult{}, err
			}
			return w.end(ctx, migration.InstanceSkipped, out.Reason)
		case contract.StatusParked:
			more, err := w.park(ctx, out)
			if err != nil {
				return contract.InstanceResult{}, err
			}
			if !more && w.at == migration.StepRollback {
				return w.end(ctx, migration.InstanceReady, "")
			}
			if !more {
				return w.end(ctx, migration.InstanceSkipped, migration.ReasonOperator)
			}
		case contract.StatusDone:
			return w.end(ctx, migration.InstanceDone, "")
		case contract.StatusOK, contract.StatusBusy, contract.StatusAgain, contract.StatusUnknown:
			if w.at == "" {
				return w.end(ctx, migration.InstanceDone, "")
			}
		}
	}
}

// do runs the present step and, when it went well, moves to the next one; the
// empty step means that all is done.
func (w *instance) do(ctx workflow.Context) (contract.Outcome, error) {
	switch w.at {
	case migration.StepCopyFormData:
		w.tell(ctx, "copying form data")
		out, err := call(ctx, w.in.Queues, contract.CopyFormData, "copy form data", contract.CopyFormDataInput{
			StepInput: w.step, Redo: w.redo, Delta: w.in.Mode == contract.ModeDelta,
		})
		if w.passed(out.Outcome, err, migration.StepCopyUploads) {
			if w.redo {
				w.redo, w.accepted = false, nil
			}
			w.note("form data: %d rows, %d written", out.Rows, out.Written)
			if out.Uploads != nil {
				w.uploaded(*out.Uploads, nil)
			}
		}
		return out.Outcome, err
	case migration.StepCopyUploads:
		w.tell(ctx, "copying uploads")
		out, err := call(ctx, w.in.Queues, contract.CopyUploads, "copy uploads", w.step)
		w.uploaded(out, err)
		return out.Outcome, err
	case migration.StepStart:
		return w.start(ctx)
	case migration.StepRestore:
		w.tell(ctx, "putting back rows and variables that the start changed")
		out, err := call(ctx, w.in.Queues, contract.RestoreState, "put back rows and variables", w.step)
		follow(&w.step, out.Outcome, err)
		if w.passed(out.Outcome, err, migration.StepResume) {
			w.next = out.Next
			w.note("restored: %d rows, %d variables", out.Rows, out.Variables)
			w.skipResume()
		}
		return out.Outcome, err
	case migration.StepResume:
		return w.resume(ctx)
	case migration.StepVerify:
		if err := w.evidence(ctx); err != nil {
			return contract.Outcome{}, err
		}
		w.tell(ctx, "comparing both sides")
		out, err := call(ctx, w.in.Queues, contract.VerifyInstance, "verify", contract.VerifyInput{StepInput: w.step, Fix: true, Accepted: w.accepted})
		w.verdict = out.Verdict
		if w.passed(out.Outcome, err, "") {
			w.note("verdict: %s", out.Verdict)
		}
		return out.Outcome, err
	case migration.StepRollback, migration.StepRehearse:
	}
	return contract.Outcome{}, temporal.NewNonRetryableApplicationError("unknown step "+string(w.at), string(migration.CodeInternal), nil)
}

// uploaded moves on when the uploads were copied.
func (w *instance) uploaded(out contract.CopyUploadsOutput, err error) {
	if w.passed(out.Outcome, err, migration.StepStart) {
		w.note("uploads: %d files, %d written, %d bytes", out.Files, out.Written, out.Bytes)
	}
}

// undo takes the instance back from the target, or says why it is refused: then
// nothing was touched.
func (w *instance) undo(ctx workflow.Context, discard, again bool) (refused string, err error) {
	w.at = migration.StepRollback
	w.tell(ctx, "aborting the target instance")
	out, err := call(ctx, w.in.Queues, contract.AbortTarget, "abort the target instance", contract.AbortTargetInput{StepInput: w.step, Discard: discard})
	follow(&w.step, out, err)
	if err != nil {
		return "", err
	}
	if out.Status == contract.StatusSkipped {
		return cmp.Or(out.Message, "refused"), nil
	}
	w.tell(ctx, "putting rows and files back")
	w.undone, err = call(ctx, w.in.Queues, contract.UndoData, "put rows and files back", contract.UndoDataInput{StepInput: w.step, Again: again})
	if err != nil {
		return "", err
	}
	w.target = ""
	w.note("undone: %d rows, %d files; not undone: %d changed since, %d in use by other instances", w.undone.Rows, w.undone.Files, w.undone.Conflicts, w.undone.Shared)
	return "", nil
}

// evidence has what a pilot shows gathered before the verdict, which settles
// the instance: who waits for that finds both. Only a cancellation is an error.
func (w *instance) evidence(ctx workflow.Context) error {
	if !w.in.Pilot {
		return nil
	}
	w.tell(ctx, "gathering evidence")
	out, err := call(ctx, w.in.Queues, contract.GatherEvidence, "gather evidence", w.step)
	switch {
	case temporal.IsCanceledError(err):
		return err
	case err != nil:
		w.note("no evidence: %s", errorMessage(err))
	case out.Message != "":
		w.note("no evidence: %s", out.Message)
	}
	return nil
}

// start makes the target instance exist. Whatever is not proven goes through
// ReconcileStart, which never sends.
func (w *instance) start(ctx workflow.Context) (contract.Outcome, error) {
	w.tell(ctx, "starting the instance on the target")
	out, failed := call(ctx, w.in.Queues, contract.StartProcess, "start process", w.step)
	if temporal.IsCanceledError(failed) {
		return out.Outcome, failed
	}
	// A failed attempt says nothing about what was sent: only the ledger and the
	// target do. A record that is busy is waited for where waiting leaves no events.
	if failed != nil || out.Status == contract.StatusUnknown || out.Status == contract.StatusBusy {
		w.tell(ctx, "looking on the target for the outcome of the start")
		if out.Status == contract.StatusBusy {
			w.tell(ctx, "waiting: another instance of the same record is being started")
		}
		var err error
		in := contract.ReconcileInput{StepInput: w.step}
		if unaccounted(failed) || out.Status == contract.StatusUnknown {
			in.Unaccounted, in.Attempt = workflow.Now(ctx), cmp.Or(out.Attempt, w.attempt+1)
		}
		out, err = call(ctx, w.in.Queues, contract.ReconcileStart, "reconcile start", in)
		follow(&w.step, out.Outcome, err)
		if err != nil {
			return out.Outcome, err
		}
	}
	w.attempt = max(w.attempt, out.Attempt)
	switch out.Status {
	case contract.StatusAgain:
		if permanent(failed) {
			return out.Outcome, failed
		}
		w.starts++
		if out.Reason != "" || failed != nil && !transient(failed) {
			w.failures++
		}
		if w.failures >= maxFailures {
			w.starts, w.failures = 0, 0
			return call(ctx, w.in.Queues, contract.ParkInstance, "park", contract.ParkInput{
				StepInput: w.step, Step: w.at, Reason: cmp.Or(out.Reason, migration.ReasonStepFailed),
				Message: fmt.Sprintf("%d starts failed, and none of them started an instance.", maxFailures),
			})
		}
		return out.Outcome, workflow.Sleep(ctx, min(time.Duration(1<<min(w.starts, 6))*time.Second, time.Minute))
	case contract.StatusOK:
		w.starts, w.failures = 0, 0
		w.target, w.next = out.Target, out.Next
		w.note("target instance: %s", out.Target)
		if out.Restore {
			w.at = migration.StepRestore
		} else {
			w.at = migration.StepResume
			w.skipResume()
		}
	case contract.StatusParked, contract.StatusSkipped, contract.StatusUnknown, contract.StatusBusy, contract.StatusDone:
		w.target = out.Target
	}
	return out.Outcome, nil
}

// skipResume goes straight to verification when the last look found nothing to call.
func (w *instance) skipResume() {
	if w.next == nil {
		w.at = migration.StepVerify
	}
}

// resume makes one call of the convergent loop.
func (w *instance) resume(ctx workflow.Context) (contract.Outcome, error) {
	in := contract.ResumeInput{StepInput: w.step}
	summary := "resume"
	if w.next != nil {
		in.Call = *w.next
		summary = in.Call.String()
	}
	w.tell(ctx, summary)
	out, err := call(ctx, w.in.Queues, contract.ResumeActivity, summary, in)
	follow(&w.step, out.Outcome, err)
	if err != nil || out.Status != contract.StatusOK {
		return out.Outcome, err
	}
	if out.Made != nil {
		w.note("done: %s", out.Made)
	}
	w.next = out.Next
	w.skipResume()
	return out.Outcome, nil
}

func (w *instance) passed(out contract.Outcome, err error, next migration.Step) bool {
	if err != nil || out.Status != contract.StatusOK {
		return false
	}
	w.at = next
	return true
}

// fail parks a step whose activity failed for good.
func (w *instance) fail(ctx workflow.Context, cause error) (contract.Outcome, error) {
	out, err := call(ctx, w.in.Queues, contract.ParkInstance, "park", contract.ParkInput{
		StepInput: w.step, Step: w.at, Reason: migration.ReasonStepFailed, Message: errorMessage(cause),
	})
	if err != nil {
		return out, fmt.Errorf("park %s after a failed step: %w", w.in.Instance, err)
	}
	return out, nil
}

// park waits for the operator. It returns false when the instance ends here.
func (w *instance) park(ctx workflow.Context, out contract.Outcome) (more bool, err error) {
	w.parked, w.decision = &out, nil
	if err := w.mark(ctx, stageKey.ValueSet(contract.StageParked), reasonKey.ValueSet(string(out.Reason))); err != nil {
		return false, err
	}
	w.tell(ctx, "parked: "+string(out.Reason))
	for {
		if err := workflow.Await(ctx, func() bool { return w.decision != nil }); err != nil {
			return false, err
		}
		d := *w.decision
		after, err := call(ctx, w.in.Queues, contract.ResolveInstance, "resolve: "+string(d.Action), contract.ResolveInput{
			StepInput: w.step, ParkID: out.ParkID, Reason: out.Reason, Action: d.Action, Target: d.Target, Discard: d.Discard,
		})
		if temporal.IsCanceledError(err) {
			return false, err
		}
		if err != nil {
			// The decision could not be carried out: still parked, and the reason why is shown.
			w.refuse(ctx, errorMessage(err))
			continue
		}
		if after.Status == contract.StatusParked {
			out, w.decision = after, nil
			w.tell(ctx, "parked: "+string(out.Reason))
			continue
		}
		c, _ := migration.Continue(w.at, out.Reason, d.Action)
		if c.Step == migration.StepRollback {
			if done, err := w.rollback(ctx, d.Discard); err != nil {
				return false, err
			} else if !done {
				continue
			}
		}
		w.note("resolved: %s", d.Action)
		stage := contract.StageResolved
		if c.End {
			stage = contract.StageSkipped
		}
		if err := w.mark(ctx, stageKey.ValueSet(stage), reasonKey.ValueUnset()); err != nil {
			return false, err
		}
		w.parked, w.decision = nil, nil
		// A new snapshot that is still to be taken is so after a retry, too.
		w.redo = c.Redo || w.redo && c.Step == migration.StepCopyFormData
		w.at = c.Step
		if c.Accepted != "" {
			w.accepted = append(w.accepted, c.Accepted)
		}
		w.next = nil
		return !c.End && c.Step != migration.StepRollback, nil
	}
}

// refuse keeps the instance parked, and shows why the decision came to nothing.
func (w *instance) refuse(ctx workflow.Context, why string) {
	w.decision, w.parked.Message = nil, why
	w.tell(ctx, "parked: "+string(w.parked.Reason)+"; the last action was refused: "+why)
}

// rollback undoes a parked instance. One that is refused, or cannot be undone
// wholly, stays parked.
func (w *instance) rollback(ctx workflow.Context, discard bool) (done bool, err error) {
	at := w.at
	refused, err := w.undo(ctx, discard, false)
	switch {
	case temporal.IsCanceledError(err):
		return false, err
	case err != nil:
		if *w.parked, err = w.fail(ctx, err); err != nil {
			return false, err
		}
		w.decision = nil
		w.tell(ctx, "parked: "+string(w.parked.Reason))
		return false, w.mark(ctx, reasonKey.ValueSet(string(w.parked.Reason)))
	case refused != "":
		w.at = at
		w.refuse(ctx, refused)
		return false, nil
	}
	return true, nil
}

func (w *instance) validate(r contract.Resolution) error {
	switch {
	case w.parked == nil:
		return fmt.Errorf("%s is not parked: there is nothing to resolve", w.in.Instance)
	case w.decision != nil:
		return fmt.Errorf("action %[2]q is resolving %[1]s already", w.in.Instance, w.decision.Action)
	case r.ParkID != 0 && r.ParkID != w.parked.ParkID:
		return fmt.Errorf("%s was parked again since (%d, not %d): look at it first", w.in.Instance, w.parked.ParkID, r.ParkID)
	case !w.parked.Reason.Allows(r.Action):
		return fmt.Errorf("action %q does not fit %s; these do: %s", r.Action, w.parked.Reason, joinActions(w.parked.Reason.Actions()))
	case r.Action == migration.ActionAdopt && r.Target == "":
		return fmt.Errorf("action adopt needs the target instance to adopt")
	case r.Action != migration.ActionAdopt && r.Target != "":
		return fmt.Errorf("action %q takes no target instance", r.Action)
	}
	return nil
}

func (w *instance) resolve(_ workflow.Context, r contract.Resolution) (contract.Resolved, error) {
	w.decision = &r
	return contract.Resolved{ParkID: w.parked.ParkID, Reason: w.parked.Reason}, nil
}

func (w *instance) status() (contract.InstanceStatus, error) {
	s := contract.InstanceStatus{Step: w.at, Target: w.target}
	if w.parked != nil {
		s.Parked, s.ParkID, s.Reason, s.Actions, s.Message = true, w.parked.ParkID, w.parked.Reason, w.parked.Reason.Actions(), w.parked.Message
	}
	if w.decision != nil {
		s.Deciding = w.decision.Action
	}
	return s, nil
}

func (w *instance) mark(ctx workflow.Context, updates ...temporal.SearchAttributeUpdate) error {
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
		return fmt.Errorf("set search attributes of %s: %w", w.in.Instance, err)
	}
	return nil
}

func (w *instance) end(ctx workflow.Context, state migration.InstanceState, reason migration.Reason) (contract.InstanceResult, error) {
	w.tell(ctx, string(state))
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return contract.InstanceResult{}, err
	}
	return contract.InstanceResult{
		State: state, Reason: reason, Verdict: w.verdict, Target: w.target, Conflicts: w.undone.Conflicts, Shared: w.undone.Shared,
	}, nil
}

// cancelled records that the operator cancelled the workflow, and passes the
// cancellation on. Nothing is undone on the target.
func (w *instance) cancelled(ctx workflow.Context, cause error) error {
	dctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if _, err := call(dctx, w.in.Queues, contract.ParkInstance, "record the cancellation", contract.ParkInput{
		StepInput: w.step, Step: w.at, Reason: migration.ReasonOperator, Cancelled: true,
		Message: "the workflow was cancelled at step " + string(w.at),
	}); err != nil {
		return fmt.Errorf("record the cancellation of %s: %w", w.in.Instance, err)
	}
	return cause
}

func (w *instance) note(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

// tell sets the current details, which the UI shows and which cost no event.
func (w *instance) tell(ctx workflow.Context, now string) {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**\n", now)
	for _, line := range w.log {
		fmt.Fprintf(&b, "\n- %s", line)
	}
	if p := w.parked; p != nil {
		text := p.Reason.Text()
		fmt.Fprintf(&b, "\n\n%s%s.", strings.ToUpper(text[:1]), text[1:])
		if p.Message != "" {
			fmt.Fprintf(&b, "\n\n%s", p.Message)
		}
		fmt.Fprintf(&b, "\n\nChoose one:\n")
		for _, a := range p.Reason.Actions() {
			target := ""
			if a == migration.ActionAdopt {
				target = " --target TARGET_INSTANCE"
			}
			fmt.Fprintf(&b, "\n    starter resolve %s --action %s%s --reason \"...\"", w.in.Instance, a, target)
		}
		fmt.Fprintf(&b, "\n\n`starter show %s` has its log. docs/what-if.md#%s explains the reason.", w.in.Instance, p.Reason)
	}
	workflow.SetCurrentDetails(ctx, b.String())
}

func joinActions(actions []migration.Action) string {
	names := make([]string, 0, len(actions))
	for _, a := range actions {
		names = append(names, string(a))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
