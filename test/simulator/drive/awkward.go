package drive

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/schema"
)

// Kinds of instances of one process, after the colon of a name of Awkward.
const (
	Record    = "record"    // its record has an ID of Options.Records
	Holder    = "holder"    // its record names the one of the latest permits/visit
	Anonymous = "anonymous" // started without a login
	Stuck     = "stuck"     // nothing is open
	Suspended = "suspended" // with what is open in it
	Approving = "approving" // a multi-approval of it is half done
)

// awkward are shapes of the app permits: what the JSON API alone cannot continue.
var awkward = []shape{
	{process: "permits/visit", variables: none, steps: 1, last: []string{"report"}},
	{process: "permits/permit", kind: Record, variables: none, steps: 1, last: []string{"approve"}},
	{process: "permits/permit", kind: Holder, variables: none, steps: 1, last: []string{"approve"}},
	{process: "permits/permit", kind: Anonymous, variables: none, requesters: []string{engine.Anonymous}, steps: 1, last: []string{"approve"}},
	{process: "permits/permit", kind: Stuck, variables: none, steps: 1, last: []string{"approve"}, then: abortOpen, resume: []string{"approve"}},
	{process: "permits/permit", kind: Suspended, variables: none, steps: 1, last: []string{"approve"}, then: suspend, resume: []string{"approve"}},
	{process: "permits/permit", kind: Approving, variables: none, least: 1, steps: 1, last: []string{"approve"}, then: halfApprove, resume: []string{"approve"}},
	{process: "permits/typed", variables: texts, least: 1, steps: 3, last: []string{"issue", "refuse", "receipt"}},
	{process: "permits/dated", variables: none, steps: 3, last: []string{"late", "soon"}},
	{process: "permits/zoning", variables: with(none, map[string]string{"area": "2.25", "findings": "—"}), least: 2, steps: 5, last: []string{"fast", "slow"}},
	{process: "permits/cleared", variables: none, least: 1, steps: 2, last: []string{"blank", "filled"}},
	{process: "permits/wiped", variables: none, least: 1, steps: 1},
	{process: "permits/publish", variables: with(none, map[string]string{"title": "Aushang ๑ 🦊"}), least: 1, steps: 6},
	{process: "permits/apply", variables: none, steps: 3, last: []string{"grant"}},
	{process: "permits/waiting", variables: none, least: 1, steps: 1, then: closeChild, resume: []string{"thank"}},
	{process: "permits/sealing", variables: none, least: 1, steps: 1, hangs: true, resume: []string{"seal"}},
	{process: "permits/crashing", variables: none, least: 1, steps: 1, hangs: true, resume: []string{"approve"}},
}

// texts are one that the engine keeps as an object, and one beside it that it does not,
// both with characters of four bytes.
func texts(rng *rand.Rand, _ []string) map[string]string {
	return map[string]string{"memo": strings.Repeat(pick(rng, []string{"🦊é", "ก𝔘"}), schema.MaxVarchar/2), "remark": "𝔘🦊 daneben"}
}

// Awkward lists what Populate can start of the app permits, as "package/process" or
// "package/process:kind". For permits/sealing and Hang see there.
func Awkward() []string {
	var out []string
	for _, s := range awkward {
		out = append(out, s.name())
	}
	return out
}

// Hang returns a hook for engine.Options.Pause with which the tool of permits/sealing
// throws an Error the first time that it runs in an instance.
func Hang() func(context.Context, engine.Point) error {
	var hung sync.Map
	return func(_ context.Context, at engine.Point) error {
		if _, again := hung.Load(at.Instance); at.What != engine.AtTool || at.ActivityDefID != "seal" || again {
			return nil
		}
		hung.Store(at.Instance, true)
		return fmt.Errorf("%w: java.lang.OutOfMemoryError", engine.ErrInternal)
	}
}

// GoOn has an instance of which nothing shows where it goes on do so at activities, as an
// administrator does: what is open is aborted. One that is suspended is resumed before, as
// by a plugin. No activities: nothing happens.
func GoOn(ctx context.Context, e *engine.Engine, db *sql.DB, instance string, activities []string) error {
	in, _, err := e.Instance(ctx, instance)
	if err != nil {
		return fmt.Errorf("read instance %s: %w", instance, err)
	}
	if in.State == engine.Suspended && len(activities) > 0 {
		if err := setStates(ctx, db, instance, engine.Running, engine.NotStarted, engine.Suspended); err != nil {
			return err
		}
	}
	for i, a := range activities {
		if r := e.StartActivity(ctx, engine.Caller{Name: schema.AdminUser, Admin: true}, instance, a, i == 0); !r.Result {
			return errors.Join(r.Err, fmt.Errorf("%s at %s: %w", instance, a, errRefused))
		}
	}
	return nil
}

// setStates gives an instance a state, and its activities of some states another one.
func setStates(ctx context.Context, db *sql.DB, instance, state, activity string, of ...string) error {
	_, err := db.ExecContext(ctx, setProcessState, schema.ProcessStateOID(state), instance)
	for _, before := range of {
		if err == nil {
			_, err = db.ExecContext(ctx, setActivities, schema.ActivityStateOID(activity), instance, schema.ActivityStateOID(before))
		}
	}
	if err != nil {
		return fmt.Errorf("set the state of %s: %w", instance, err)
	}
	return nil
}

// abortOpen leaves nothing open.
func abortOpen(ctx context.Context, p *person) error {
	list, err := p.engine.Activities(ctx, p.started.ID)
	if err != nil {
		return fmt.Errorf("read activities of %s: %w", p.started.ID, err)
	}
	for _, a := range list {
		p.engine.AbortActivity(ctx, engine.Caller{Name: schema.AdminUser, Admin: true}, a.Instance, a.DefID)
	}
	return nil
}

// closeChild ends the subflow that the instance waits for behind its back, as a server
// does that is ended between both.
func closeChild(ctx context.Context, p *person) error {
	members, err := tree(ctx, p.engine, p.started.ID)
	if err != nil {
		return err
	}
	root := p.started.ID
	for _, m := range members {
		if m.id == root {
			continue
		}
		p.started.ID = m.id
		err := abortOpen(ctx, p)
		p.started.ID = root
		if err != nil {
			return err
		}
		if err := setStates(ctx, p.db, m.id, engine.Terminated, ""); err != nil {
			return err
		}
	}
	return nil
}

// suspend suspends an instance with what is open in it.
func suspend(ctx context.Context, p *person) error {
	return setStates(ctx, p.db, p.started.ID, engine.Suspended, engine.Suspended, engine.Running, engine.NotStarted)
}

// halfApprove leaves what Joget's completeSingleAssignment does when the first of several
// approves (docs/joget.md#who-gets-an-activity).
func halfApprove(ctx context.Context, p *person) error {
	open, err := p.waiting(ctx)
	if err != nil || len(open) == 0 {
		return err
	}
	users, err := holders(ctx, p.engine, open[0])
	if err != nil {
		return err
	}
	err = schema.InTransaction(ctx, p.db, nil, func(tx *sql.Tx) error {
		oid, err := schema.ReserveObjectIDs(ctx, tx, 1)
		if err != nil {
			return err
		}
		count, err := schema.ReserveCounter(ctx, tx, schema.CounterActData, 1)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, insertApprovers, users[0], count, oid, open[0].ID); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, setApproving, open[0].ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("approve %s by one: %w", open[0].ID, err)
	}
	return nil
}

// begun is an instance that came of the person's.
type begun struct {
	id    string
	loose bool // nobody waits for it
}

// loose are the instances that came of the person's and that nobody waits for, also
// those that have ended, in the order in which they began. It is asked after each step:
// the rows of a caller that has ended do not stay.
func (p *person) loose(ctx context.Context) ([]string, error) {
	for i := -1; i < len(p.begun); i++ {
		caller := p.started.ID
		if i >= 0 {
			caller = p.begun[i].id
		}
		err := schema.Each(ctx, p.db, func(scan func(...any) error) error {
			var b begun
			err := scan(&b.id, &b.loose)
			if !slices.Contains(p.begun, b) {
				p.begun = append(p.begun, b)
			}
			return err
		}, selectBegun, caller)
		if err != nil {
			return nil, fmt.Errorf("read what %s began: %w", caller, err)
		}
	}
	var out []string
	for _, b := range p.begun {
		if b.loose {
			out = append(out, b.id)
		}
	}
	return out, nil
}
