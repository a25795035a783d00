package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/schema"
)

// multiTools is Joget's own plugin that runs several others.
const multiTools = "org.joget.apps.app.lib.MultiTools"

// toolRun is one run of a tool activity.
type toolRun struct {
	in     *instance
	record string
	user   string // whom the record's modifiedBy names
}

// tool is a plugin the simulator knows. Its error is an exception of the
// plugin: logged, and the activity completes all the same. ErrInternal is an
// Error, which ends the call, as the conflict of a variable does.
type tool func(ctx context.Context, s *session, run toolRun, properties json.RawMessage) error

var tools = map[string]tool{
	apps.SetFieldTool:    setField,
	apps.SetVariableTool: setVariables,
	apps.InsertRowTool:   insertRow,
	apps.WriteFileTool:   writeFile,
	apps.SleepTool:       sleepTool,
	apps.ThrowTool:       throwTool,
	apps.ErrorTool:       errorTool,
}

// runTool runs what is mapped to a tool activity; unmapped activities and
// plugins of unknown classes do nothing.
func (s *session) runTool(ctx context.Context, in *instance, a *activity, def *xpdl.Activity) error {
	if err := s.ensureLink(ctx, in); err != nil {
		return err
	}
	p, mapped, err := s.plugin(ctx, in.def, def.ID)
	if err != nil {
		return err
	}
	record, err := s.recordID(ctx, in.id)
	if err != nil {
		return err
	}
	broken := s.pause(ctx, Point{AtTool, in.id, def.ID})
	if !mapped {
		return nil
	}
	list := []plugin{p}
	if p.class == multiTools {
		if list, err = several(p.properties); err != nil {
			list = nil
		}
	}
	for _, p := range list {
		run := tools[p.class]
		if run == nil {
			continue
		}
		e := effects.Effect{What: effects.Tool, ProcessDefID: in.def.id, Instance: in.id, RecordID: record, ActivityDefID: def.ID, Activity: a.id, Detail: p.class}
		err := broken
		if err == nil {
			err = run(ctx, s, toolRun{in: in, record: record, user: s.caller.User()}, p.properties)
		}
		if err != nil {
			e.Result = effects.Failed
		}
		s.note(e)
		if errors.Is(err, ErrInternal) || errors.Is(err, errConflict) {
			return err
		}
		s.swallow("run tool", err)
	}
	return nil
}

func several(properties json.RawMessage) ([]plugin, error) {
	var p struct {
		Tools []struct {
			Class      string          `json:"className"`
			Properties json.RawMessage `json:"properties"`
		} `json:"tools"`
	}
	if err := json.Unmarshal(properties, &p); err != nil {
		return nil, err
	}
	var out []plugin
	for _, t := range p.Tools {
		out = append(out, plugin{t.Class, t.Properties})
	}
	return out, nil
}

// expand fills the placeholders of a tool's value.
func (r toolRun) expand(v string) string {
	return strings.NewReplacer("{recordId}", r.record, "{processId}", r.in.id, "{requester}", r.in.requester).Replace(v)
}

// setField is {"table","field","value"}: it changes a field of the record's
// row and does nothing when there is no such row.
func setField(ctx context.Context, s *session, run toolRun, properties json.RawMessage) error {
	var p struct{ Table, Field, Value string }
	if err := json.Unmarshal(properties, &p); err != nil {
		return err
	}
	//nolint:gosec // identifiers are quoted
	query := "UPDATE " + schema.Quote(schema.FormTablePrefix+p.Table) + " SET " + schema.Quote(schema.FormColumnPrefix+p.Field) + " = ?, dateModified = ?, modifiedBy = ? WHERE id = ?"
	_, err := s.db.ExecContext(ctx, query, run.expand(p.Value), s.stamp(), run.user, run.record)
	return err
}

func (s *session) stamp() string { return s.now().UTC().Format(dateLayout) }

// setVariables is {"variable","value"}; the text is read by the declared type, a date as
// "2006-01-02 15:04:05", and null stays null.
func setVariables(ctx context.Context, s *session, run toolRun, properties json.RawMessage) error {
	var p struct {
		Variable string
		Value    *string
	}
	if err := json.Unmarshal(properties, &p); err != nil {
		return err
	}
	decl, ok := run.in.def.proc.Variable(p.Variable)
	if !ok {
		return errRefused
	}
	if p.Value == nil {
		return s.setVariable(ctx, run.in, p.Variable, nil)
	}
	v, err := parseAs(s.initial(decl), run.expand(*p.Value))
	if decl.Type == xpdl.DateTime {
		v, err = time.Parse(dateLayout, *p.Value)
	}
	if err != nil {
		return err
	}
	return s.setVariable(ctx, run.in, p.Variable, v)
}

// insertRow is {"table","foreignKey","values":{}}: it adds a row with a new ID
// whose foreign key names the record.
func insertRow(ctx context.Context, s *session, run toolRun, properties json.RawMessage) error {
	var p struct {
		Table, ForeignKey, ID string
		Values                map[string]string
	}
	if err := json.Unmarshal(properties, &p); err != nil {
		return err
	}
	if p.ID == "" {
		p.ID = uuid.NewString()
	}
	names := []string{"id", "dateCreated", "dateModified", "createdBy", "modifiedBy"}
	args := []any{run.expand(p.ID), s.stamp(), s.stamp(), run.user, run.user}
	if p.ForeignKey != "" {
		names, args = append(names, schema.FormColumnPrefix+p.ForeignKey), append(args, run.record)
	}
	for _, field := range slices.Sorted(maps.Keys(p.Values)) {
		names, args = append(names, schema.FormColumnPrefix+field), append(args, run.expand(p.Values[field]))
	}
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = schema.Quote(n)
	}
	//nolint:gosec // identifiers are quoted
	query := "INSERT INTO " + schema.Quote(schema.FormTablePrefix+p.Table) + " (" + strings.Join(quoted, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(names)-1) + ")"
	_, err := s.db.ExecContext(ctx, query, args...)
	return err
}

// UploadsRoot is the folder of uploads below the data folder.
const UploadsRoot = "app_formuploads"

var errNoUploads = errors.New("the server has no uploads folder")

// writeFile is {"table","name","content"}: it writes a file into the upload
// folder of the record, over one that is there.
func writeFile(_ context.Context, s *session, run toolRun, properties json.RawMessage) (err error) {
	var p struct{ Table, Name, Content string }
	if err := json.Unmarshal(properties, &p); err != nil {
		return err
	}
	if s.uploads == "" {
		return errNoUploads
	}
	root, err := os.OpenRoot(s.uploads)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	dir := path.Join(UploadsRoot, schema.UploadFolder(p.Table, run.record))
	if err := root.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return root.WriteFile(path.Join(dir, p.Name), []byte(run.expand(p.Content)), 0o644)
}

// sleepTool is {"millis"}. Other calls go on meanwhile, in its instance too.
func sleepTool(ctx context.Context, s *session, _ toolRun, properties json.RawMessage) error {
	var p struct{ Millis int64 }
	if err := json.Unmarshal(properties, &p); err != nil {
		return err
	}
	return s.sleep(ctx, time.Duration(p.Millis)*time.Millisecond)
}

var errThrown = errors.New("the tool throws")

// throwTool is {}: a plugin that fails.
func throwTool(context.Context, *session, toolRun, json.RawMessage) error {
	return fmt.Errorf("run tool: %w", errThrown)
}

// errorTool is {}: a plugin that throws an Error, as one with a missing class does.
func errorTool(context.Context, *session, toolRun, json.RawMessage) error {
	return fmt.Errorf("%w: java.lang.NoClassDefFoundError", ErrInternal)
}
