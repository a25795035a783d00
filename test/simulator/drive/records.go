package drive

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jogetferry/test/simulator/schema"
)

// record is what the start form of an app's processes fills in.
type record struct {
	table    string            // without app_fd_
	fields   map[string]string // by field ID
	file     string            // the field of its uploads
	children []child
}

type child struct {
	table, foreignKey string
	fields            map[string]string
	file              string // "" for none
	odd               bool   // its IDs are as people number things, with characters that the API refuses
	children          []child
}

// records by app.
var records = map[string]record{
	"leave": {table: "leave_request", fields: map[string]string{"leaveType": "annual", "startDate": "03-06-2024", "days": "5", "reason": "Früh in die Ferien"}, file: "attachment"},
	"procure": {
		table: "proc_request", fields: map[string]string{"title": "Bürostühle", "amount": "1200.5", "stage": "draft", "justification": "ergonomics"}, file: "specification",
		children: []child{{table: "proc_item", foreignKey: "requestId", fields: map[string]string{"sku": "SKU-7", "description": "椅子", "quantity": "4", "price": "300.10"}}},
	},
	"onboard": {
		table: "onb_hire", fields: map[string]string{"fullName": "Jack Sample", "position": "Engineer", "department": "dept-it", "note": "naïve; über"}, file: "contract",
		children: []child{{table: "onb_task", foreignKey: "hireId", fields: map[string]string{"title": "Ausweis 🎫", "due": "10-06-2024", "done": "no"}}},
	},
	"claims": {
		table: "claim_case", fields: map[string]string{"title": "Wasserschaden", "amount": "830", "story": "Пришла вода\nund ging wieder.", "stage": "draft"}, file: "documents",
		children: []child{{table: "claim_loss", foreignKey: "claimId", fields: map[string]string{"thing": "Teppich", "worth": "430"}, file: "proof"}},
	},
	"permits": {
		table: "permit_case", fields: map[string]string{"title": "Anbau; 2. Stock", "stage": "draft", "reference": "ก-๑ 🦊"}, file: "plans",
		children: []child{
			{table: "permit_item", foreignKey: "permitId", fields: map[string]string{"thing": "Garage"}, file: "proof", odd: true, children: []child{
				{table: "permit_part", foreignKey: "itemId", fields: map[string]string{"what": "Tor"}},
			}},
		},
	},
	"permits/visit": {table: "permit_visit", fields: map[string]string{"place": "Hinterhof", "stage": "draft"}, file: "photos"},
}

// record is what the start form of the person's process fills in.
func (p *person) record() record {
	if r, own := records[p.shape.process]; own {
		return r
	}
	pkg, _, _ := strings.Cut(p.shape.process, "/")
	return records[pkg]
}

// fileNames are names as people upload them.
var fileNames = []string{"photo.jpg", "Übersicht (v2).txt", "名刺.png", "scan 001.pdf", "100% sure.txt"}

// forms fills in forms.
type forms struct {
	db      *sql.DB
	uploads string // folder app_formuploads
	rng     *rand.Rand
	now     time.Time
	filled  map[string]bool // IDs of records that are there
}

// fill stores a record with its children and files, as the start form does. One that is
// there already is left as it is.
func (f forms) fill(ctx context.Context, r record, id, user string) error {
	if f.filled[id] {
		return nil
	}
	f.filled[id] = true
	fields := maps.Clone(r.fields)
	if f.rng.IntN(4) == 0 { // what nobody filled in is empty or was never there
		fields[slices.Sorted(maps.Keys(fields))[0]] = ""
	}
	var err error
	if fields[r.file], err = f.attach(r.table, id, f.rng.IntN(3)); err != nil {
		return err
	}
	if err := f.insert(ctx, r.table, id, user, fields); err != nil {
		return err
	}
	return f.grow(ctx, r.children, id, user)
}

// grow stores child rows of a row, and theirs.
func (f forms) grow(ctx context.Context, children []child, parent, user string) error {
	var err error
	for _, c := range children {
		for range f.rng.IntN(3) {
			id, fields := newID(f.rng), withField(c.fields, c.foreignKey, parent)
			if c.odd {
				id = "Nr. (1); " + id
			}
			if c.file != "" {
				if fields[c.file], err = f.attach(c.table, id, f.rng.IntN(2)); err != nil {
					return err
				}
			}
			if err := f.insert(ctx, c.table, id, user, fields); err != nil {
				return err
			}
			if err := f.grow(ctx, c.children, id, user); err != nil {
				return err
			}
		}
	}
	return nil
}

func withField(fields map[string]string, name, value string) map[string]string {
	out := maps.Clone(fields)
	out[name] = value
	return out
}

// attach writes n uploads of a record and returns the value of their field.
func (f forms) attach(table, id string, n int) (string, error) {
	var names []string
	for _, i := range f.rng.Perm(len(fileNames))[:n] {
		if err := f.write(table, id, fileNames[i], strings.Repeat(fileNames[i]+" ", 1+f.rng.IntN(200))); err != nil {
			return "", err
		}
		names = append(names, fileNames[i])
	}
	return strings.Join(names, ";"), nil
}

func (f forms) write(table, id, name, content string) error {
	dir := filepath.Join(f.uploads, schema.UploadFolder(table, id))
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // as a server leaves it
		return fmt.Errorf("write an upload: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil { //nolint:gosec // as a server leaves it
		return fmt.Errorf("write an upload: %w", err)
	}
	return nil
}

const stampLayout = "2006-01-02 15:04:05.000000"

func (f forms) stamp() string {
	return f.now.Add(time.Duration(f.rng.IntN(1_000_000)) * time.Microsecond).Format(stampLayout)
}

func (f forms) insert(ctx context.Context, table, id, user string, fields map[string]string) error {
	stamp := f.stamp()
	args := []any{id, stamp, stamp, user, user, user, user}
	names := slices.Sorted(maps.Keys(fields))
	for _, name := range names {
		args = append(args, fields[name])
	}
	if _, err := f.db.ExecContext(ctx, insertRow(table, names), args...); err != nil {
		return fmt.Errorf("store a record in %s: %w", table, err)
	}
	return nil
}

// edit stores one field of a record again, as the form of a later activity does.
func (f forms) edit(ctx context.Context, table, id, user, field, value string) error {
	if _, err := f.db.ExecContext(ctx, updateField(table, field), value, f.stamp(), user, user, id); err != nil {
		return fmt.Errorf("edit a record in %s: %w", table, err)
	}
	return nil
}

// newID is a record ID like those that Joget makes.
func newID(rng *rand.Rand) string {
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", rng.Uint32(), rng.Uint32()>>16, rng.Uint32()>>20, rng.Uint32()>>20, rng.Uint64()>>16)
}

// oddEvery is how rarely Options.OddIDs make an ID.
const oddEvery = 5

// odd are IDs as people number things, with the number of the instance in each.
var odd = []string{
	"O'Neil-%d", `"%d"`, "100%%-%d", "R&D-%d", "No.#%d", "A+%d", "PO/2024/%d", "คำขอ-๒๕๖๗-%d", "📄🦊-%d", "ÄÖ=%d?", `a\%d`, "x,y:%d", "%%41-%d", "<b>%d</b>",
}

func oddID(i uint64) string { return fmt.Sprintf(odd[i/oddEvery%uint64(len(odd))], i) }

// tableName is a form's table, quoted.
func tableName(table string) string { return schema.Quote(schema.FormTablePrefix + table) }
