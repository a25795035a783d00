// Package mysqltest gives tests a real MariaDB or MySQL. DSN hands out a fresh
// empty database, User a restricted account, AdminDSN the account behind both;
// they share one server per test process, or the one named by the environment
// variable FERRY_TEST_MYSQL (an administrator's DSN, any database). Start is
// the same private server for those who want to stop, kill and restart it, or
// give it flags of their own. FERRY_TEST_MYSQL_DIR names the folder of the
// server to run where the system's is not wanted.
//
// It knows nothing of Joget or of the ledger: databases are handed out empty.
// Nothing here skips: without a server a test fails and says how to get one.
// Start reading at mysqltest.go; what MariaDB and MySQL do differently is in
// flavour.go.
package mysqltest
