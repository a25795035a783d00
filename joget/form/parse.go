package form

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
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
	// Mentions are forms named by a formDefId property, and form tables named in any
	// text such as SQL, of which Parse cannot tell what they mean for the data; forms
	// are neither in Links nor in Options.
	Mentions []Mention
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

// Mention is a property that names a form or a form table, and is no known way to tie
// rows together.
type Mention struct {
	Field    string // ID of the element, "" for one without, and for the form itself
	Property string // its path within the element, with dots: "popup.properties.formDefId"
	Form     string // "" for a table
	Table    string // without app_fd_, as it is written; "" for a form
}

// MentionsIn returns what the properties of a plugin name, sorted; Field is "". What is
// no JSON is a text.
func MentionsIn(properties string) []Mention {
	var v any
	if json.Unmarshal([]byte(properties), &v) != nil {
		v = properties
	}
	var p parser
	mentions := p.properties("", v)
	slices.SortFunc(mentions, compareMentions)
	return slices.Compact(mentions)
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
	var p parser
	properties := object(top["properties"])
	p.form = Form{ID: text(properties["id"]), Name: text(properties["name"]), Table: text(properties["tableName"])}
	p.class(text(top["className"]))
	p.form.Mentions = p.properties("", properties)
	p.elements(top["elements"])

	f := p.form
	f.Classes = sortedSet(f.Classes)
	f.Options = sortedSet(f.Options)
	slices.SortFunc(f.Mentions, compareMentions)
	f.Mentions = slices.Compact(f.Mentions)
	return f, nil
}

type parser struct{ form Form }

// class notes the name of a class. The number of pages of a MultiPagedForm stands
// where such a name does elsewhere.
func (p *parser) class(name string) {
	if name != "" && strings.Trim(name, "0123456789") != "" {
		p.form.Classes = append(p.form.Classes, name)
	}
}

// properties notes the classes named anywhere below v, and returns the forms and
// tables that are named there.
func (p *parser) properties(path string, v any) (mentions []Mention) {
	switch v := v.(type) {
	case string:
		for _, found := range tablePattern.FindAllStringSubmatch(v, -1) {
			mentions = append(mentions, Mention{Property: strings.TrimSuffix(path, "."), Table: found[1]})
		}
	case map[string]any:
		for name, value := range v {
			s, isText := value.(string)
			switch {
			case isText && name == "className":
				p.class(s)
			case isText && namesForm(name):
				if s = strings.TrimSpace(s); s != "" {
					mentions = append(mentions, Mention{Property: path + name, Form: s})
				}
			default:
				mentions = append(mentions, p.properties(path+name+".", value)...)
			}
		}
	case []any:
		for _, value := range v {
			mentions = append(mentions, p.properties(path, value)...)
		}
	}
	return mentions
}

// namesForm tells by its name a property whose value is the ID of a form.
func namesForm(property string) bool {
	return strings.HasSuffix(strings.ToLower(property), "formdefid")
}

// tablePattern finds form tables in a text: SQL, a script, JSON within JSON.
var tablePattern = regexp.MustCompile(`\bapp_fd_([0-9A-Za-z_]+)`)

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
	mentions := p.properties("", properties)
	simple := class[strings.LastIndexByte(class, '.')+1:]
	id := text(properties["id"])
	store := object(properties["storeBinder"])
	for _, name := range []string{"optionsBinder", "optionBinder"} {
		if form := text(object(object(properties[name])["properties"])["formDefId"]); form != "" {
			p.form.Options = append(p.form.Options, form)
			mentions = slices.DeleteFunc(mentions, func(m Mention) bool { return m.Property == name+".properties.formDefId" })
		}
	}
	if simple == "CustomHTML" {
		for _, name := range namedInputs(text(properties["value"])) {
			p.form.Fields = append(p.form.Fields, Field{ID: name})
		}
	}
	links := pages(properties)
	if link, ok := linkOf(simple, properties, store); ok {
		links = append(links, link)
	}
	for _, link := range links {
		link.Field, link.Class = id, class
		p.form.Links = append(p.form.Links, link)
		// What else of the element names the form reads the same rows.
		mentions = slices.DeleteFunc(mentions, func(m Mention) bool { return m.Form == link.Form })
	}
	for _, m := range mentions {
		m.Field = id
		p.form.Mentions = append(p.form.Mentions, m)
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

var pagePattern = regexp.MustCompile(`^page([0-9]+)_formDefId$`)

// pages returns the subforms of a MultiPagedForm, which are in the property that
// says how many there are, by page (docs/joget.md#related-records).
func pages(properties map[string]any) []Link {
	all := object(object(properties["numberOfPage"])["properties"])
	var links []Link
	for _, name := range slices.SortedFunc(maps.Keys(all), func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }) {
		page := pagePattern.FindStringSubmatch(name)
		if page == nil || text(all[name]) == "" {
			continue
		}
		links = append(links, Link{
			Form:        text(all[name]),
			ParentField: text(all["page"+page[1]+"_parentSubFormId"]),
			ChildField:  text(all["page"+page[1]+"_subFormParentId"]),
		})
	}
	return links
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
	return simple == "Form" || simple == "Section" || simple == "Column" || simple == "CustomHTML" || simple == "MultiPagedForm" || strings.Contains(simple, "SubForm")
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

func compareMentions(a, b Mention) int {
	return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Property, b.Property), cmp.Compare(a.Form, b.Form), cmp.Compare(a.Table, b.Table))
}

func sortedSet(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return slices.Compact(list)
}
