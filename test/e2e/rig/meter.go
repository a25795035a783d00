package rig

import (
	"cmp"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"jogetferry/test/mysqltest"
)

// The accounts of a worker, as Options.Proxy and Meter name them.
const (
	OnSource = "source"
	OnTarget = "target"
	OnLedger = "ledger"
)

// Metered starts a database server that counts statements, for Options.SourceServer
// and Options.TargetServer of a stage with a Meter. keep is how many statements it keeps
// in words; more push out the oldest.
func Metered(tb testing.TB, keep string) *mysqltest.Server {
	tb.Helper()
	return mysqltest.Private(tb, "--performance-schema=ON", "--performance-schema-consumer-events-statements-current=ON", "--performance-schema-consumer-events-statements-history-long=ON",
		"--performance-schema-events-statements-history-long-size="+keep, "--performance-schema-max-sql-text-length=4096")
}

// Meter reads what the accounts of a stage asked of a Metered server.
type Meter struct {
	stage *Stage
	db    *sql.DB
}

// Meter counts from now on. server is that of both sides.
func (s *Stage) Meter(server *mysqltest.Server) *Meter {
	s.t.Helper()
	m := &Meter{s, s.open(server.DSN("performance_schema"))}
	m.Reset()
	return m
}

// Reset forgets what was counted.
func (m *Meter) Reset() {
	m.stage.t.Helper()
	for _, table := range []string{"events_statements_history_long", "events_statements_summary_by_account_by_event_name"} {
		_, err := m.db.ExecContext(m.stage.t.Context(), "TRUNCATE TABLE "+table)
		m.stage.must(err)
	}
}

// Load is what one account asked.
type Load struct {
	Statements int            // that read or write rows: no bounds of transactions, nothing that is set or asked of a session
	Commits    int            // and statements that write outside a transaction
	Digests    map[string]int // Statements, by their text without values
}

// Table lists the statements of a load for so many instances, most asked first.
func (l Load) Table(instances int) string {
	var b strings.Builder
	for _, text := range slices.SortedFunc(maps.Keys(l.Digests), func(x, y string) int {
		return cmp.Or(cmp.Compare(l.Digests[y], l.Digests[x]), cmp.Compare(x, y))
	}) {
		fmt.Fprintf(&b, "%8.2f %.160s\n", float64(l.Digests[text])/float64(instances), text)
	}
	return b.String()
}

// Load returns what an account asked. Statements and COMMITs are the server's own counts;
// Digests, and what writes outside transactions, are of connections that are still open.
func (m *Meter) Load(account string) Load {
	m.stage.t.Helper()
	load := Load{Digests: map[string]int{}}
	m.each(queryCounts, account, func(scan func(...any) error) {
		var event string
		var n int
		m.stage.must(scan(&event, &n))
		switch kind := kindOf(event); {
		case kind == "commit":
			load.Commits += n
		case !slices.Contains(bounds, kind):
			load.Statements += n
		}
	})
	inTransaction := map[int64]bool{} // by thread
	m.each(queryStatements, account, func(scan func(...any) error) {
		var thread int64
		var event, text string
		m.stage.must(scan(&thread, &event, &text))
		switch kind := kindOf(event); {
		case slices.Contains(bounds, kind):
			if kind != "set_option" && kind != "show_warnings" {
				inTransaction[thread] = kind == "begin"
			}
		default:
			load.Digests[text]++
			if !inTransaction[thread] && slices.Contains(writing, kind) {
				load.Commits++
			}
		}
	})
	return load
}

// each calls f for every row of a query about an account.
func (m *Meter) each(query, account string, f func(scan func(...any) error)) {
	m.stage.t.Helper()
	rows, err := m.db.QueryContext(m.stage.t.Context(), query, m.stage.accounts[account])
	m.stage.must(err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		f(rows.Scan)
	}
	m.stage.must(rows.Err())
}

// kindOf is the last part of an event's name, such as "select".
func kindOf(event string) string { return event[strings.LastIndex(event, "/")+1:] }

// bounds are statements that neither read nor write rows.
var bounds = []string{"begin", "commit", "rollback", "set_option", "show_warnings"}

var writing = []string{"insert", "insert_select", "update", "update_multi", "delete", "delete_multi", "replace"}

const queryCounts = `SELECT EVENT_NAME, COUNT_STAR FROM events_statements_summary_by_account_by_event_name
WHERE USER = ? AND EVENT_NAME LIKE 'statement/sql/%' AND COUNT_STAR > 0`

const queryStatements = `SELECT e.THREAD_ID, e.EVENT_NAME, COALESCE(e.DIGEST_TEXT, e.SQL_TEXT, e.EVENT_NAME)
FROM events_statements_history_long e JOIN threads t ON t.THREAD_ID = e.THREAD_ID
WHERE t.PROCESSLIST_USER = ? AND e.EVENT_NAME LIKE 'statement/sql/%'
ORDER BY e.THREAD_ID, e.EVENT_ID`

// accountOf is the account of a DSN.
func accountOf(dsn string) string {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return ""
	}
	return cfg.User
}

// History is what a workflow left in Temporal.
type History struct {
	Events  int
	Actions int // what Temporal bills; a retry of an activity is one more
	Bytes   int // of all events
}

// billable are the events that Temporal counts as actions, in workflows like these.
var billable = []enumspb.EventType{
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, enumspb.EVENT_TYPE_TIMER_STARTED,
	enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
	enumspb.EVENT_TYPE_MARKER_RECORDED, enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
}

// HistoryOf reads the history of a workflow's last run.
func (s *Stage) HistoryOf(c client.Client, workflowID string) (h History) {
	s.t.Helper()
	iter := c.GetWorkflowHistory(s.t.Context(), workflowID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for iter.HasNext() {
		event, err := iter.Next()
		s.must(err)
		h.Events++
		h.Bytes += event.Size()
		if slices.Contains(billable, event.GetEventType()) {
			h.Actions++
		}
		if attempt := event.GetActivityTaskStartedEventAttributes().GetAttempt(); attempt > 1 {
			h.Actions += int(attempt) - 1
		}
	}
	return h
}
