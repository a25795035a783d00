package suite

import (
	"errors"
	"fmt"

	"jogetferry/test/conformance/fixture"
)

// Ready tells early when the server does not answer or the database was not
// prepared, instead of failing every check.
func (e *Env) Ready() (err error) {
	missing, err := fixture.Missing(e.Ctx, e.DB)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("the database lacks tables of Joget: %v", missing)
	}
	var n int
	if err := e.DB.QueryRowContext(e.Ctx, "SELECT COUNT(*) FROM SHKProcessDefinitions WHERE PackageId=?", fixture.App).Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		return errors.New("the app of the checks is not in this database: run load first")
	}
	o := e.Run(Check{ID: "READY", run: func(t *T) {
		t.equal("current user name", e.Admin[0], t.ok(t.get(admin, "/workflow/currentUsername")).text("username"))
		t.equal("user name with the master login", ann, t.ok(t.get(as(ann), "/workflow/currentUsername")).text("username"))
	}})
	if !o.Passed {
		d := o.Diffs[0]
		return fmt.Errorf("the server is not ready: %s: expected %s, seen %s", d.What, d.Want, d.Got)
	}
	return nil
}
