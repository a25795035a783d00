package engine

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"jogetferry/joget/xpdl"
)

// definition is one process definition of one package version.
type definition struct {
	id      string // package#version#process
	oid     int64
	version string
	pkg     *xpdl.Package
	proc    *xpdl.Process
}

type deployed struct {
	pkg *xpdl.Package
	raw []byte
}

var errNoDefinition = errors.New("no such process definition")

// splitID takes a definition ID apart; false unless it has three parts.
func splitID(id string) (pkg, version, process string, ok bool) {
	parts := strings.Split(id, "#")
	if len(parts) != 3 {
		return "", "", "", false
	}
	return parts[0], parts[1], parts[2], true
}

// pack reads a deployed package version; parsed ones are kept, since a version
// never changes.
func (e *Engine) pack(ctx context.Context, q queryer, id, version string) (*deployed, error) {
	key := id + "#" + version
	e.mu.Lock()
	d := e.packages[key]
	e.mu.Unlock()
	if d != nil {
		return d, nil
	}
	var raw []byte
	err := q.QueryRowContext(ctx, selectXPDL, id, version).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNoDefinition
	}
	if err != nil {
		return nil, fmt.Errorf("read package %s: %w", key, err)
	}
	p, err := xpdl.Parse(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("package %s: %w", key, err)
	}
	d = &deployed{pkg: p, raw: raw}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.packages[key] = d
	return d, nil
}

func (e *Engine) definition(ctx context.Context, q queryer, id string) (*definition, error) {
	pkg, version, process, ok := splitID(id)
	if !ok {
		return nil, errNoDefinition
	}
	d, err := e.pack(ctx, q, pkg, version)
	if err != nil {
		return nil, err
	}
	proc := d.pkg.Process(process)
	if proc == nil {
		return nil, errNoDefinition
	}
	e.mu.Lock()
	oid := e.defOIDs[id]
	e.mu.Unlock()
	if oid == 0 {
		if err := q.QueryRowContext(ctx, selectDefinitionOID, id).Scan(&oid); err != nil {
			return nil, fmt.Errorf("find definition %s: %w", id, err)
		}
		e.mu.Lock()
		e.defOIDs[id] = oid
		e.mu.Unlock()
	}
	return &definition{id: id, oid: oid, version: version, pkg: d.pkg, proc: proc}, nil
}

// PublishedVersion returns the package version of an app's published version;
// false when none is published.
func (e *Engine) PublishedVersion(ctx context.Context, app string) (string, bool, error) {
	v, err := column(ctx, e.db, selectPublishedPackage, app)
	if err != nil || len(v) == 0 {
		return "", false, err
	}
	return v[0], true, nil
}

// latestWord is replaced wherever it stands in a definition ID.
const latestWord = "latest"

// Latest replaces ":" by "#" and then every "latest" by the published package
// version, also inside a key; an ID of an app without one keeps the word.
func (e *Engine) Latest(ctx context.Context, id string) (string, error) {
	id = strings.ReplaceAll(id, ":", "#")
	if !strings.Contains(id, latestWord) {
		return id, nil
	}
	pkg, _, _ := strings.Cut(id, "#")
	v, ok, err := e.PublishedVersion(ctx, pkg)
	if err != nil || !ok {
		return id, err
	}
	return strings.ReplaceAll(id, latestWord, v), nil
}

// packageApp tells which app version owns a package version.
type packageApp struct {
	app       string
	version   int64
	published bool
}

func (e *Engine) packageApp(ctx context.Context, q queryer, pkg, version string) (packageApp, bool, error) {
	var a packageApp
	n, err := strconv.ParseInt(version, 10, 64)
	if err != nil {
		return a, false, nil //nolint:nilerr // no package has such a version
	}
	err = q.QueryRowContext(ctx, selectPackageApp, pkg, n).Scan(&a.app, &a.version, &a.published)
	if errors.Is(err, sql.ErrNoRows) {
		return a, false, nil
	}
	return a, err == nil, err
}

// mapping is a row of app_package_participant.
type mapping struct{ kind, value string }

func (e *Engine) participant(ctx context.Context, q queryer, d *definition, participant string) (mapping, bool, error) {
	pkg, version, process, _ := splitID(d.id)
	return e.participantOf(ctx, q, pkg, version, process, participant)
}

func (e *Engine) participantOf(ctx context.Context, q queryer, pkg, version, process, participant string) (mapping, bool, error) {
	var kind, value sql.NullString
	err := q.QueryRowContext(ctx, selectParticipant, process, participant, pkg, version).Scan(&kind, &value)
	if errors.Is(err, sql.ErrNoRows) {
		return mapping{}, false, nil
	}
	return mapping{kind.String, value.String}, err == nil, err
}

// plugin is a row of app_package_activity_plugin.
type plugin struct {
	class      string
	properties json.RawMessage
}

func (s *session) plugin(ctx context.Context, d *definition, activity string) (plugin, bool, error) {
	pkg, version, process, _ := splitID(d.id)
	var class, properties sql.NullString
	err := s.db.QueryRowContext(ctx, selectPlugin, process, activity, pkg, version).Scan(&class, &properties)
	if errors.Is(err, sql.ErrNoRows) {
		return plugin{}, false, nil
	}
	return plugin{class.String, json.RawMessage(properties.String)}, err == nil, err
}

// autoContinue reports whether the mapping of an activity (or of runProcess)
// asks for the next assignment to be shown.
func (s *session) autoContinue(ctx context.Context, definition, activity string) (bool, error) {
	pkg, version, process, ok := splitID(definition)
	if !ok {
		return false, nil
	}
	rows, err := column(ctx, s.db, selectAutoContinue, process, activity, pkg, version)
	return len(rows) > 0, err
}
