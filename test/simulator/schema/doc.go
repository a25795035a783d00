// Package schema holds the tables of a Joget v8 server as the simulator needs
// them: exact mixed-case names, columns, types, keys and the fixed state rows,
// plus a small directory of users and the settings of a fresh installation.
//
// The tables are declared in tables.txt, one short notation for all of them,
// and rendered to plain DDL (one statement per table) that MariaDB and MySQL
// accept alike. Start reading at Create.
package schema
