package web

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"jogetferry/test/simulator/schema"
)

func each(ctx context.Context, db *sql.DB, query string, args []any, row func(scan func(...any) error) error) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (c *call) sso() error {
	if !c.caller.LoggedIn() && !c.has("callback") {
		return &answer{http.StatusUnauthorized, ""}
	}
	c.write(newObject("username", c.caller.User(), "isAdmin", strconv.FormatBool(c.caller.Admin), "token", "OWASP_CSRFTOKEN=SIMULATED"))
	return nil
}

func (c *call) csrfToken() error {
	c.write(newObject("tokenName", "OWASP_CSRFTOKEN", "tokenValue", "SIMULATED"))
	return nil
}

type listedUser struct {
	id, name, first, last, email string
	active                       bool
}

func (c *call) allUsers() ([]listedUser, error) {
	var out []listedUser
	err := each(c.r.Context(), c.db, selectUsers, nil, func(scan func(...any) error) error {
		var u listedUser
		var name, first, last, email sql.NullString
		var active sql.NullInt64
		err := scan(&u.id, &name, &first, &last, &email, &active)
		u.name, u.first, u.last, u.email, u.active = name.String, first.String, last.String, email.String, active.Int64 == 1
		out = append(out, u)
		return err
	})
	return out, err
}

func (c *call) userList() error {
	p, err := c.page(nil)
	if err != nil {
		return err
	}
	if p.sort != "" && p.desc == nil {
		return errGuard
	}
	all, err := c.allUsers()
	if err != nil {
		return err
	}
	wanted := strings.ToLower(c.p("name"))
	list := slices.DeleteFunc(all, func(u listedUser) bool {
		return !strings.Contains(strings.ToLower(u.name+"\n"+u.first+"\n"+u.last), wanted)
	})
	if p.desc != nil && *p.desc {
		slices.Reverse(list)
	}
	var items []any
	for _, u := range cut(list, p) {
		label := "Inactive"
		if u.active {
			label = "Active"
		}
		items = append(items, newObject("id", u.id, "username", u.name, "firstName", u.first, "lastName", u.last, "email", u.email, "active", label))
	}
	c.writeList(p, items, len(list))
	return nil
}

func (c *call) userOptions() error {
	all, err := c.allUsers()
	if err != nil {
		return err
	}
	out := array{newObject("value", "", "label", "")}
	for _, u := range all {
		out = append(out, newObject("value", u.name, "label", strings.TrimSpace(u.first+" "+u.last)))
	}
	c.write(out)
	return nil
}

type appVersion struct {
	app, name string
	version   int64
	published bool
}

func (c *call) appVersions() ([]appVersion, error) {
	var out []appVersion
	err := each(c.r.Context(), c.db, selectVersions, nil, func(scan func(...any) error) error {
		var v appVersion
		var name sql.NullString
		err := scan(&v.app, &v.version, &name, &v.published)
		v.name = name.String
		out = append(out, v)
		return err
	})
	return out, err
}

// wanted finds the app version of a request: a number, the highest for an
// empty text or latest, the published one (else the highest) for any other text.
func (c *call) wanted() (appVersion, error) {
	all, err := c.appVersions()
	if err != nil {
		return appVersion{}, err
	}
	text := c.p("version")
	number, notNumber := strconv.ParseInt(text, 10, 64)
	var found *appVersion
	for i, v := range all {
		switch {
		case v.app != c.p("appId"):
		case notNumber == nil:
			if v.version == number {
				return v, nil
			}
		case text != "" && text != "latest" && v.published:
			return v, nil
		default:
			found = &all[i]
		}
	}
	if found == nil {
		return appVersion{}, &answer{http.StatusNotFound, ""}
	}
	return *found, nil
}

func (c *call) publishedProcesses() error {
	all, err := c.appVersions()
	if err != nil {
		return err
	}
	definitions, err := c.engine.Definitions(c.r.Context())
	if err != nil {
		return err
	}
	apps := array{}
	for _, v := range all {
		if !v.published || c.p("appId") != "" && c.p("appId") != v.app {
			continue
		}
		pkg, version, ok, err := c.packageOf(v)
		if err != nil {
			return err
		}
		processes := array{}
		for _, d := range definitions {
			if !ok || d.Package != pkg || d.Version != version {
				continue
			}
			may, err := c.engine.MayStart(c.r.Context(), c.caller, d.ID)
			if err != nil {
				return err
			}
			if may {
				number := strconv.FormatInt(v.version, 10)
				processes = append(processes, newObject("id", d.ID, "idWithoutVersion", d.Key, "name", d.Name, "processVersion", d.Version,
					"appVersion", v.version, "url", Context+"/web/client/app/"+v.app+"/"+number+"/process/"+d.Key+"?start=true"))
			}
		}
		if len(processes) > 0 {
			o := newObject("id", v.app, "name", v.name, "version", v.version)
			o.put("processes", processes)
			apps = append(apps, o)
		}
	}
	out := newObject()
	out.put("apps", apps)
	c.write(out)
	return nil
}

func (c *call) publishedUserviews() error {
	out := newObject()
	out.put("apps", array{})
	c.write(out)
	return nil
}

func (c *call) packageOf(v appVersion) (pkg, version string, ok bool, err error) {
	err = c.db.QueryRowContext(c.r.Context(), selectPackage, v.app, v.version).Scan(&pkg, &version)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", false, nil
	}
	return pkg, version, err == nil, err
}

func (c *call) appList() error {
	all, err := c.appVersions()
	if err != nil {
		return err
	}
	out := newObject()
	for i, v := range all {
		if i+1 < len(all) && all[i+1].app == v.app {
			continue
		}
		out.accumulate("data", newObject("id", v.app, "name", v.name, "version", v.version))
	}
	c.write(out)
	return nil
}

func (c *call) versionList() error {
	all, err := c.appVersions()
	if err != nil {
		return err
	}
	out := newObject()
	for _, v := range all {
		if v.app != c.p("appId") {
			continue
		}
		tick := ""
		if v.published {
			tick = `<span class="tick"></span>`
		}
		out.accumulate("data", newObject("version", v.version, "published", tick))
	}
	c.write(out)
	return nil
}

// emptyPackage is what an app without a deployed package shows.
const emptyPackage = `<?xml version="1.0" encoding="UTF-8" standalone="no"?><Package xmlns="http://www.wfmc.org/2002/XPDL1.0" Id="%ID%" Name="%NAME%"><PackageHeader><XPDLVersion>1.0</XPDLVersion><Vendor/><Created/></PackageHeader><Script Type="text/javascript"/><WorkflowProcesses/></Package>`

func (c *call) packageXPDL() error {
	v, err := c.wanted()
	if err != nil {
		return err
	}
	pkg, version, ok, err := c.packageOf(v)
	if err != nil {
		return err
	}
	raw := []byte(strings.NewReplacer("%ID%", v.app, "%NAME%", v.name).Replace(emptyPackage))
	if ok {
		var found bool
		if raw, found, err = c.engine.XPDL(c.r.Context(), pkg, version); err != nil {
			return err
		}
		if !found {
			return errGuard
		}
	}
	c.media = "application/xml; charset=utf-8"
	c.body = append(c.body, raw...)
	return nil
}

type form struct{ id, name, table, json, created, modified string }

func (c *call) forms(v appVersion) ([]form, error) {
	var out []form
	err := each(c.r.Context(), c.db, selectForms, []any{v.app, v.version}, func(scan func(...any) error) error {
		var f form
		var name, table, raw, created, modified sql.NullString
		err := scan(&f.id, &name, &table, &raw, &created, &modified)
		f.name, f.table, f.json, f.created, f.modified = name.String, table.String, raw.String, created.String, modified.String
		out = append(out, f)
		return err
	})
	return out, err
}

func (c *call) formList() error {
	v, err := c.wanted()
	if err != nil {
		return err
	}
	list, err := c.forms(v)
	if err != nil {
		return err
	}
	out := newObject()
	for _, f := range list {
		out.accumulate("data", newObject("id", f.id, "name", f.name, "tableName", f.table, "dateCreated", f.created, "dateModified", f.modified))
	}
	c.write(out)
	return nil
}

func (c *call) formJSON() error {
	v, err := c.wanted()
	if err != nil {
		return err
	}
	list, err := c.forms(v)
	if err != nil {
		return err
	}
	for _, f := range list {
		if f.id == c.p("formId") {
			c.body = append(c.body, f.json...)
			return nil
		}
	}
	return &answer{http.StatusNotFound, ""}
}

func (c *call) envVariables() error {
	v, err := c.wanted()
	if err != nil {
		return err
	}
	out := newObject()
	err = each(c.r.Context(), c.db, selectVariables, []any{v.app, v.version}, func(scan func(...any) error) error {
		var id string
		var content, remarks sql.NullString
		err := scan(&id, &content, &remarks)
		o := newObject("id", id, "value", content.String)
		if remarks.Valid {
			o.put("remarks", remarks.String)
		}
		out.accumulate("data", o)
		return err
	})
	if err != nil {
		return err
	}
	c.write(out)
	return nil
}

func (c *call) publish() error {
	v, err := c.wanted()
	if err != nil {
		return err
	}
	if _, err := c.db.ExecContext(c.r.Context(), unpublishApp, v.app); err != nil {
		return err
	}
	if _, err := c.db.ExecContext(c.r.Context(), publishVersion, v.app, v.version); err != nil {
		return err
	}
	c.write(newObject("status", true))
	return nil
}

func (c *call) unpublish() error {
	if _, err := c.db.ExecContext(c.r.Context(), unpublishApp, c.p("appId")); err != nil {
		return err
	}
	c.write(newObject("status", true))
	return nil
}

// formLoad reads a record through its table; binders are not simulated.
func (c *call) formLoad() error {
	all, err := c.appVersions()
	if err != nil {
		return err
	}
	for _, v := range all {
		if v.app != c.p("appId") || !v.published {
			continue
		}
		list, err := c.forms(v)
		if err != nil {
			return err
		}
		for _, f := range list {
			if f.id == c.p("formId") {
				return c.loadRecord(f.table, c.p("primaryKey"))
			}
		}
	}
	return &answer{http.StatusNotFound, ""}
}

func (c *call) loadRecord(table, id string) error {
	rows, err := c.db.QueryContext(c.r.Context(), "SELECT * FROM "+schema.Quote(schema.FormTablePrefix+table)+" WHERE id = ?", id) //nolint:gosec // the table's name is quoted
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return &answer{http.StatusNotFound, ""}
	}
	cells := make([]sql.NullString, len(columns))
	targets := make([]any, len(columns))
	for i := range cells {
		targets[i] = &cells[i]
	}
	if err := rows.Scan(targets...); err != nil {
		return err
	}
	out := newObject()
	for i, name := range columns {
		if cells[i].Valid {
			out.put(strings.TrimPrefix(name, schema.FormColumnPrefix), cells[i].String)
		}
	}
	c.write(out)
	return rows.Err()
}
