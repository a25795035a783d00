package schema

import (
	"context"
	"database/sql"
	"strings"
)

// The tables of the Process Data Collector (docs/joget.md#jogets-own-tables), in
// the order in which rows name those above them, and the trail of form data.
const (
	ReportApps              = "app_report_app"
	ReportPackages          = "app_report_package"
	ReportProcesses         = "app_report_process"
	ReportActivities        = "app_report_activity"
	ReportInstances         = "app_report_process_instance"
	ReportActivityInstances = "app_report_activity_instance"
	FormDataTrail           = "app_form_data_audit_trail"
)

// ReportedTables are those of Reported, in that order.
var ReportedTables = []string{ReportApps, ReportPackages, ReportProcesses, ReportActivities}

// Reported is a row of the collector that says what its statistics are about: a version of
// an app, a package, a process or an activity. Name is by what Joget looks it up, unlike UID
// the same on every server, and unique within its table but for two that were made at once.
type Reported struct {
	Table string
	UID   string
	Name  string
}

// Reported returns what the collector has of some apps, apps first and activities last,
// each by UID. Nil where the server has no such tables.
func (r *Reader) Reported(ctx context.Context, apps []string) ([]Reported, error) {
	if !r.db.Has(ReportApps) || len(apps) == 0 {
		return nil, nil
	}
	var all []Reported
	for _, q := range []struct{ table, query string }{
		{ReportApps, selectReportApps}, {ReportPackages, selectReportPackages}, {ReportProcesses, selectReportProcesses}, {ReportActivities, selectReportActivities},
	} {
		rows, err := read(ctx, r, "read what reports are about", withLists(q.query, len(apps)), args(apps), func(scan scanner) (Reported, error) {
			row := Reported{Table: q.table}
			parts := make([]sql.NullString, 4)
			err := scan(&row.UID, &parts[0], &parts[1], &parts[2], &parts[3])
			for _, p := range parts {
				row.Name += strings.ReplaceAll(p.String, "\x00", "") + "\x00"
			}
			return row, err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}
