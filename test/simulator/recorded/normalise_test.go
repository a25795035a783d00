package recorded_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// undefined is a time that has not come: Long.MAX_VALUE / 2 (docs/joget.md#times).
const undefined = "4611686018427387903"

var (
	ids         = regexp.MustCompile(`\b(?:(\d+)_)?(\d+_rec_[a-z]+)`)
	placeholder = regexp.MustCompile(`\{([ap])(\d+)\}`)
	times       = regexp.MustCompile(`(?i)^(created|started|activated|accepted|lastStateTime|limitTime|timeLimit|due|VariableValueDATE)$`)
	// as answers and the history's texts print them
	printed = regexp.MustCompile(`\b[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4}\b|\b\d\d-\d\d-\d{4} \d\d:\d\d [AP]M\b`)
)

// normaliser gives IDs and times the names they have in the recordings.
type normaliser struct {
	clock      *clock
	instances  []string // {p1} is the first that appeared
	activities []string // counters of activities, {a1} the first
}

// cell names the value of a column.
func (n *normaliser) cell(column, v string) string {
	if times.MatchString(column) {
		return n.moment(v)
	}
	if column == "variables" {
		return n.text(sorted(v))
	}
	return n.text(v)
}

// text names the IDs and printed times of a text.
func (n *normaliser) text(v string) string {
	v = ids.ReplaceAllStringFunc(v, func(id string) string {
		part := ids.FindStringSubmatch(id)
		activity, instance := "", number(&n.instances, part[2])
		if part[1] != "" {
			activity = fmt.Sprintf("{a%d}_", number(&n.activities, part[1]))
		}
		return fmt.Sprintf("%s{p%d}", activity, instance)
	})
	return printed.ReplaceAllString(v, "NOW")
}

// number is the place of a value in order of appearance, from 1.
func number(list *[]string, v string) int {
	i := slices.Index(*list, v)
	if i < 0 {
		i = len(*list)
		*list = append(*list, v)
	}
	return i + 1
}

// real puts IDs in the place of their names.
func (n *normaliser) real(v string) string {
	return placeholder.ReplaceAllStringFunc(v, func(name string) string {
		part := placeholder.FindStringSubmatch(name)
		list := n.instances
		if part[1] == "a" {
			list = n.activities
		}
		i, err := strconv.Atoi(part[2])
		if err != nil || i < 1 || i > len(list) {
			return name
		}
		return list[i-1]
	})
}

// moment names a time in milliseconds or as a datetime of the server's zone, UTC.
func (n *normaliser) moment(v string) string {
	if v == undefined {
		return "UNDEFINED"
	}
	at, err := time.Parse(time.DateTime, v)
	if millis, notMillis := strconv.ParseInt(v, 10, 64); notMillis == nil {
		at, err = time.UnixMilli(millis), nil
	}
	now := n.clock.Now()
	switch ahead := at.Sub(now).Round(time.Minute); {
	case err != nil || at.Before(n.clock.began.Truncate(time.Second)):
		return v
	case ahead > 0:
		return fmt.Sprintf("NOW+%dmin", int(ahead.Minutes()))
	}
	return "NOW"
}

// sorted is a JSON object with its keys in order: Joget writes them in that of
// a hash map. What is no object stays as it is.
func sorted(v string) string {
	var object map[string]any
	if json.Unmarshal([]byte(v), &object) != nil {
		return v
	}
	raw, err := json.Marshal(object)
	if err != nil {
		return v
	}
	return string(raw)
}

// expected gives a recorded table what the rows of the simulator get too.
func (t tables) expected() tables {
	for _, rows := range t {
		for _, row := range rows {
			if v, ok := row["variables"].(string); ok {
				row["variables"] = printed.ReplaceAllString(sorted(v), "NOW")
			}
		}
	}
	return t
}

// object reads an answer; nil for one without a body. Its list of variables
// becomes one object, as it comes in the order of a hash map.
func object(raw string) (map[string]any, error) {
	if raw == "" {
		return nil, nil
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(printed.ReplaceAllString(raw, "NOW")), &out); err != nil {
		return nil, fmt.Errorf("%w in %s", err, raw)
	}
	if list, ok := out["variable"].([]any); ok {
		all := map[string]any{}
		for _, v := range list {
			one, _ := v.(map[string]any)
			maps.Copy(all, one)
		}
		out["variable"] = all
	}
	return out, nil
}
