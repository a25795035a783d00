package database_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"jogetferry/internal/database"
	"jogetferry/migration"
)

func TestFailure(t *testing.T) {
	t.Parallel()
	answer := func(number uint16) error {
		return fmt.Errorf("insert: %w", &mysql.MySQLError{Number: number, SQLState: [5]byte([]byte("HY000")), Message: "Duplicate entry 'jane@here'"})
	}
	for _, tc := range []struct {
		name  string
		err   error
		class database.Class
		code  migration.Code
		want  string // of the safe message
	}{
		{"a_deadlock_is_tried_again", answer(1213), database.Retry, migration.CodeUnavailable, "op table t: unavailable: database error 1213 (HY000)"},
		{"a_lock_wait_is_tried_again", answer(1205), database.Retry, migration.CodeUnavailable, "database error 1205"},
		{"a_read_only_server_is_waited_for_and_named", answer(1290), database.Wait, migration.CodeUnavailable, "database error 1290 (HY000) (the database server is read-only"},
		{"read_only_by_innodb", answer(1874), database.Wait, migration.CodeUnavailable, "read-only"},
		{"a_server_that_shuts_down", answer(1053), database.Wait, migration.CodeUnavailable, "1053"},
		{"a_time_limit_of_mysql", answer(3024), database.Wait, migration.CodeUnavailable, "time limit"},
		{"a_time_limit_of_mariadb", answer(1969), database.Wait, migration.CodeUnavailable, "time limit"},
		{"a_node_outside_its_cluster", answer(1047), database.Wait, migration.CodeUnavailable, "1047"},
		{"a_statement_while_its_table_changes", answer(1615), database.Retry, migration.CodeUnavailable, "1615"},
		{"a_login_that_the_driver_cannot_do", mysql.ErrUnknownPlugin, database.Refuse, migration.CodeRefused, "check user and password"},
		{"a_full_disk", answer(1114), database.Wait, migration.CodeUnavailable, "make room"},
		{"a_wrong_password", answer(1045), database.Refuse, migration.CodeRefused, "check user and password"},
		{"a_missing_right", answer(1142), database.Refuse, migration.CodeRefused, "grant the account"},
		{"a_row_over_the_packet", answer(1153), database.Unsupported, migration.CodeUnsupported, "max_allowed_packet"},
		{"a_parameter_over_the_packet", answer(1105), database.Unsupported, migration.CodeUnsupported, "max_allowed_packet"},
		{"a_packet_that_the_driver_refuses", mysql.ErrPktTooLarge, database.Unsupported, migration.CodeUnsupported, "max_allowed_packet"},
		{"a_value_that_does_not_fit", answer(1406), database.Unsupported, migration.CodeUnsupported, "1406"},
		{"json_of_a_binary_string", answer(3144), database.Unsupported, migration.CodeUnsupported, "3144"},
		{"a_statement_binlog", answer(1665), database.Unsupported, migration.CodeUnsupported, "binlog_format"},
		{"a_duplicate", answer(1062), database.Duplicate, migration.CodeConflict, "1062"},
		{"no_such_table", answer(1146), database.Missing, migration.CodeUnsupported, "1146"},
		{"no_such_database", answer(1049), database.Missing, migration.CodeNotFound, "1049"},
		{"a_number_that_nobody_listed", answer(9999), database.Internal, migration.CodeInternal, "op table t: internal: database error 9999 (HY000)"},
		{"a_cut_connection", mysql.ErrInvalidConn, database.Wait, migration.CodeUnavailable, "unavailable"},
		{"a_bad_connection", driver.ErrBadConn, database.Wait, migration.CodeUnavailable, "unavailable"},
		{"nobody_listens", &net.OpError{Op: "dial", Err: errors.New("refused")}, database.Wait, migration.CodeUnavailable, "unavailable"},
		{"cancelled", context.Canceled, database.Wait, migration.CodeUnavailable, "unavailable"},
		{"what_nobody_knows", errors.New("?"), database.Internal, migration.CodeInternal, "internal"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := database.ClassOf(tc.err); got != tc.class {
				t.Errorf("class %d, want %d", got, tc.class)
			}
			err := database.Failure("op", "table t", tc.err)
			var coded *migration.Error
			if !errors.As(err, &coded) || coded.Code != tc.code || !strings.Contains(coded.Safe(), tc.want) {
				t.Errorf("%v, want code %s and %q", err, tc.code, tc.want)
			}
			if strings.Contains(err.Error(), "jane") {
				t.Errorf("%v quotes a value", err)
			}
			if again := database.Failure("other", "", err); !errors.Is(again, err) || again.Error() != err.Error() {
				t.Errorf("an error with a code became %v", again)
			}
			if got := database.ClassOf(err); got != tc.class {
				t.Errorf("once coded it is of class %d, want %d", got, tc.class)
			}
		})
	}
	if database.Failure("op", "", nil) != nil {
		t.Error("no error became one")
	}
}

func TestIncomparable(t *testing.T) {
	t.Parallel()
	for number, want := range map[uint16]bool{1267: true, 1270: true, 3854: true, 1062: false, 1366: false} {
		err := database.Failure("look up", "", &mysql.MySQLError{Number: number})
		if got := database.Incomparable(err); got != want {
			t.Errorf("%d: %v, want %v", number, got, want)
		}
	}
	if database.Incomparable(nil) || database.Incomparable(mysql.ErrInvalidConn) {
		t.Error("no answer is no comparison")
	}
}
