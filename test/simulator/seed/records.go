package seed

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// record writes what the forms of an instance left: the record with its child
// rows and files. Created and modified between from and to by user.
func (w *world) record(p Position, id, user string, from, to time.Time, variables map[string]any) error {
	switch p.Process {
	case LeaveRequest:
		return w.leaveRecord(p, id, user, from, to, variables)
	case PurchaseRequest:
		return w.purchaseRecord(p, id, user, from, to, variables)
	default:
		return w.hireRecord(p, id, user, from, to, variables)
	}
}

// field values of a row, by field id; fields not named become NULL or ”.
type fields map[string]any

func (w *world) row(table, id, user string, from, to time.Time, f fields) {
	t := w.forms[table]
	editor := user
	if w.chance(3) {
		editor = pick(w, w.directory.names)
	}
	created := from.Add(time.Duration(w.rng.IntN(1_000_000)) * time.Microsecond)
	modified := created.Add(time.Duration(w.rng.Int64N(int64(max(to.Sub(from), time.Second))))).Truncate(time.Microsecond)
	values := []any{id, stamp(created), stamp(modified), user, w.directory.full[user], editor, w.directory.full[editor]}
	used := 0
	for _, c := range t.columns[len(values):] {
		value, given := f[c[len("c_"):]]
		if given {
			used++
		} else if w.chance(2) {
			value = ""
		}
		values = append(values, value)
	}
	if used != len(f) {
		panic(fmt.Sprintf("seed: table %s lacks one of the fields %v", table, f))
	}
	w.rows.add(t, values...)
}

// attached fills file fields of f; most is the highest number of files each.
func (w *world) attached(f fields, table, id string, at time.Time, most int, names ...string) error {
	seen := map[string]bool{}
	for _, name := range names {
		value, err := w.attach(table, id, at, most, seen)
		if err != nil {
			return err
		}
		f[name] = value
	}
	return nil
}

func day(t time.Time) string { return t.Format("02-01-2006") }

func (w *world) leaveRecord(p Position, id, user string, from, to time.Time, variables map[string]any) error {
	w.leaveNumber++
	f := fields{
		"refNo":     fmt.Sprintf("LV-%06d", w.leaveBase+w.leaveNumber),
		"leaveType": pick(w, []string{"annual", "medical", "unpaid"}), "startDate": day(to), "endDate": day(to.AddDate(0, 0, 7)),
		"days": fmt.Sprint(variables["days"]), "reason": w.long(), "status": variables["status"],
	}
	if err := w.attached(f, "leave_request", id, from, 3, "attachment"); err != nil {
		return err
	}
	w.row("leave_request", id, user, from, to, f)
	if p.Name == "confirm" && w.chance(2) {
		w.row("leave_confirmation", id, user, from, to, fields{"confirmedDays": f["days"], "note": w.long()})
	}
	return nil
}

func (w *world) purchaseRecord(p Position, id, user string, from, to time.Time, variables map[string]any) error {
	f := fields{
		"title": w.text.cut(60), "amount": fmt.Sprint(variables["amount"]), "budgetApprover": variables["budgetApprover"],
		"stage": "received", "justification": w.long(),
	}
	if err := w.attached(f, "proc_request", id, from, 2, "specification", "quotation"); err != nil {
		return err
	}
	w.row("proc_request", id, user, from, to, f)
	w.row("proc_history", w.uuid(), user, from, to, fields{"requestId": id, "event": "registered"})
	for i := range w.rng.IntN(6) {
		w.row("proc_item", w.uuid(), user, from, to, fields{
			"requestId": id, "sku": "SKU-" + strconv.Itoa(1000+w.rng.IntN(9000)), "description": w.text.cut(200),
			"quantity": strconv.Itoa(i + 1), "price": fmt.Sprintf("%.2f", w.rng.Float64()*900),
		})
	}
	if slices.Contains(p.Done, "endorse") {
		w.row("proc_endorsement", id, w.directory.head[user], from, to, fields{"decision": "yes", "remarks": w.long()})
	}
	if p.Name == "order" && w.chance(3) {
		order := fields{"orderNo": "PO 12/" + strconv.Itoa(w.rng.IntN(1000)), "orderDate": day(to)}
		if err := w.attached(order, "proc_order", id, to, 1, "signed"); err != nil {
			return err
		}
		w.row("proc_order", id, user, from, to, order)
	}
	return nil
}

// hireRecord is the record of all three onboard processes, with tasks and
// their comments as two levels of child rows.
func (w *world) hireRecord(p Position, id, user string, from, to time.Time, variables map[string]any) error {
	address := w.uuid()
	hire := fields{
		"fullName": w.text.cut(40), "position": "Engineer", "department": "dept-it", "address": address, "note": w.long(),
	}
	if err := w.attached(hire, "onb_hire", id, from, 2, "photo", "contract"); err != nil {
		return err
	}
	w.row("onb_hire", id, user, from, to, hire)
	home := fields{"street": w.text.cut(80), "city": "Kuala Lumpur", "country": "MY"}
	if err := w.attached(home, "onb_address", address, from, 1, "proof"); err != nil {
		return err
	}
	w.row("onb_address", address, user, from, to, home)
	if p.Process == ProbationReview {
		review := fields{"outcome": variables["outcome"], "months": fmt.Sprint(variables["months"]), "assessment": w.long()}
		if err := w.attached(review, "onb_review", id, to, 2, "evidence"); err != nil {
			return err
		}
		w.row("onb_review", id, user, from, to, review)
	}
	for range w.rng.IntN(4) {
		task := w.uuid()
		w.row("onb_task", task, user, from, to, fields{"hireId": id, "title": w.text.cut(50), "due": day(to), "done": pick(w, []string{"yes", "no"})})
		for range w.rng.IntN(3) {
			comment := w.uuid()
			f := fields{"taskId": task, "text": w.long()}
			if err := w.attached(f, "onb_comment", comment, to, 1, "file"); err != nil {
				return err
			}
			w.row("onb_comment", comment, user, from, to, f)
		}
	}
	if p.Child != nil {
		equipment := fields{"assetTag": "A-" + strconv.Itoa(w.rng.IntN(100000)), "remarks": w.long()}
		if err := w.attached(equipment, "onb_equipment", id, to, 1, "receipt"); err != nil {
			return err
		}
		w.row("onb_equipment", id, user, from, to, equipment)
	}
	return nil
}

// lonelyRecord is a record no instance has.
func (w *world) lonelyRecord() error {
	positions := w.o.positions(Ordinary)
	if len(positions) == 0 {
		return fmt.Errorf("no position for records among processes %v and positions %v", w.o.Processes, w.o.Positions)
	}
	p := pick(w, positions)
	from := w.o.Now.Add(-history)
	return w.record(p, w.uuid(), pick(w, w.directory.names), from, from.Add(time.Hour), w.variables(p, Ordinary))
}
