package step

import (
	"context"

	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// Word returns the operator's word where an instance goes on: what was typed last, or what
// the configuration has; the zero value for none.
func (s *Servers) Word(ctx context.Context, mig migration.Name, id migration.InstanceID) (migration.Word, error) {
	typed, err := s.Ledger.ResumeAt(ctx, mig, id)
	return s.said(typed, id), err
}

// WordOf is Word for an instance that was opened.
func (s *Servers) WordOf(i *Opened) migration.Word { return s.said(i.Word, i.Instance) }

// said is a word that was typed, or else the configuration's.
func (s *Servers) said(typed migration.Word, id migration.InstanceID) migration.Word {
	if len(typed.Activities) > 0 {
		return typed
	}
	return migration.Word{Activities: s.Settings.ResumeAt[id]}
}

// GoOn makes the tree of an instance, which is to be on the target, go on where the
// operator says. definition is that of its root, resolved.
func (s *Servers) GoOn(ctx context.Context, i *Opened, tree *migration.Tree, definition migration.DefinitionID) error {
	word := s.WordOf(i)
	if len(word.Activities) == 0 {
		return nil
	}
	process, err := s.Target.Catalog.Process(ctx, definition)
	if err != nil {
		return err
	}
	tree.GoOnAt(word.Activities, func(id migration.ActivityDefID) bool { return RunsThrough(process, id) })
	if len(tree.Said.Runs) == 0 {
		return nil
	}
	target, started, err := s.Ledger.TargetOf(ctx, i.Key)
	if err != nil || !started {
		return err
	}
	lines, err := s.Ledger.Lines(ctx, i.Migration, i.Instance)
	tree.Said.Look(lines, target.ID)
	return err
}

// RunsThrough reports whether starting an activity runs it in the call, and leaves it
// closed: a tool or a route (docs/joget.md#kinds-of-activities).
func RunsThrough(process *xpdl.Process, id migration.ActivityDefID) bool {
	a := process.Activity(string(id))
	return a != nil && (a.Kind == xpdl.Tool || a.Kind == xpdl.Route)
}
