package seed

import (
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/schema"
)

// textPool is a stretch of text that long values are cut from.
type textPool struct {
	rng  *rand.Rand
	pool string
}

// fragments are what the pool is mixed from: scripts, combining marks,
// emoji with modifiers, quotes, separators, line ends, SQL and markup characters.
var fragments = []string{
	"Please see the attached file. ", "As agreed in the meeting, ", "the remaining part follows next week. ", "Budget line 4711/12; ",
	"Überprüfung der Unterlagen, größer als üblich. ", "Déjà validé à l'étape précédente… ", "Cafe\u0301 (decomposed) ≠ Café. ",
	"Проверено и согласовано. ", "审批通过，请继续。", "承認済みです。", "التحقق من المستندات. ", "ตรวจสอบแล้ว ", "Đã được phê duyệt. ",
	"👍🏽 ", "🎉🎉 ", "👩‍👩‍👧‍👦 ", "🇲🇾 ", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ", "\u200Bzero width ", "naïve ", "tab\there ", "line\nbreak ", "carriage\r\nreturn ",
	"quote ' and \" and ` ", "back\\slash ", "100 % ", "<b>bold</b> & more ", "a;b;c ", "{\"json\":true} ", "NULL ", "  double  spaces  ", "€ 1.234,50 ",
}

const poolBytes = 256 << 10

func newTextPool(rng *rand.Rand) textPool {
	var b strings.Builder
	for b.Len() < poolBytes {
		b.WriteString(fragments[rng.IntN(len(fragments))])
	}
	return textPool{rng, b.String()}
}

// cut returns about n bytes, at most, of whole characters.
func (p textPool) cut(n int) string {
	n = min(n, poolBytes/2)
	from := p.rng.IntN(len(p.pool) - n)
	for !utf8.RuneStart(p.pool[from]) {
		from++
	}
	to := min(from+n, len(p.pool))
	for to < len(p.pool) && !utf8.RuneStart(p.pool[to]) {
		to--
	}
	return p.pool[from:max(from, to)]
}

// long is a text field's value: mostly Options.TextBytes, sometimes eight times that.
func (w *world) long() string {
	n := 1 + w.rng.IntN(w.o.TextBytes)
	if w.chance(32) {
		n = 8 * w.o.TextBytes
	}
	return w.text.cut(n)
}

// hugeBytes is more than Java's short string form holds and more than the
// history tables can archive.
const hugeBytes = 96 << 10

// remark is a text variable: empty, short, or once in ten too long for a varchar.
func (w *world) remark() string {
	switch {
	case w.chance(6):
		return ""
	case w.chance(10):
		return w.text.cut(12<<10 + w.rng.IntN(12<<10))
	}
	return w.text.cut(1 + w.rng.IntN(400))
}

// variables are the values of a new instance of a process at a position.
func (w *world) variables(p Position, kind Kind) map[string]any {
	var v map[string]any
	switch p.Process {
	case LeaveRequest:
		v = map[string]any{"status": "", "days": int64(1 + w.rng.IntN(25)), "balance": float64(w.rng.IntN(60)) / 2, "remarks": w.remark()}
	case PurchaseRequest:
		v = map[string]any{
			"status": "registered", "amount": float64(w.rng.IntN(10_000_000)) / 100, "itemCount": int64(w.rng.IntN(6)),
			"budgetApprover": pick(w, []string{"david", "julia", "david;julia"}), "justification": w.remark(),
		}
	case ProbationReview:
		v = map[string]any{
			"outcome": "", "months": int64(3 + w.rng.IntN(4)), "score": 0.0,
			"confirmed": false, "assessment": w.remark(),
		}
	case onboarding:
		v = map[string]any{"candidate": "Candidate " + w.text.cut(20), "equipmentStatus": "", "status": "in progress"}
	default: // onboard/equipment
		v = map[string]any{"candidate": "", "equipmentStatus": "ordered", "assetCount": int64(0)} // a number that no parameter gives can be set by no call
	}
	for name, value := range p.Sets {
		v[name] = value
	}
	if kind == TypedVariables {
		v["confirmed"] = true
	}
	if kind == HugeVariable {
		for _, name := range []string{"remarks", "justification", "assessment"} {
			if _, declared := v[name]; declared {
				v[name] = w.text.cut(hugeBytes)
			}
		}
	}
	if kind == NullVariables {
		for _, name := range []string{"remarks", "balance", "justification", "amount", "assessment", "score"} {
			if _, declared := v[name]; declared {
				v[name] = nil
			}
		}
	}
	return v
}

// stored are the columns VariableType, VariableValue, VariableValueVCHAR,
// VariableValueDBL, VariableValueLONG, VariableValueDATE, VariableValueBOOL;
// unused numbers are 0, an unused object is one zero byte.
func (w *world) stored(declared xpdl.Type, value any) []any {
	c := []any{5, []byte{0}, nil, 0, 0, nil, 0}
	switch x := value.(type) {
	case bool:
		c[0], c[6] = 0, 0
		if x {
			c[6] = 1
		}
	case int64:
		c[0], c[4] = 1, x
	case float64:
		c[0], c[3] = 2, x
	case time.Time:
		c[0], c[5] = 4, x.UTC().Format(time.DateTime)
	case string:
		if len(utf16.Encode([]rune(x))) > schema.MaxVarchar {
			c[1] = schema.JavaString(x)
		} else {
			c[0], c[2] = 3, x
		}
	case nil:
		switch {
		case declared == xpdl.DateTime:
			c[0] = 4
		case declared == xpdl.Float:
			c[0], c[3] = 2, nil
		case declared.Text():
			c[0] = 3
		default:
			c[1] = schema.JavaNull()
		}
	}
	return c
}
