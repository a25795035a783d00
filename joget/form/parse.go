package form

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"jogetferry/migration"
)

// MaxBytes bounds the definitions that Parse accepts: 16 MiB, many times what
// the form builder can still open.
const MaxBytes = 16 << 20

// Form is what one form definition says about its data. Lists without an order
// of their own are sorted and free of duplicates; empty lists are nil.
type Form struct {
	ID    string // properties.id
	Name  string // properties.name
	Table string // properties.tableName, without app_fd_
	// Fields in document order. A field ID used twice appears twice.
	Fields []Field
	// Links to other forms whose rows belong to a row of this one, in document order.
	Links []Link
	// Options are the forms that option binders read: master data that must
	// exist on the target, no part of a record.
	Options []string
	// Mentions are forms named by a formDefId property of which Parse cannot
	// tell what it means for the data; neither in Links nor in Options.
	Mentions []string
	// Classes are the class names of all elements, binders, validators and
	// other plugins used, known to us or not.
	Classes []string
}

// Field is an element with an ID: its value is column c_<ID> of the form's
// table, unless StoreBinder takes it elsewhere.
type Field struct {
	ID               string
	Class            string // "" for named inputs inside a CustomHTML element
	File             bool   // holds names of uploads (docs/joget.md#uploads)
	WorkflowVariable string // process variable written on completion, "" for none
	EnvVariable      string // counter of an IdGeneratorField in app_env_variable, "" for none
	StoreBinder      string // class of an own store binder, "" for none
}

// Link ties rows of another form to a row of this one. For a subform either or
// both of ParentField and ChildField may be set; both empty means the same id.
// A grid has ChildField only.
type Link struct {
	Field       string // ID of the element
	Class       string
	Form        string // formDefId
	ParentField string // field of this form that holds the id of the other row; "id" for its own id
	ChildField  string // field of the other form that holds the id of this row
	Grid        bool   // many rows; without ChildField they cannot be found
}

// Parse reads a form definition. Unknown classes and properties of a shape nobody
// expects are skipped, not refused. Errors are CodeInvalid: no JSON, no object, or
// more than MaxBytes; their text holds nothing of the definition. Source:
// FormServiceImpl, docs/joget.md#related-records and
// docs/joget.md#form-definitions.
func Parse(definition []byte) (Form, error) {
	if len(definition) > MaxBytes {
		return Form{}, migration.E(migration.CodeInvalid, "parse form definition", "", "%d bytes are more than %d", len(definition), MaxBytes)
	}
	var root any
	if err := json.Unmarshal(definition, &root); err != nil {
		return Form{}, migration.E(migration.CodeInvalid, "parse form definition", "", "not JSON: %w", err)
	}
	top, ok := root.(map[string]any)
	if !ok {
		return Form{}, migration.E(migration.CodeInvalid, "parse form definition", "", "the top is a %s, not an object", kindOf(root))
	}
	p := parser{understood: map[string]bool{}}
	properties := object(top["properties"])
	p.form = Form{ID: text(properties["id"]), Name: text(properties["name"]), Table: text(properties["tableName"])}
	p.class(text(top["className"]))
	p.properties(properties)
	p.elements(top["elements"])

	f := p.form
	f.Classes = sortedSet(f.Classes)
	f.Options = sortedSet(f.Options)
	f.Mentions = slices.DeleteFunc(sortedSet(f.Mentions), func(id string) bool { return p.understood[id] })
	if len(f.Mentions) == 0 {
		f.Mentions = nil
	}
	return f, nil
}

type parser struct {
	form       Form
	understood map[string]bool // form IDs whose meaning for the data is known
}

func (p *parser) class(name string) {
	if name != "" {
		p.form.Classes = append(p.form.Classes, name)
	}
}

// properties notes the classes and the forms named anywhere below v.
func (p *parser) properties(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			s, isText := value.(string)
			switch {
			case isText && name == "className":
				p.class(s)
			case isText && s != "" && strings.HasSuffix(strings.ToLower(name), "formdefid"):
				p.form.Mentions = append(p.form.Mentions, s)
			default:
				p.properties(value)
			}
		}
	case []any:
		for _, value := range v {
			p.properties(value)
		}
	}
}

func (p *parser) elements(v any) {
	list, ok := v.([]any)
	if !ok {
		return
	}
	for _, item := range list {
		e := object(item)
		p.element(text(e["className"]), object(e["properties"]))
		p.class(text(e["className"]))
		p.elements(e["elements"])
	}
}

func (p *parser) element(class string, properties map[string]any) {
	p.properties(properties)
	simple := class[strings.LastIndexByte(class, '.')+1:]
	id := text(properties["id"])
	store := object(properties["storeBinder"])
	for _, name := range []string{"optionsBinder", "optionBinder"} {
		if form := text(object(object(properties[name])["properties"])["formDefId"]); form != "" {
			p.form.Options = append(p.form.Options, form)
			p.understood[form] = true
		}
	}
	if simple == "CustomHTML" {
		for _, name := range namedInputs(text(properties["value"])) {
			p.form.Fields = append(p.form.Fields, Field{ID: name})
		}
	}
	if link, ok := linkOf(simple, properties, store); ok {
		link.Field, link.Class = id, class
		p.form.Links = append(p.form.Links, link)
		p.understood[link.Form] = true
	}
	if id == "" || isContainer(simple) {
		return
	}
	p.form.Fields = append(p.form.Fields, Field{
		ID:               id,
		Class:            class,
		File:             strings.HasSuffix(simple, "FileUpload") || simple == "ImageUpload",
		WorkflowVariable: text(properties["workflowVariable"]),
		EnvVariable:      text(properties["envVariable"]),
		StoreBinder:      text(store["className"]),
	})
}

// linkOf decides by the properties where it can, by the class name where it
// must: subform elements of other vendors keep Joget's property names.
func linkOf(simple string, properties, store map[string]any) (Link, bool) {
	own := text(properties["formDefId"])
	parent, child := text(properties["parentSubFormId"]), text(properties["subFormParentId"])
	if own != "" && (parent != "" || child != "" || strings.Contains(simple, "SubForm")) {
		if parent == "" && child == "" {
			child = text(properties["foreignKey"])
		}
		return Link{Form: own, ParentField: parent, ChildField: child}, true
	}
	binder := object(store["properties"])
	if form := text(binder["formDefId"]); form != "" {
		return Link{Form: form, ChildField: text(binder["foreignKey"]), Grid: true}, true
	}
	if key := text(properties["foreignKey"]); own != "" && key != "" {
		return Link{Form: own, ChildField: key, Grid: true}, true
	}
	return Link{}, false
}

// isContainer tells the elements whose ID names no column.
func isContainer(simple string) bool {
	return simple == "Form" || simple == "Section" || simple == "Column" || simple == "CustomHTML" || strings.Contains(simple, "SubForm")
}

var inputPattern = regexp.MustCompile(`(?is)<(?:input|select|textarea)\b[^>]*?\bname\s*=\s*(?:"([^"<>]+)"|'([^'<>]+)')`)

func namedInputs(html string) []string {
	var names []string
	for _, m := range inputPattern.FindAllStringSubmatch(html, -1) {
		if name := m[1] + m[2]; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func object(v any) map[string]any {
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	return m
}

func text(v any) string {
	s, ok := v.(string)
	if !ok {
		return ""
	}
	return strings.TrimSpace(s)
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case []any:
		return "list"
	case string:
		return "string"
	default:
		return fmt.Sprintf("%T", v)
	}
}

func sortedSet(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return slices.Compact(list)
}
