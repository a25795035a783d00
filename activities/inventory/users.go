package inventory

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"jogetferry/joget/api"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/preflight"
)

// startWhitelist is the participant whose mapping says who may start a process.
const startWhitelist = "processStartWhiteList"

// maxKnownUsers bounds the names among which a wrong one is looked for.
const maxKnownUsers = 20_000

// settings reads the settings of both servers, once.
func (t *inventory) settings(ctx context.Context) (err error) {
	p := &t.people
	if p.source != nil {
		return nil
	}
	if p.target, err = t.act.Target.Fresh().Settings(ctx); err != nil {
		return err
	}
	p.source, err = t.act.Source.Fresh().Settings(ctx)
	return err
}

// external reports whether another directory than Joget's tables is in use on the target.
func (p *people) external() bool { return p.target[schema.SettingDirectory] != "" }

// gatherUsers asks what the target knows of the users of a page: one query for
// those not met before, one for what the requesters among them are members of.
func (t *inventory) gatherUsers(ctx context.Context, facts []preflight.InstanceFacts) error {
	users, requesters := map[migration.User]bool{}, map[migration.User]bool{}
	for i := range facts {
		requesters[facts[i].Wanted.Requester] = true
		for p := range facts[i].Parts() {
			users[p.Wanted.Requester] = true
			for _, a := range p.Wanted.Activities {
				users[a.AcceptedBy] = true
				for _, s := range a.Assignments {
					users[s.User] = true
				}
			}
			for _, token := range p.Wanted.Tokens {
				users[token.Performer] = true
			}
		}
	}
	if err := t.accounts(ctx, slices.Sorted(maps.Keys(users))); err != nil {
		return err
	}
	if err := t.memberships(ctx, slices.Sorted(maps.Keys(requesters))); err != nil {
		return err
	}
	for i := range facts {
		rule, err := t.startRule(ctx, facts[i].Instance.Definition)
		if err != nil {
			return err
		}
		facts[i].Users = &preflight.UserFacts{Accounts: t.people.accounts, Start: rule}
	}
	return nil
}

// accounts learns of users that were not met before.
func (t *inventory) accounts(ctx context.Context, users []migration.User) error {
	if err := t.settings(ctx); err != nil {
		return err
	}
	p := &t.people
	if p.accounts == nil {
		p.accounts, p.judged = map[migration.User]preflight.Account{}, map[migration.User]bool{}
	}
	users = slices.DeleteFunc(users, func(u migration.User) bool {
		_, known := p.accounts[u]
		return known || u == "" || u == migration.AnonymousUser
	})
	found, err := t.act.Target.Fresh().Users(ctx, users)
	if err != nil {
		return err
	}
	for _, u := range users {
		account := preflight.Account{Standing: preflight.StandingMissing, Refused: api.CheckUser(u) != nil, External: p.external()}
		switch have, ok := found[u]; {
		case ok && have.Active:
			account.Standing, account.ID = preflight.StandingActive, have.ID
		case ok:
			account.Standing, account.ID = preflight.StandingInactive, have.ID
		case account.External:
			if account.Standing, err = t.act.probe(ctx, u); err != nil {
				return err
			}
		}
		p.accounts[u] = account
	}
	return nil
}

// probe tries whether another directory knows a user.
func (act *Activities) probe(ctx context.Context, u migration.User) (preflight.Standing, error) {
	if act.Probe == nil {
		return preflight.StandingUnknown, nil
	}
	known, err := act.Probe(ctx, u)
	if err == nil && known {
		return preflight.StandingActive, nil
	}
	return preflight.StandingMissing, err
}

// memberships learns what requesters are members of, who were not asked for before.
func (t *inventory) memberships(ctx context.Context, requesters []migration.User) error {
	p := &t.people
	var ids []string
	byID := map[string]migration.User{}
	for _, u := range requesters {
		if a := p.accounts[u]; a.ID != "" && !p.judged[u] {
			ids = append(ids, a.ID)
			byID[a.ID] = u
		}
		p.judged[u] = true
	}
	found, err := t.act.Target.Fresh().Memberships(ctx, ids)
	for id, m := range found {
		if u, ok := byID[id]; ok {
			a := p.accounts[u]
			a.Roles, a.Groups, a.Departments = m.Roles, m.Groups, m.Departments
			p.accounts[u] = a
		}
	}
	return err
}

// startRule learns who may start what a definition of the source maps to; nil
// when that is nothing.
func (t *inventory) startRule(ctx context.Context, id migration.DefinitionID) (*preflight.StartRule, error) {
	p := &t.people
	if rule, known := p.rules[id]; known {
		return rule, nil
	}
	d := t.definitions[id]
	var rule *preflight.StartRule
	if side := d.facts.Target; d.target.Process != "" && side.Process != nil {
		rule = &preflight.StartRule{Published: side.Published}
		i := slices.IndexFunc(side.Participants, func(p migration.Participant) bool { return p.Participant == startWhitelist })
		if i >= 0 {
			rule.Whitelist = &side.Participants[i]
		}
	}
	if rule != nil && rule.Whitelist != nil && rule.Whitelist.Type == "hod" {
		var err error
		if rule.Head, err = t.act.Target.Fresh().DepartmentHead(ctx, rule.Whitelist.Value); err != nil {
			return nil, err
		}
	}
	if p.rules == nil {
		p.rules = map[migration.DefinitionID]*preflight.StartRule{}
	}
	p.rules[id] = rule
	return rule, nil
}

// gatherDeadlines asks the source for the time, and both servers whether they
// look for deadlines, where any activity of the page has one.
func (t *inventory) gatherDeadlines(ctx context.Context, facts []preflight.InstanceFacts) error {
	if !slices.ContainsFunc(facts, hasDeadlines) {
		return nil
	}
	if err := t.settings(ctx); err != nil {
		return err
	}
	now, err := t.act.Source.Fresh().Clock(ctx)
	deadlines := &preflight.DeadlineFacts{Now: now, SourceFires: firesDeadlines(t.people.source), TargetFires: firesDeadlines(t.people.target)}
	for i := range facts {
		facts[i].Deadlines = deadlines
	}
	return err
}

func hasDeadlines(f preflight.InstanceFacts) bool {
	for p := range f.Parts() {
		if slices.ContainsFunc(p.Instance.Activities, func(a migration.OpenActivity) bool { return a.Deadlines > 0 }) {
			return true
		}
	}
	return false
}

func firesDeadlines(settings map[string]string) bool {
	seconds, err := strconv.Atoi(settings[schema.SettingDeadlineInterval])
	return err == nil && seconds > 0
}

// mappedUsers looks for users of the configuration that the target does not have.
func (t *inventory) mappedUsers(ctx context.Context) error {
	mapped := slices.Sorted(maps.Values(t.act.Settings.Users))
	if err := t.accounts(ctx, slices.Clone(mapped)); err != nil {
		return err
	}
	f := &t.plan.Users
	for _, u := range slices.Compact(mapped) {
		if t.people.accounts[u].Standing == preflight.StandingMissing {
			f.Missing = append(f.Missing, u)
		}
	}
	if len(f.Missing) == 0 {
		return nil
	}
	var err error
	f.Known, err = t.act.Target.Fresh().Usernames(ctx, maxKnownUsers)
	return err
}

// freeSpace asks what the target's uploads can still take.
func (t *inventory) freeSpace(ctx context.Context) error {
	free, err := t.act.Target.Uploads.Free(ctx)
	if err == nil {
		t.plan.FreeBytes = &free
	}
	return ctx.Err()
}
