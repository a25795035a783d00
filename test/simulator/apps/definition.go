package apps

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"jogetferry/joget/xpdl"
)

//go:embed data
var data embed.FS

// App ids, which are package ids as well, as in Joget.
const (
	Leave   = "leave"
	Procure = "procure"
	Onboard = "onboard"
	Claims  = "claims"
	Permits = "permits"
	Terms   = "terms"
)

// Names lists the ids of the apps that Load writes unless told otherwise, in
// alphabetic order. Claims, Permits and Terms, which has variables of every type, are not
// among them: what they are for would be noise elsewhere.
func Names() []string { return []string{Leave, Onboard, Procure} }

// Plugin classes of tool mappings, made up for the simulator; properties are JSON.
const (
	SetFieldTool    = "jogetferry.sim.SetFieldTool"    // {"table","field","value"}: sets c_<field> of the record's row
	SetVariableTool = "jogetferry.sim.SetVariableTool" // {"variable","value"}: sets a process variable, of any type; null too
	InsertRowTool   = "jogetferry.sim.InsertRowTool"   // {"table","foreignKey","values":{}}: adds a child row of the record
	WriteFileTool   = "jogetferry.sim.WriteFileTool"   // {"table","name","content"}: writes an upload of the record
	SleepTool       = "jogetferry.sim.SleepTool"       // {"millis"}: takes its time
	ThrowTool       = "jogetferry.sim.ThrowTool"       // {}: throws an Exception; Joget logs it and goes on
	ErrorTool       = "jogetferry.sim.ErrorTool"       // {}: throws an Error; the call fails and the activity stays open.running
)

// Definition is one embedded app.
type Definition struct {
	ID           string
	Name         string
	XPDL         []byte        // the package file as uploaded
	Package      *xpdl.Package // the same, parsed
	Forms        []Form        // by id
	FormMappings []FormMapping
	Tools        []ToolMapping
	Participants []ParticipantMapping
	Environment  []EnvironmentVariable
}

// Form is one form definition.
type Form struct {
	ID     string
	Name   string
	Table  string   // without app_fd_
	Fields []string // ids of the fields stored in the form's own row
	JSON   []byte
}

// FormMapping assigns a form to a manual activity or to "runProcess", the start form.
type FormMapping struct {
	Process      string `json:"process"`
	Activity     string `json:"activity"`
	Form         string `json:"form"`
	AutoContinue bool   `json:"autoContinue"`
}

// ToolMapping assigns a plugin to a tool activity.
type ToolMapping struct {
	Process    string          `json:"process"`
	Activity   string          `json:"activity"`
	Class      string          `json:"class"`
	Properties json.RawMessage `json:"properties"`
}

// ParticipantMapping says who a participant is; types are Joget's.
type ParticipantMapping struct {
	Process     string `json:"process"`
	Participant string `json:"participant"`
	Type        string `json:"type"`
	Value       string `json:"value"`
}

// EnvironmentVariable is a row of app_env_variable.
type EnvironmentVariable struct {
	ID      string `json:"id"`
	Value   string `json:"value"`
	Remarks string `json:"remarks"`
}

// Read parses the embedded app id; an unknown id is an error.
func Read(id string) (Definition, error) {
	dir := path.Join("data", id)
	d := Definition{ID: id}
	var err error
	if d.XPDL, err = data.ReadFile(path.Join(dir, "package.xpdl")); err != nil {
		return Definition{}, fmt.Errorf("reading app %q: %w", id, err)
	}
	if d.Package, err = xpdl.Parse(bytes.NewReader(d.XPDL)); err != nil {
		return Definition{}, fmt.Errorf("reading the XPDL of app %q: %w", id, err)
	}
	if err := d.readMappings(path.Join(dir, "app.json")); err != nil {
		return Definition{}, fmt.Errorf("reading the mappings of app %q: %w", id, err)
	}
	files, err := fs.Glob(data, path.Join(dir, "forms", "*.json"))
	if err != nil {
		return Definition{}, fmt.Errorf("reading the forms of app %q: %w", id, err)
	}
	for _, file := range files {
		raw, err := data.ReadFile(file)
		if err != nil {
			return Definition{}, fmt.Errorf("reading form %s: %w", file, err)
		}
		f, err := parseForm(raw)
		if err != nil {
			return Definition{}, fmt.Errorf("reading form %s: %w", file, err)
		}
		d.Forms = append(d.Forms, f)
	}
	return d, nil
}

// FormTables maps each table of the app (without app_fd_) to the fields of all
// forms that name it.
func (d Definition) FormTables() map[string][]string {
	tables := map[string][]string{}
	seen := map[string]bool{}
	for _, f := range d.Forms {
		for _, field := range f.Fields {
			if key := f.Table + "\x00" + field; !seen[key] {
				seen[key] = true
				tables[f.Table] = append(tables[f.Table], field)
			}
		}
	}
	return tables
}

func (d *Definition) readMappings(file string) error {
	raw, err := data.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	var m struct {
		Name         string                `json:"name"`
		Forms        []FormMapping         `json:"forms"`
		Tools        []ToolMapping         `json:"tools"`
		Participants []ParticipantMapping  `json:"participants"`
		Environment  []EnvironmentVariable `json:"environment"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("parsing %s: %w", file, err)
	}
	d.Name, d.FormMappings, d.Tools, d.Participants, d.Environment = m.Name, m.Forms, m.Tools, m.Participants, m.Environment
	return nil
}

// element is a node of a form definition, as far as storage is concerned.
type element struct {
	ClassName  string `json:"className"`
	Properties struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		TableName   string `json:"tableName"`
		StoreBinder struct {
			ClassName string `json:"className"`
		} `json:"storeBinder"`
	} `json:"properties"`
	Elements []element `json:"elements"`
}

func parseForm(raw []byte) (Form, error) {
	var root element
	if err := json.Unmarshal(raw, &root); err != nil {
		return Form{}, fmt.Errorf("parsing: %w", err)
	}
	f := Form{ID: root.Properties.ID, Name: root.Properties.Name, Table: root.Properties.TableName, JSON: raw}
	for _, e := range root.Elements {
		f.Fields = append(f.Fields, e.fields()...)
	}
	return f, nil
}

// fields lists the ids that are columns of the form's table: all fields but
// those whose own store binder takes their data elsewhere, and those that are
// nothing but other forms, one a page.
func (e element) fields() []string {
	var out []string
	container := strings.HasPrefix(e.ClassName, "org.joget.apps.form.model.") || strings.HasSuffix(e.ClassName, ".MultiPagedForm")
	if !container && e.Properties.ID != "" && e.Properties.StoreBinder.ClassName == "" {
		out = append(out, e.Properties.ID)
	}
	for _, child := range e.Elements {
		out = append(out, child.fields()...)
	}
	return out
}
