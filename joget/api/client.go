package api

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"jogetferry/migration"
)

// Limits of every call.
const (
	// DefaultTimeout is longer than Joget's transactions may be (300 s), so
	// that a request that is given up can no longer commit soon after.
	DefaultTimeout = 330 * time.Second
	// MaxBodyBytes is the longest answer that is read.
	MaxBodyBytes = 1 << 20
	// DefaultMaxPost is Tomcat's maxPostSize: of a form body of so many bytes or more
	// it drops every parameter, the login too (docs/joget.md#addresses).
	DefaultMaxPost = 2 << 20

	defaultDialTimeout = 10 * time.Second
	maxHeaderBytes     = 64 << 10
)

// Options configures a Client. BaseURL and Admin are required.
type Options struct {
	// BaseURL is the address of the web application, "http://host:8080/jw".
	BaseURL string
	// Admin has ROLE_ADMIN on the target; it makes all calls that are not made
	// as a user. May be zero for a client that only calls as users.
	Admin Identity
	// Master is the master login of the target's settings (not a directory
	// user); it makes the calls as a user. Zero: such calls are refused.
	Master Identity
	// Timeout bounds one call from sending to the end of its answer; 0 means
	// DefaultTimeout.
	Timeout time.Duration
	// MaxPost is the size in bytes that no body may reach; 0 means DefaultMaxPost. A
	// longer one is KindTooLarge, and nothing is sent.
	MaxPost int
	// HTTP holds what the network needs; zero is right for a direct connection.
	HTTP HTTPOptions
	// Limiter paces the calls; nil does not.
	Limiter *rate.Limiter
	// Observe, if set, is told of each call when it is over, from the
	// goroutine of the call.
	Observe func(Observation)
}

// HTTPOptions are the settings of the transport that are the caller's choice.
type HTTPOptions struct {
	TLS         *tls.Config
	Proxy       func(*http.Request) (*url.URL, error) // nil: none, whatever the environment says
	DialTimeout time.Duration                         // 0: 10 s
}

// Observation is what a metric may know of a call. Kind is "" on success.
type Observation struct {
	Op       string
	Fate     Fate
	Status   int
	Kind     Kind
	Duration time.Duration // without waiting for the limiter
}

// Client calls one target server. It is safe for concurrent use, keeps no
// cookies and no connections, and needs no closing.
type Client struct {
	base      *url.URL // without trailing slash
	admin     Identity
	master    Identity
	timeout   time.Duration
	maxPost   int
	transport *http.Transport
	limiter   *rate.Limiter
	observe   func(Observation)
}

// New returns a client; nothing is sent. Wrong options are CodeInvalid.
func New(o Options) (*Client, error) {
	base, err := parseBase(o.BaseURL)
	if err != nil {
		return nil, migration.E(migration.CodeInvalid, "configure the target's API", "url", "%w", err)
	}
	if o.Admin.isZero() && o.Master.isZero() {
		return nil, migration.E(migration.CodeInvalid, "configure the target's API", "admin", "%w", errIdentity)
	}
	for name, id := range map[string]Identity{"admin": o.Admin, "master": o.Master} {
		if err := id.check(); err != nil && !id.isZero() {
			return nil, migration.E(migration.CodeInvalid, "configure the target's API", name, "%w", err)
		}
	}
	c := &Client{
		base: base, admin: o.Admin, master: o.Master, timeout: o.Timeout, maxPost: o.MaxPost,
		transport: newTransport(o.HTTP), limiter: o.Limiter, observe: o.Observe,
	}
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	if c.maxPost <= 0 {
		c.maxPost = DefaultMaxPost
	}
	if c.observe == nil {
		c.observe = func(Observation) {}
	}
	return c, nil
}

// Logins returns the users that calls are made as where they name nobody else.
func (c *Client) Logins() []migration.User {
	return []migration.User{migration.User(c.admin.Username), migration.User(c.master.Username)}
}

func parseBase(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, errors.New("not a URL") // the parser's error quotes the text, which may hold a password
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, errors.New("want http://host:port/jw")
	case u.User != nil:
		return nil, errors.New("user and password do not belong in the URL")
	case u.RawQuery != "", u.Fragment != "":
		return nil, errors.New("a query or fragment does not belong in the URL")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

// newTransport returns a transport that sends a request at most once.
//
// Go's transport sends a request again when the server closed a *reused*
// connection under it. So no connection is ever kept: a negative
// MaxIdleConnsPerHost does that without the header "Connection: close" of
// DisableKeepAlives, upon which servers may end bodies by closing, so that a
// cut body would look whole. HTTP/2 shares connections and has re-sending of
// its own: off.
func newTransport(o HTTPOptions) *http.Transport {
	if o.DialTimeout <= 0 {
		o.DialTimeout = defaultDialTimeout
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  o.Proxy,
		DialContext:            (&net.Dialer{Timeout: o.DialTimeout}).DialContext,
		TLSClientConfig:        o.TLS,
		TLSHandshakeTimeout:    o.DialTimeout,
		MaxIdleConnsPerHost:    -1,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaderBytes,
		Protocols:              protocols,
	}
}

// call describes one call before it is sent.
type call struct {
	op     string              // for people and metrics: "process/start"
	path   []string            // below /web/json, escaped
	as     migration.User      // "" = the administrator; migration.AnonymousUser = nobody, without a login
	form   map[string]string   // parameters besides the login
	mutate bool                // changes the target: not cut by the caller once it is on its way
	err    *UnaddressableError // of the first value that cannot be sent
}

// arg appends a value as a path segment.
func (k *call) arg(part, value string) {
	escaped, u := segment(part, value)
	if k.err == nil {
		k.err = u
	}
	k.path = append(k.path, escaped)
}

// param sets a form parameter that Joget's character guard looks at.
func (k *call) param(part, name, value string) {
	if u := guarded(part, value); u != nil && k.err == nil {
		k.err = u
	}
	k.set(name, value)
}

// set sets a form parameter that may hold anything.
func (k *call) set(name, value string) {
	if k.form == nil {
		k.form = map[string]string{}
	}
	k.form[name] = value
}

// variables sets var_<name> parameters.
func (k *call) variables(values map[string]string) {
	for name, value := range values {
		if err := CheckVariableName(name); err != nil && k.err == nil {
			errors.As(err, &k.err)
		}
		k.set("var_"+name, value)
	}
}

// encode returns the body of k, with a login.
func (k *call) encode(login url.Values) string {
	form := url.Values{}
	for name, value := range k.form {
		form.Set(name, value)
	}
	maps.Copy(form, login)
	return form.Encode()
}

// login returns the parameters by which a call is made as a user, or as the
// administrator for "". A call as migration.AnonymousUser has none: Joget takes it
// for one of nobody (docs/joget.md#logging-in).
func (c *Client) login(as migration.User) (url.Values, error) {
	login := url.Values{}
	if as == migration.AnonymousUser {
		return login, nil
	}
	if as == "" {
		if err := c.admin.check(); err != nil {
			return nil, fmt.Errorf("administrator of the target: %w", err)
		}
		c.admin.put(login)
		return login, nil
	}
	if err := c.master.check(); err != nil {
		return nil, fmt.Errorf("master login of the target: %w", err)
	}
	loginAs(login, c.master, as)
	return login, nil
}

func loginAs(login url.Values, master Identity, as migration.User) {
	master.put(login)
	login.Set("loginAs", string(as))
}
