package schema

import (
	"context"
	"crypto/md5" //nolint:gosec // Joget CE stores passwords as bare MD5; the simulator must too
	"database/sql"
	"encoding/hex"
	"fmt"
)

// Identities every database made by Create knows. They are fixtures of a
// simulator, not secrets.
const (
	AdminUser      = "admin"
	AdminPassword  = "admin"
	UserPassword   = "password" // of every user but AdminUser
	MasterUser     = "master"   // wf_setup masterLoginUsername; no directory user
	MasterPassword = "master"   // wf_setup masterLoginPassword, plain text
)

// Organization is the id of the only organization.
const Organization = "head-office"

// User is one directory user.
type User struct {
	ID         string // dir_user.id; differs from Name for some users, as in servers with imported users
	Name       string // dir_user.username
	First      string
	Last       string
	Department string // dir_department.id; "" = not employed
	Groups     []string
	Admin      bool // ROLE_ADMIN instead of ROLE_USER
}

// Department is one department and its head.
type Department struct {
	ID   string
	Name string
	HOD  string // user name of the head
}

// Users lists the users in a fixed order. The administrator belongs to no
// department, so a requesterHod mapping evaluated for the administrator yields nobody.
func Users() []User {
	return []User{
		{ID: "admin", Name: AdminUser, First: "Admin", Last: "Admin", Admin: true},
		{ID: "cat", Name: "cat", First: "Cat", Last: "Sample", Department: "dept-sales"},
		{ID: "clark", Name: "clark", First: "Clark", Last: "Sample", Department: "dept-sales", Groups: []string{"approvers"}},
		{ID: "david", Name: "david", First: "David", Last: "Sample", Department: "dept-finance", Groups: []string{"finance-team"}},
		{ID: "etta", Name: "etta", First: "Etta", Last: "Sample", Department: "dept-ops", Groups: []string{"buyers"}},
		{ID: "jack", Name: "jack", First: "Jack", Last: "Sample", Department: "dept-ops", Groups: []string{"buyers", "it-team"}},
		{ID: "julia", Name: "julia", First: "Julia", Last: "Sample", Department: "dept-finance", Groups: []string{"finance-team", "approvers"}},
		{ID: "usr-00000007", Name: "roy", First: "Roy", Last: "Sample", Department: "dept-it", Groups: []string{"it-team"}},
		{ID: "sasha", Name: "sasha", First: "Sasha", Last: "Sample", Department: "dept-it", Groups: []string{"it-team"}},
		{ID: "tana", Name: "tana", First: "Tana", Last: "Sample", Department: "dept-hr", Groups: []string{"hr-team"}},
		{ID: "terry", Name: "terry", First: "Terry", Last: "Sample", Department: "dept-ops", Groups: []string{"approvers"}},
		{ID: "usr-00000011", Name: "tina", First: "Tina", Last: "Sample", Department: "dept-hr", Groups: []string{"hr-team"}},
	}
}

// Departments lists the departments in a fixed order.
func Departments() []Department {
	return []Department{
		{"dept-sales", "Sales", "clark"},
		{"dept-ops", "Operations", "terry"},
		{"dept-finance", "Finance", "julia"},
		{"dept-it", "Information Technology", "roy"},
		{"dept-hr", "Human Resources", "tina"},
	}
}

// groups lists the group ids with their names.
func groups() [][2]string {
	return [][2]string{
		{"approvers", "Approvers"},
		{"buyers", "Buyers"},
		{"finance-team", "Finance Team"},
		{"hr-team", "HR Team"},
		{"it-team", "IT Team"},
	}
}

// PasswordHash is the form in which Joget CE stores a password: lower-case hex MD5.
func PasswordHash(password string) string {
	sum := md5.Sum([]byte(password)) //nolint:gosec // the format is Joget's
	return hex.EncodeToString(sum[:])
}

func writeDirectory(ctx context.Context, tx *sql.Tx) error {
	w := inserter(ctx, tx)
	w.put(insertRole, "ROLE_ADMIN", "Admin", "Administrator")
	w.put(insertRole, "ROLE_USER", "User", "Normal User")
	w.put(insertOrganization, Organization, "Head Office", "")
	for _, d := range Departments() {
		w.put(insertDepartment, d.ID, d.Name, "", Organization)
	}
	for _, g := range groups() {
		w.put(insertGroup, g[0], g[1], "", Organization)
	}
	employment := map[string]string{}
	for _, u := range Users() {
		password, role := UserPassword, "ROLE_USER"
		if u.Admin {
			password, role = AdminPassword, "ROLE_ADMIN"
		}
		w.put(insertUser, u.ID, u.Name, PasswordHash(password), u.First, u.Last, u.Name+"@example.org")
		w.put(insertUserRole, role, u.ID)
		if u.Department != "" {
			employment[u.Name] = "emp-" + u.Name
			w.put(insertEmployment, employment[u.Name], u.ID, u.Department, Organization)
		}
		for _, g := range u.Groups {
			w.put(insertUserGroup, g, u.ID)
		}
	}
	for _, d := range Departments() {
		w.put(updateHOD, employment[d.HOD], d.ID)
	}
	if w.err != nil {
		return fmt.Errorf("writing the directory: %w", w.err)
	}
	return nil
}

// MeetUsers makes the engine of a server know everybody of the directory, as
// one where all have worked: starts at the same moment that involve somebody
// new fail (docs/joget.md#the-answer-to-a-start). It is not repeatable.
func MeetUsers(ctx context.Context, db *sql.DB) error {
	return InTransaction(ctx, db, nil, func(tx *sql.Tx) error {
		users := Users()
		oid, err := ReserveObjectIDs(ctx, tx, int64(len(users)))
		if err != nil {
			return err
		}
		w := inserter(ctx, tx)
		for i, u := range users {
			w.put(insertResource, u.Name, oid+int64(i))
		}
		if w.err != nil {
			return fmt.Errorf("writing resources: %w", w.err)
		}
		return nil
	})
}

// rowWriter keeps the first error, so that a list of inserts reads as a list.
type rowWriter struct {
	exec func(query string, args ...any) (sql.Result, error)
	err  error
}

func inserter(ctx context.Context, tx *sql.Tx) rowWriter {
	return rowWriter{exec: func(query string, args ...any) (sql.Result, error) { return tx.ExecContext(ctx, query, args...) }}
}

func (w *rowWriter) put(query string, args ...any) {
	if w.err == nil {
		_, w.err = w.exec(query, args...)
	}
}
