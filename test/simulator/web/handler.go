package web

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"jogetferry/test/simulator/engine"
)

// Context is the path of the web application.
const Context = "/jw"

// maxForm bounds what is kept in memory of a multipart body, and request
// bodies as a whole.
const maxForm = 32 << 20

// maxPost is what Tomcat reads of a form body (docs/joget.md#addresses).
const maxPost = 2 << 20

const systemError = "System error, please refer to log files"

// Options configure a Handler.
type Options struct {
	DB     *sql.DB
	Engine *engine.Engine
	Now    func() time.Time
	Log    *zap.Logger
	Seed   uint64 // of the key order

	UploadsDir string // folder that holds app_formuploads, "" for none
	MaxPost    int64  // bytes of a form body; a longer one loses all its parameters, the login too. 0 means 2 MiB
}

// Handler answers everything below Context. Use New.
type Handler struct {
	db       *sql.DB
	engine   *engine.Engine
	now      func() time.Time
	log      *zap.Logger
	dice     *dice
	sessions sessions
	routes   []route
	uploads  string
	maxPost  int64
}

// New returns a handler; all options but Seed are required.
func New(o Options) *Handler {
	h := &Handler{
		db: o.DB, engine: o.Engine, now: o.Now, log: o.Log, uploads: o.UploadsDir,
		dice: &dice{rand: rand.New(rand.NewPCG(o.Seed, o.Seed))}, //nolint:gosec // key order is no secret
	}
	if h.maxPost = o.MaxPost; h.maxPost == 0 {
		h.maxPost = maxPost
	}
	h.routes = h.table()
	return h
}

// call is one request on its way through the filters.
type call struct {
	*Handler
	w         http.ResponseWriter
	r         *http.Request
	params    url.Values
	path      map[string]string // path parameters
	caller    engine.Caller
	status    int
	committed bool // an error was sent: the status stays
	body      []byte
	media     string
}

// ServeHTTP answers one request: white list, authentication, roles, route.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), Context+"/web")
	if !ok || !strings.HasPrefix(path, "/json/") {
		if !h.download(w, r, path) { //nolint:contextcheck // the request carries it
			h.page(w, path)
		}
		return
	}
	// A servlet runs to its end whether or not the client is still there.
	r = r.WithContext(context.WithoutCancel(r.Context()))
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	c := &call{Handler: h, w: w, r: r, status: http.StatusOK, media: "application/json; charset=utf-8", path: map[string]string{}}
	c.filter(path) //nolint:contextcheck // the request carries it
	c.flush()
}

func (h *Handler) page(w http.ResponseWriter, path string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	text := "<html><body>Joget</body></html>"
	if path != "/login" {
		w.WriteHeader(http.StatusNotFound)
		text = "<html><body>404</body></html>"
	}
	h.send(w, []byte(text))
}

// send writes a body; a caller who went away is no error of ours.
func (h *Handler) send(w http.ResponseWriter, body []byte) {
	if _, err := w.Write(body); err != nil {
		h.log.Debug("answer not delivered", zap.Error(err))
	}
}

func (c *call) filter(path string) {
	if origin := c.r.Header.Get("Origin"); origin != "" {
		c.w.Header().Set("Access-Control-Allow-Origin", origin)
		c.w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
	if !c.allowedReferer() {
		c.sendError(http.StatusBadRequest, "")
		return
	}
	if c.r.Method == http.MethodOptions {
		return
	}
	if refusedPath(path) {
		c.sendError(http.StatusBadRequest, "The request was rejected because the URL contained a potentially malicious String")
		return
	}
	if err := c.parse(); err != nil {
		c.sendError(http.StatusBadRequest, "")
		return
	}
	if !c.authenticate() || !c.authorized(path) {
		return
	}
	c.dispatch(path)
}

// refusedPath is Spring Security's StrictHttpFirewall.
func refusedPath(path string) bool {
	lower := strings.ToLower(path)
	return slices.ContainsFunc([]string{"//", ";", `\`, "%2f", "%5c", "%25", "%2e", "%00", "%0a", "%0d", "%3b"}, func(s string) bool {
		return strings.Contains(lower, s)
	})
}

// allowedReferer is JsonResponseFilter's white list.
func (c *call) allowedReferer() bool {
	hosts, ips := c.engine.Setting("jsonpWhitelist"), c.engine.Setting("jsonpIPWhitelist")
	if hosts == "*" || ips == "*" {
		return true
	}
	if ref, err := url.Parse(c.r.Header.Get("Referer")); err == nil && ref.Hostname() != "" {
		server := c.r.Host
		if host, _, err := net.SplitHostPort(server); err == nil {
			server = host
		}
		if ref.Hostname() == strings.Trim(server, "[]") || hosts != "" && slices.Contains(strings.Split(hosts, ";"), ref.Hostname()) {
			return true
		}
	}
	if ips == "" {
		return false
	}
	client := c.r.Header.Get("X-Forwarded-For")
	if client == "" {
		client = c.r.RemoteAddr
		if host, _, err := net.SplitHostPort(client); err == nil {
			client = host
		}
	}
	return slices.ContainsFunc(strings.Split(client, ", "), func(ip string) bool {
		return slices.Contains(strings.Split(ips, ";"), ip)
	})
}

func (c *call) parse() error {
	if strings.HasPrefix(c.r.Header.Get("Content-Type"), "multipart/form-data") {
		if err := c.r.ParseMultipartForm(maxForm); err != nil {
			return err
		}
	} else if err := c.readForm(); err != nil {
		return err
	}
	c.params = c.r.Form
	return nil
}

// readForm reads the parameters of query and body. Of a body that is too long
// there are none, and the call goes on without them.
func (c *call) readForm() error {
	body, err := io.ReadAll(io.LimitReader(c.r.Body, c.maxPost+1))
	if err != nil {
		return err
	}
	if int64(len(body)) > c.maxPost {
		body = nil
	}
	c.r.Body = io.NopCloser(bytes.NewReader(body))
	return c.r.ParseForm()
}

// sendError commits an error answer. What is written afterwards is appended,
// a later error is ignored.
func (c *call) sendError(status int, message string) {
	if c.committed {
		return
	}
	c.committed, c.status = true, status
	if status == http.StatusInternalServerError {
		message = systemError
	}
	doc, err := c.dice.encode(newObject("error", newObject(
		"date", c.now().UTC().Format("Mon Jan 02 15:04:05 MST 2006"), "code", strconv.Itoa(status), "message", message)))
	if err != nil {
		c.log.Error("encode error body", zap.Error(err))
	}
	c.body = append(c.body, doc...)
}

// write appends a document, with the function name around it for JSONP.
func (c *call) write(v any) {
	doc, err := c.dice.encode(v)
	if err != nil {
		c.fail(err)
		return
	}
	if fn := c.params.Get("callback"); fn != "" {
		c.media = "application/javascript; charset=utf-8"
		doc = append(append([]byte(fn+"("), doc...), ')')
	}
	c.body = append(c.body, doc...)
}

// fail turns an error that reaches the filter into its answer.
func (c *call) fail(err error) {
	var a *answer
	if errors.As(err, &a) {
		c.sendError(a.status, a.message)
		return
	}
	c.log.Debug("call failed", zap.Error(err))
	c.sendError(http.StatusInternalServerError, "")
}

func (c *call) flush() {
	if len(c.body) > 0 {
		c.w.Header().Set("Content-Type", c.media)
	}
	c.w.WriteHeader(c.status)
	c.send(c.w, c.body)
}

// answer is an error with a status of its own; any other error is a 500.
type answer struct {
	status  int
	message string
}

func (a *answer) Error() string { return strconv.Itoa(a.status) + " " + a.message }

var errGuard = &answer{http.StatusInternalServerError, systemError}

// guard is SqlFilterAspect: it refuses arguments of manager methods.
func guard(args ...string) error {
	for _, a := range args {
		if strings.ContainsAny(a, " ();") || strings.Contains(a, "/*") {
			return errGuard
		}
	}
	return nil
}

// p is a path or request parameter, "" when absent.
func (c *call) p(name string) string {
	if v, ok := c.path[name]; ok {
		return v
	}
	return c.params.Get(name)
}

// has reports whether a request parameter was sent, empty ones included.
func (c *call) has(name string) bool {
	_, ok := c.path[name]
	return ok || c.params.Has(name)
}

// required reads parameters that must be there.
func (c *call) required(names ...string) ([]string, error) {
	out := make([]string, len(names))
	for i, n := range names {
		if !c.has(n) {
			return nil, &answer{http.StatusBadRequest, "Required request parameter '" + n + "' for method parameter type String is not present"}
		}
		out[i] = c.p(n)
	}
	return out, nil
}

func (c *call) integer(name string) (*int, error) {
	v := c.p(name)
	if v == "" {
		return nil, nil //nolint:nilnil // absent is no error
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		return nil, &answer{http.StatusBadRequest, "Failed to convert value of type 'java.lang.String' to required type 'java.lang.Integer'"}
	}
	return &n, nil
}

func (c *call) boolean(name string) (*bool, error) {
	var b bool
	switch strings.ToLower(c.p(name)) {
	case "":
		return nil, nil //nolint:nilnil // absent is no error
	case "true", "on", "yes", "1":
		b = true
	case "false", "off", "no", "0":
	default:
		return nil, &answer{http.StatusBadRequest, "Failed to convert value of type 'java.lang.String' to required type 'java.lang.Boolean'"}
	}
	return &b, nil
}
