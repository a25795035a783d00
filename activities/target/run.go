package target

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"jogetferry/migration"
	"jogetferry/records"
)

// runs reports whether starting an activity at n runs it, and the operator said so.
func (n *node) runs(id migration.ActivityDefID) bool {
	return n.said != nil && slices.Contains(n.said.Runs, id)
}

// toRun returns which activities that the operator named are still to be run, and whether
// any was. One that was run and is still open, when its call is over, never ends: why says so.
func (n *node) toRun(done migration.CallLog) (left []migration.ActivityDefID, ran bool, why string) {
	if n.said == nil {
		return nil, false, ""
	}
	for _, id := range n.said.Runs {
		if !slices.ContainsFunc(done.Started(n.target.ID, id), n.opened) {
			left = append(left, id)
			continue
		}
		ran = true
		if n.target.Open(id) != nil {
			why = fmt.Sprintf("%s of target instance %s was run and did not end.", id, n.target.ID)
		}
	}
	return left, ran, why
}

// run makes the call that runs an activity which the operator named, between two images
// of the record set: what it changes stays, and a rollback puts it back.
func (act *Activities) run(ctx context.Context, i *Instance, n *node, activity migration.ActivityDefID, call func() error) error {
	differ := n.differing(instanceScope)
	if err := act.Ledger.Log(ctx, i.Migration, i.Instance, migration.ToolRun(n.target.ID, activity, differ)); err != nil {
		return err
	}
	if err := act.Captured(ctx, i, migration.RunCapture+strings.ToLower(rand.Text()), call); err != nil {
		return err
	}
	lines, err := act.Ledger.Lines(ctx, i.Migration, i.Instance)
	n.said.Look(lines, n.target.ID)
	return err
}

// keepRun ends the capture of a call that the operator had made for what it changes. What
// the capture shows is kept for the verification and a rollback.
func (act *Activities) keepRun(ctx context.Context, i *Instance, name string) error {
	if _, err := act.Capture(ctx, i, name); err != nil {
		return err
	}
	return act.settle(ctx, i, name)
}

// runCaptures returns the names of the captures of calls that the operator had made for
// what they change, and that no rollback put back, oldest first.
func (g Guard) runCaptures(ctx context.Context, key migration.ClaimKey) ([]string, error) {
	stories, err := g.Ledger.CaptureStories(ctx, key)
	kept := map[string]bool{}
	for _, s := range stories {
		kept[s.ID] = true
	}
	var names []string
	for _, s := range stories {
		// One that was not completed is of a call that was not sent.
		made := slices.ContainsFunc(migration.CaptureEnds(), func(end string) bool { return kept[s.ID+end] })
		if migration.IsRun(s.ID) && made && !kept[s.ID+migration.UndoneCapture] {
			names = append(names, s.ID)
		}
	}
	return names, err
}

// undidRun notes that a rollback put back what the operator had run.
func (act *Activities) undidRun(ctx context.Context, i *Instance, name string) error {
	nothing := (records.Capture{}).Encode()
	if err := act.Ledger.SaveCapture(ctx, i.Key, name+migration.UndoneCapture, nothing); err != nil {
		return err
	}
	return act.Ledger.CloseCapture(ctx, i.Key, name+migration.UndoneCapture)
}

// Ran returns the rows that calls changed which the operator had made for that, with the
// digests that those left; the zero digest where they left no row.
func (g Guard) Ran(ctx context.Context, key migration.ClaimKey) (map[migration.RowKey]records.Digest, error) {
	names, err := g.runCaptures(ctx, key)
	if err != nil {
		return nil, err
	}
	left := map[migration.RowKey]records.Digest{}
	for _, name := range names {
		for _, end := range migration.CaptureEnds() {
			data, _, err := g.Ledger.Capture(ctx, key, name+end)
			if migration.CodeOf(err) == migration.CodeNotFound {
				continue
			}
			if err != nil {
				return nil, err
			}
			capture, err := records.DecodeCapture(data)
			if err != nil {
				return nil, err
			}
			for _, change := range capture.Changes() {
				left[change.Key] = records.Digest{}
				if change.After != nil {
					left[change.Key] = change.After.Digest()
				}
			}
			break
		}
	}
	return left, nil
}
