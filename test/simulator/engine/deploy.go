package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/schema"
)

// Deploy uploads the package file of an app version and returns the version that it
// gets, with all that the server does to open instances in the background afterwards: it
// moves them to the new version, or aborts them, and deletes the old one when no
// instance is of it any more (docs/joget.md#deploying). Mappings are taken over for
// processes and activities that are still there.
func (e *Engine) Deploy(ctx context.Context, app string, appVersion int64, file []byte) (version string, err error) {
	p, err := xpdl.Parse(bytes.NewReader(file))
	if err != nil {
		return "", fmt.Errorf("deploy %s: %w", app, err)
	}
	var old int64
	if err := e.db.QueryRowContext(ctx, selectDeployed, app, appVersion).Scan(&old); err != nil {
		return "", fmt.Errorf("deploy %s: find its package: %w", app, err)
	}
	next, err := e.upload(ctx, app, p, file)
	if err == nil {
		err = e.takeMappings(ctx, app, old, next, p)
	}
	if err == nil {
		err = e.moveInstances(ctx, app, old, next, p)
	}
	if err == nil {
		err = e.forgetVersion(ctx, app, old)
	}
	if err != nil {
		return "", fmt.Errorf("deploy %s: %w", app, err)
	}
	return strconv.FormatInt(next, 10), nil
}

// upload writes the rows of the next version of a package.
func (e *Engine) upload(ctx context.Context, app string, p *xpdl.Package, file []byte) (version int64, err error) {
	if err := e.db.QueryRowContext(ctx, selectNextVersion, app).Scan(&version); err != nil {
		return 0, fmt.Errorf("read the next version: %w", err)
	}
	oid, err := e.oid(ctx)
	if err != nil {
		return 0, err
	}
	data, cnt, err := e.numbered(ctx, schema.CounterXPDLData)
	if err != nil {
		return 0, err
	}
	text, now := strconv.FormatInt(version, 10), e.now()
	for _, s := range []struct {
		query string
		args  []any
	}{
		{updateNextVersion, []any{version + 1, app}},
		{insertXPDL, []any{app, text, now.UTC().Format(dateLayout), oid}},
		{insertXPDLData, []any{file, oid, cnt, data}},
	} {
		if _, err := e.db.ExecContext(ctx, s.query, s.args...); err != nil {
			return 0, fmt.Errorf("write version %d: %w", version, err)
		}
	}
	for _, process := range p.Processes {
		oid, err := e.oid(ctx)
		if err != nil {
			return 0, err
		}
		if _, err := e.db.ExecContext(ctx, insertDefinition, app+"#"+text+"#"+process.Key, app, process.Key, now.UnixMilli(), text, oid); err != nil {
			return 0, fmt.Errorf("write process %s of version %d: %w", process.Key, version, err)
		}
	}
	return version, nil
}

// takeMappings gives the app version its new package instead of the old one.
func (e *Engine) takeMappings(ctx context.Context, app string, old, next int64, p *xpdl.Package) error {
	if _, err := e.db.ExecContext(ctx, insertPackageAgain, next, app, old); err != nil {
		return fmt.Errorf("write the package: %w", err)
	}
	for _, m := range mappingTables {
		if _, err := e.db.ExecContext(ctx, m.take, next, app, old); err != nil {
			return fmt.Errorf("take mappings over: %w", err)
		}
		type mapped struct{ process, element string }
		var gone []mapped
		err := each(ctx, e.db, m.list, []any{app, next}, func(scan func(...any) error) error {
			var of mapped
			err := scan(&of.process, &of.element)
			process := p.Process(of.process)
			if process == nil || m.activities && of.element != runProcess && process.Activity(of.element) == nil {
				gone = append(gone, of)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("read mappings: %w", err)
		}
		for _, of := range gone {
			if _, err := e.db.ExecContext(ctx, m.drop, app, next, of.process, of.element); err != nil {
				return fmt.Errorf("drop mappings: %w", err)
			}
		}
	}
	if _, err := e.db.ExecContext(ctx, deletePackage, app, old); err != nil {
		return fmt.Errorf("drop the package of version %d: %w", old, err)
	}
	return nil
}

// moveInstances moves the open instances of a version to another, or aborts them.
func (e *Engine) moveInstances(ctx context.Context, app string, old, next int64, p *xpdl.Package) error {
	open := append([]any{fmt.Sprintf("%s#%d#", app, old)}, stateArgs(Running, NotStarted, Suspended)...)
	ids, err := column(ctx, e.db, selectOpenOfVersion, open...)
	if err != nil {
		return fmt.Errorf("find instances of version %d: %w", old, err)
	}
	system := Caller{Name: System}
	for _, id := range ids {
		moved := false
		err := e.do(ctx, system, func(ctx context.Context, s *session) error {
			in, err := s.instance(ctx, id)
			if err != nil || !isOpen(in.state) {
				return err
			}
			_, _, process, _ := splitID(in.def.id)
			moved, err = s.moveTo(ctx, in, fmt.Sprintf("%s#%d#%s", app, next, process), p.Process(process))
			return err
		})
		switch {
		case errors.Is(err, errNoInstance): // it was aborted with another one
		case err != nil:
			return fmt.Errorf("move %s: %w", id, err)
		case !moved:
			e.Abort(ctx, system, id)
		}
	}
	return nil
}

// moveTo makes an instance one of another definition. It moves nothing where it has no
// open activity, or one that the definition lacks or has of another kind.
func (s *session) moveTo(ctx context.Context, in *instance, id string, process *xpdl.Process) (moved bool, err error) {
	open, err := s.unfinished(ctx, in)
	if err != nil || len(open) == 0 || process == nil {
		return false, err
	}
	for _, a := range open {
		was, is := in.def.proc.Activity(a.def), process.Activity(a.def)
		if was == nil || is == nil || was.Kind != is.Kind {
			return false, nil
		}
	}
	def, err := s.definition(ctx, s.db, id)
	if err != nil {
		return false, err
	}
	in.def = def
	if _, err := s.db.ExecContext(ctx, updateDefinition, id, def.oid, in.oid); err != nil {
		return false, err
	}
	for _, rows := range []struct{ find, update string }{{selectActivityOIDs, updateActivityDefinition}, {selectAssignmentsOfInstance, updateAssignmentDefinition}} {
		oids, err := column(ctx, s.db, rows.find, in.oid)
		if err != nil {
			return false, err
		}
		for _, oid := range oids {
			if _, err := s.db.ExecContext(ctx, rows.update, id, oid); err != nil {
				return false, err
			}
		}
	}
	if err := s.declareMissing(ctx, in); err != nil {
		return false, err
	}
	for _, a := range open {
		if err := s.forEach(ctx, selectDeadlineOIDs, deleteDeadline, a.oid); err != nil {
			return false, err
		}
		limits, err := s.deadlines(ctx, in, process.Activity(a.def), a.active)
		if err != nil {
			return false, err
		}
		if err := s.insertDeadlines(ctx, in, a, limits); err != nil {
			return false, err
		}
	}
	return true, nil
}

// declareMissing adds the variables of a definition that an instance lacks, as "".
func (s *session) declareMissing(ctx context.Context, in *instance) error {
	have, err := s.processVariables(ctx, in)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, v := range have {
		known[v.name] = true
	}
	for _, decl := range in.def.proc.Variables {
		if known[decl.Name] {
			continue
		}
		v := &variable{name: decl.Name, value: ""}
		in.variables = append(in.variables, v)
		if err := s.insertVariables(ctx, in, v); err != nil {
			return err
		}
	}
	return nil
}

// forgetVersion deletes a package version that no instance is of, closed ones included.
func (e *Engine) forgetVersion(ctx context.Context, app string, version int64) error {
	of := fmt.Sprintf("%s#%d#", app, version)
	left, err := column(ctx, e.db, selectOfVersion, of)
	if err != nil || len(left) > 0 {
		return err
	}
	for _, statement := range []string{deleteXPDLData, deleteXPDL, deleteDefinitions} {
		if _, err := e.db.ExecContext(ctx, statement, app, strconv.FormatInt(version, 10)); err != nil {
			return fmt.Errorf("delete version %d: %w", version, err)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.packages, app+"#"+strconv.FormatInt(version, 10))
	return nil
}
