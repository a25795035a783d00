package seed

import (
	"slices"
	"strings"

	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/schema"
)

// directory answers who is who, from the users schema.Create wrote.
type directory struct {
	names   []string // ordinary users
	full    map[string]string
	members map[string][]string // group -> user names
	head    map[string]string   // user name -> head of the user's department
}

func newDirectory() directory {
	d := directory{full: map[string]string{}, members: map[string][]string{}, head: map[string]string{}}
	heads := map[string]string{}
	for _, x := range schema.Departments() {
		heads[x.ID] = x.HOD
	}
	for _, u := range schema.Users() {
		d.full[u.Name] = u.First + " " + u.Last
		if u.Admin {
			continue
		}
		d.names = append(d.names, u.Name)
		d.head[u.Name] = heads[u.Department]
		for _, g := range u.Groups {
			d.members[g] = append(d.members[g], u.Name)
		}
	}
	return d
}

// assignees evaluates a participant mapping as the server did when the
// requester's own start activated the step: user names, sorted, never empty.
func (d directory) assignees(m apps.ParticipantMapping, requester string, variables map[string]any) []string {
	var users []string
	switch m.Type {
	case "group":
		users = slices.Clone(d.members[m.Value])
	case "requesterHod":
		users = []string{d.head[requester]}
	case "workflowVariable":
		name, _, _ := strings.Cut(m.Value, ",")
		if text, ok := variables[name].(string); ok && text != "" {
			users = strings.Split(text, ";")
		}
	}
	if len(users) == 0 {
		users = []string{requester}
	}
	slices.Sort(users)
	return users
}
