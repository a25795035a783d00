package web

import (
	"crypto/md5" //nolint:gosec // Joget CE's passwords and login hashes are MD5
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/google/uuid"

	"jogetferry/test/simulator/engine"
)

const (
	cookieName = "JSESSIONID"
	// maxCredential is the longest password or hash that is looked at.
	maxCredential = 512
	formLogin     = "org.joget.apps.workflow.security.WorkflowHttpAuthProcessingFilter"
)

// sessions are the logins kept by cookie. A master login leaves a session
// whose user cannot be found again.
type sessions struct {
	mu   sync.Mutex
	user map[string]string // session ID -> user name, "" for a session without user
}

func (s *sessions) open(user string) string {
	id := strings.ToUpper(hex.EncodeToString([]byte(rand.Text()))[:32])
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.user == nil {
		s.user = map[string]string{}
	}
	s.user[id] = user
	return id
}

func (s *sessions) drop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.user, id)
}

func (s *sessions) find(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user[id]
}

func md5Hex(s string) string {
	sum := md5.Sum([]byte(s)) //nolint:gosec // the format is Joget's
	return hex.EncodeToString(sum[:])
}

// loginHash is User.getLoginHash, in lower case.
func loginHash(user, passwordMD5 string) string {
	return md5Hex(user + "::" + passwordMD5)
}

type directoryUser struct {
	id, name, password string
	active             bool
	roles              []string
}

func (c *call) user(name string) (directoryUser, bool, error) {
	var u directoryUser
	var password sql.NullString
	var active sql.NullInt64
	err := c.db.QueryRowContext(c.r.Context(), selectUser, name).Scan(&u.id, &u.name, &password, &active)
	if errors.Is(err, sql.ErrNoRows) {
		return u, false, nil
	}
	if err != nil {
		return u, false, err
	}
	u.password, u.active = strings.ToLower(password.String), active.Int64 == 1
	err = each(c.r.Context(), c.db, selectRoles, []any{u.id}, func(scan func(...any) error) error {
		var role string
		err := scan(&role)
		u.roles = append(u.roles, role)
		return err
	})
	return u, err == nil, err
}

// matches is DirectoryManagerImpl.authenticate.
func (u directoryUser) matches(credential string) bool {
	return u.active && len(credential) <= maxCredential &&
		(md5Hex(credential) == u.password || strings.EqualFold(credential, loginHash(u.name, u.password)))
}

func (u directoryUser) caller() engine.Caller {
	c := engine.Caller{Name: u.name}
	for _, r := range u.roles {
		c.Admin = c.Admin || r == "ROLE_ADMIN"
	}
	return c
}

// authenticate finds the caller; false when the answer is already sent.
func (c *call) authenticate() bool {
	session := ""
	if cookie, err := c.r.Cookie(cookieName); err == nil {
		session = cookie.Value
	}
	if name, password, ok := c.r.BasicAuth(); ok {
		return c.basic(session, name, password)
	}
	if c.params.Has("j_username") {
		c.sessions.drop(session)
		return c.form()
	}
	name := c.sessions.find(session)
	if name == "" {
		return true
	}
	u, ok, err := c.user(name)
	if err != nil {
		c.fail(err)
		return false
	}
	if ok {
		c.caller = u.caller()
	}
	return true
}

func (c *call) keep(user string) {
	c.w.Header().Add("Set-Cookie", cookieName+"="+c.sessions.open(user)+"; Path="+Context+"; HttpOnly")
}

func (c *call) basic(session, name, password string) bool {
	u, ok, err := c.user(name)
	if err != nil {
		c.fail(err)
		return false
	}
	ok = ok && u.matches(password)
	c.auditLogin(name, ok)
	if !ok {
		c.w.Header().Set("WWW-Authenticate", `Basic realm="Realm"`)
		c.sendError(http.StatusUnauthorized, "Unauthorized")
		return false
	}
	c.caller = u.caller()
	if c.sessions.find(session) != u.name {
		c.keep(u.name)
	}
	return true
}

// form is WorkflowHttpAuthProcessingFilter.
func (c *call) form() bool {
	name, password, hash, loginAs := c.params.Get("j_username"), c.params.Get("j_password"), c.params.Get("hash"), c.params.Get("loginAs")
	credential := password
	if credential == "" {
		credential = hash
	}
	if credential == "" {
		c.keep("")
		return true
	}
	if loginAs != "" {
		return c.master(name, password, hash, loginAs)
	}
	u, ok, err := c.user(name)
	if err != nil {
		c.fail(err)
		return false
	}
	ok = ok && u.matches(credential)
	c.auditLogin(name, ok)
	if !ok {
		c.keep("")
		c.sendError(http.StatusUnauthorized, "")
		return false
	}
	c.caller = u.caller()
	c.keep(u.name)
	return true
}

// master acts for another user. A wrong master is no error: the call goes on
// without a user, and the audit trail even says that it worked.
func (c *call) master(name, password, hash, loginAs string) bool {
	c.keep("")
	c.auditLogin(loginAs, true)
	user, secret := c.engine.Setting("masterLoginUsername"), c.engine.Setting("masterLoginPassword")
	if user == "" || secret == "" || name != user {
		return true
	}
	if password != "" && password != secret || password == "" && !strings.EqualFold(hash, loginHash(user, md5Hex(secret))) {
		return true
	}
	u, ok, err := c.user(loginAs)
	switch {
	case err != nil:
		c.fail(err)
		return false
	case !ok:
		c.sendError(http.StatusUnauthorized, "")
		return false
	case len(u.roles) == 0:
		c.sendError(http.StatusForbidden, "Forbidden")
		return false
	}
	c.caller = u.caller()
	return true
}

func (c *call) auditLogin(user string, ok bool) {
	message := "Authentication for user " + user + ": "
	if ok {
		message += "true"
	} else {
		message += "false"
	}
	c.auditAs(user, formLogin, "authenticate", message)
}

func (c *call) auditAs(user, class, method, message string) {
	if err := c.engine.Audit(c.r.Context(), uuid.NewString(), user, class, method, message); err != nil {
		c.fail(err)
	}
}

// openPaths are the prefixes anonymous callers may use.
var openPaths = []string{
	"/json/directory/user/sso", "/json/directory/user/csrfToken", "/json/workflow/currentUsername", "/json/workflow/process/start/",
	"/json/workflow/assignment/", "/json/apps/published/userviews", "/json/apps/published/processes",
}

// authorized checks the caller's role; false when the answer is already sent.
func (c *call) authorized(path string) bool {
	for _, open := range openPaths {
		if path == open || strings.HasPrefix(path, strings.TrimSuffix(open, "/")+"/") {
			return true
		}
	}
	switch {
	case !c.caller.LoggedIn():
		c.w.Header().Set("Location", Context+"/web/login")
		c.status = http.StatusFound
		return false
	case !c.caller.Admin:
		c.sendError(http.StatusForbidden, "Forbidden")
		return false
	}
	return true
}
