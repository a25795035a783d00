package database

import "strings"

// What every session is set to. The driver sets the character set, also by
// statement and so after init_connect.
const (
	charset   = "utf8mb4"
	collation = "utf8mb4_bin"

	// Strict: what does not fit is refused, not cut. No ANSI_QUOTES, no
	// NO_BACKSLASH_ESCAPES, no PAD_CHAR_TO_FULL_LENGTH, which change what a
	// statement or a value means. Zero dates are data of old servers and pass.
	// The two time-outs have a name in each family; the other one reads a comment.
	sessionPins = "SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 1" +
		", sql_safe_updates = 0, sql_big_selects = 1, sql_auto_is_null = 0, sql_select_limit = 18446744073709551615" +
		" /*!50708 , max_execution_time = 0 */ /*M!100101 , max_statement_time = 0 */"
	// By statement: the variable has two names.
	sessionIsolation = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
	sessionReadOnly  = "SET SESSION TRANSACTION READ ONLY"
	sessionReadWrite = "SET SESSION TRANSACTION READ WRITE"
)

// Quote makes any name an SQL identifier: in backticks, those inside doubled.
// Every identifier that is not a constant goes through it.
func Quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
