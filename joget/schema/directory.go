package schema

import (
	"context"
	"database/sql"

	"jogetferry/migration"
)

// Account is a directory user.
type Account struct {
	ID     string // dir_user.id, which participant mappings use
	Active bool
}

// Users returns those of names that the directory has (dir_user), by the names
// asked for: how the directory spells them matters as little as it does to Joget, but
// an equal spelling wins. With an external directory the table is not the truth.
func (r *Reader) Users(ctx context.Context, names []migration.User) (map[migration.User]Account, error) {
	wanted := make([]string, 0, len(names))
	for _, name := range names {
		wanted = append(wanted, string(name))
	}
	type row struct {
		name migration.User
		Account
	}
	users, found := make(map[migration.User]Account, len(names)), map[migration.User][]row{}
	err := batched(wanted, func(part []string) error {
		rows, err := read(ctx, r, "read users", withLists(selectUsers, len(part)), args(part), func(scan scanner) (v row, err error) {
			var name sql.NullString
			var active sql.NullInt64
			err = scan(&name, &v.ID, &active)
			v.name, v.Active = migration.User(name.String), active.Int64 == 1
			return v, err
		})
		for _, v := range rows {
			found[v.name.Fold()] = append(found[v.name.Fold()], v)
		}
		return err
	})
	for _, name := range names {
		if rows := found[name.Fold()]; len(rows) > 0 {
			// Names are not unique in the table: an active row wins.
			best := rows[0]
			for _, v := range rows[1:] {
				if exact, before := v.name == name, best.name == name; exact && !before || exact == before && v.Active && !best.Active {
					best = v
				}
			}
			users[name] = best.Account
		}
	}
	return users, err
}

// Membership is what the directory holds of one user besides the account, by IDs.
type Membership struct {
	Roles       []string // "ROLE_ADMIN", "ROLE_USER"
	Groups      []string
	Departments []string // of employments, ended ones too: Joget does not look at their dates
}

// Memberships returns the memberships of users (dir_user.id). Who has none is not in it.
func (r *Reader) Memberships(ctx context.Context, ids []string) (map[string]Membership, error) {
	type row struct{ kind, user, value string }
	all := make(map[string]Membership, len(ids))
	err := batched(ids, func(part []string) error {
		query := withLists(selectMemberships, len(part), len(part), len(part))
		rows, err := read(ctx, r, "read memberships", query, args(part, part, part), func(scan scanner) (v row, err error) {
			return v, scan(&v.kind, &v.user, &v.value)
		})
		for _, v := range rows {
			m := all[v.user]
			switch v.kind {
			case "role":
				m.Roles = append(m.Roles, v.value)
			case "group":
				m.Groups = append(m.Groups, v.value)
			default:
				m.Departments = append(m.Departments, v.value)
			}
			all[v.user] = m
		}
		return err
	})
	return all, err
}

// DepartmentHead returns the dir_user.id of the head of a department or, where
// it has none, of the nearest department above that has one; "" for nobody.
func (r *Reader) DepartmentHead(ctx context.Context, department string) (string, error) {
	type row struct{ head, parent sql.NullString }
	for seen := map[string]bool{}; department != "" && !seen[department]; {
		seen[department] = true
		rows, err := lookUp(ctx, r, "read a head of department", selectHead, args(department), func(scan scanner) (v row, err error) {
			return v, scan(&v.head, &v.parent)
		})
		if err != nil || len(rows) == 0 {
			return "", err
		}
		if rows[0].head.String != "" {
			return rows[0].head.String, nil
		}
		department = rows[0].parent.String
	}
	return "", nil
}

// Usernames returns the names of up to limit users of the directory, sorted.
func (r *Reader) Usernames(ctx context.Context, limit int) ([]string, error) {
	return read(ctx, r, "read user names", selectUsernames, args(limit), func(scan scanner) (name string, err error) {
		return name, scan(&name)
	})
}

// CountUsers counts the users (dir_user.id) that the directory has of ids: the
// active ones, and all.
func (r *Reader) CountUsers(ctx context.Context, ids []string) (active, all int, err error) {
	return r.accounts(ctx, countUsers, ids)
}

// CountMembers counts the members of groups, as CountUsers does.
func (r *Reader) CountMembers(ctx context.Context, groups []string) (active, all int, err error) {
	return r.accounts(ctx, countMembers, groups)
}

func (r *Reader) accounts(ctx context.Context, query string, ids []string) (active, all int, err error) {
	if len(ids) == 0 {
		return 0, 0, nil
	}
	_, err = read(ctx, r, "count users", withLists(query, len(ids)), args(ids), func(scan scanner) (none struct{}, err error) {
		return none, scan(&active, &all)
	})
	return active, all, err
}
