package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"jogetferry/contract"
	"jogetferry/migration"
)

// value is a place in a Config and how to fill it: from what YAML gives (text,
// numbers, lists, mappings), or from text alone for variables and flags.
type value struct {
	kind   string
	secret bool
	set    func(raw any) error
}

// scalar makes a value from a function of text. Errors must say what is wrong
// and what to give instead, "problem; fix".
func scalar(kind string, set func(string) error) value {
	return value{kind: kind, set: func(raw any) error {
		switch raw.(type) {
		case string, int, int64, uint64, float64, bool:
			return set(fmt.Sprint(raw))
		case nil:
			return nil
		}
		return fmt.Errorf("is not a single value; give a %s", kind)
	}}
}

func text(p *string) value {
	return scalar("text", func(s string) error {
		*p = strings.TrimSpace(s)
		return nil
	})
}

func secret(p *migration.Secret) value {
	v := scalar("secret", func(s string) error {
		*p = migration.NewSecret(s)
		return nil
	})
	v.secret = true
	return v
}

func oneOf(p *string, allowed ...string) value {
	return scalar(strings.Join(allowed, "|"), func(s string) error {
		if !slices.Contains(allowed, s) {
			return fmt.Errorf("%q is not known; give %s", s, strings.Join(allowed, " or "))
		}
		*p = s
		return nil
	})
}

func boolean(p *bool) value {
	return scalar("true|false", func(s string) error {
		if s != "true" && s != "false" {
			return fmt.Errorf("%q is not known; give true or false", s)
		}
		*p = s == "true"
		return nil
	})
}

func integer(p *int, lowest, highest int) value {
	return scalar("number", func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < lowest || n > highest {
			return fmt.Errorf("%q does not fit; give a whole number from %d to %d", s, lowest, highest)
		}
		*p = n
		return nil
	})
}

func rate(p *float64) value {
	return scalar("number", func(s string) error {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil || !(n > 0) || n > 1e6 {
			return fmt.Errorf("%q does not fit; give a number above 0", s)
		}
		*p = n
		return nil
	})
}

func duration(p *time.Duration) value {
	return scalar("duration", func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil || d < time.Second {
			return fmt.Errorf("%q does not fit; give a duration of 1s or more, such as 10m", s)
		}
		*p = d
		return nil
	})
}

// list takes a YAML list, or text with commas. It replaces what a layer below gave.
func list(p *[]string) value {
	return value{kind: "list", set: func(raw any) error {
		items, err := items(raw)
		if err != nil {
			return err
		}
		*p = items
		return nil
	}}
}

func items(raw any) ([]string, error) {
	var items []string
	switch raw := raw.(type) {
	case nil:
	case string:
		for item := range strings.SplitSeq(raw, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
	case []any:
		for _, item := range raw {
			s, ok := item.(string)
			if !ok {
				return nil, errors.New("has an entry that is not text; quote it")
			}
			items = append(items, strings.TrimSpace(s))
		}
	default:
		return nil, errors.New("is not a list; give [first, second], or first,second in a variable or flag")
	}
	return items, nil
}

func roles(p *[]contract.Role) value {
	return value{kind: "list", set: func(raw any) error {
		names, err := items(raw)
		if err != nil {
			return err
		}
		var roles []contract.Role
		for _, name := range names {
			role := contract.Role(name)
			if !slices.Contains(Roles(), role) {
				return fmt.Errorf("%q is not a role; give some of %s", name, allRoles())
			}
			if !slices.Contains(roles, role) {
				roles = append(roles, role)
			}
		}
		*p = roles
		return nil
	}}
}

// table takes a YAML mapping, or text of the form a=b,c=d.
func table(p *map[string]string) value {
	return value{kind: "mapping", set: func(raw any) (err error) {
		pairs := map[string]string{}
		switch raw := raw.(type) {
		case nil:
		case string:
			if pairs, err = pairsIn(raw, "from=to,from=to"); err != nil {
				return err
			}
		case map[string]any:
			for _, from := range slices.Sorted(maps.Keys(raw)) {
				to, ok := raw[from].(string)
				if !ok {
					return errors.New("has an entry that is not text; quote it")
				}
				pairs[from] = to
			}
		default:
			return errors.New("is not a mapping; give {from: to}, or from=to in a variable or flag")
		}
		*p = pairs
		return nil
	}}
}

// pairsIn reads text of the form a=b,c=d; form is what to give instead of anything else.
func pairsIn(text, form string) (map[string]string, error) {
	entries, err := items(text)
	if err != nil {
		return nil, err
	}
	pairs := map[string]string{}
	for _, entry := range entries {
		from, to, ok := strings.Cut(entry, "=")
		if !ok {
			return nil, errors.New("has an entry without =; give " + form)
		}
		pairs[strings.TrimSpace(from)] = strings.TrimSpace(to)
	}
	return pairs, nil
}

// instances takes a YAML mapping of instance IDs to what is said about them, or text of
// the form ID=activity+activity,ID=activity.
func instances(p *map[migration.InstanceID]Instance) value {
	return value{kind: "mapping", set: func(raw any) error {
		said := map[migration.InstanceID]Instance{}
		switch raw := raw.(type) {
		case nil:
		case string:
			pairs, err := pairsIn(raw, "ID=activity+activity")
			if err != nil {
				return err
			}
			for id, activities := range pairs {
				said[migration.InstanceID(id)] = Instance{Resume: activityIDs(strings.Split(activities, "+"))}
			}
		case map[string]any:
			for _, id := range slices.Sorted(maps.Keys(raw)) {
				of, ok := raw[id].(map[string]any)
				resume, has := of["resume"]
				if !ok || !has || len(of) != 1 {
					return fmt.Errorf("has an entry %q that is not {resume: [activity, ...]}; give that", id)
				}
				names, err := items(resume)
				if err != nil {
					return fmt.Errorf("has an entry %q whose resume %w", id, err)
				}
				said[migration.InstanceID(id)] = Instance{Resume: activityIDs(names)}
			}
		default:
			return errors.New("is not a mapping; give {ID: {resume: [activity, ...]}}, or ID=activity+activity in a variable or flag")
		}
		for id, of := range said {
			if len(of.Resume) == 0 || slices.Contains(of.Resume, "") {
				return fmt.Errorf("has an entry %q without an activity; name those at which it goes on", id)
			}
		}
		*p = said
		return nil
	}}
}

func activityIDs(names []string) []migration.ActivityDefID {
	ids := make([]migration.ActivityDefID, 0, len(names))
	for _, name := range names {
		ids = append(ids, migration.ActivityDefID(strings.TrimSpace(name)))
	}
	return ids
}
