package suite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"jogetferry/test/conformance/fixture"
)

// Env is the server under test.
type Env struct {
	Ctx    context.Context
	URL    string // context URL, http://host:port/jw
	DB     *sql.DB
	Admin  [2]string
	Master [2]string

	http    *http.Client
	context string // path of the URL, normally /jw
	referer string
}

// NewEnv checks the URL and prepares the client: no redirects, no cookie jar.
func NewEnv(ctx context.Context, base string, db *sql.DB, admin, master [2]string) (*Env, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "" || u.Hostname() == "" {
		return nil, fmt.Errorf("%q is not an URL like http://host:8080/jw", base)
	}
	return &Env{
		Ctx: ctx, URL: strings.TrimRight(base, "/"), DB: db, Admin: admin, Master: master,
		http: &http.Client{
			Timeout:       2 * time.Minute,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		context: strings.TrimRight(u.Path, "/"),
		referer: strings.TrimRight(base, "/") + "/",
	}, nil
}

// call is one request. Params go to the body of a POST, else to the query.
type call struct {
	method string
	path   string // escaped, below the context, for example /web/json/...
	params url.Values
	query  url.Values // always in the query string
	header http.Header
	who    identity
}

// identity adds credentials to a call.
type identity func(*Env, *call)

func anonymous(*Env, *call) {}

func login(user, password string) identity {
	return func(_ *Env, c *call) { c.params.Set("j_username", user); c.params.Set("j_password", password) }
}

func loginHash(user, hash string) identity {
	return func(_ *Env, c *call) { c.params.Set("j_username", user); c.params.Set("hash", hash) }
}

// admin is the administrator given on the command line.
func admin(e *Env, c *call) { login(e.Admin[0], e.Admin[1])(e, c) }

// as uses the master login to act for a user.
func as(user string) identity {
	return func(e *Env, c *call) {
		login(e.Master[0], e.Master[1])(e, c)
		c.params.Set("loginAs", user)
	}
}

func basic(user, password string) identity {
	return func(_ *Env, c *call) {
		c.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	}
}

func cookie(id string) identity {
	return func(_ *Env, c *call) { c.header.Add("Cookie", "JSESSIONID="+id) }
}

func both(ids ...identity) identity {
	return func(e *Env, c *call) {
		for _, id := range ids {
			id(e, c)
		}
	}
}

// reply is an answer with its JSON documents.
type reply struct {
	status int
	header http.Header
	body   string
	docs   []any
}

func (t *T) do(c call) *reply {
	if c.params == nil {
		c.params = url.Values{}
	}
	if c.header == nil {
		c.header = http.Header{"Referer": {t.referer}}
	}
	if c.who != nil {
		c.who(t.Env, &c)
	}
	q := url.Values{}
	for k, v := range c.query {
		q[k] = v
	}
	var body io.Reader
	if c.method == http.MethodPost {
		body = strings.NewReader(c.params.Encode())
		c.header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		for k, v := range c.params {
			q[k] = append(q[k], v...)
		}
	}
	target := t.URL + c.path
	if len(q) > 0 {
		target += "?" + q.Encode()
	}
	req, err := http.NewRequestWithContext(t.Ctx, c.method, target, body)
	if err != nil {
		t.fail("request", "a valid request", err)
	}
	req.Header = c.header
	res, err := t.http.Do(req)
	if err != nil {
		t.fail(c.method+" "+c.path, "an answer", err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	if err != nil {
		t.fail(c.method+" "+c.path, "a whole body", err)
	}
	return &reply{status: res.StatusCode, header: res.Header, body: string(raw), docs: documents(raw)}
}

// documents decodes all JSON documents of a body; what is no JSON becomes one
// last document of type error.
func documents(raw []byte) []any {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var docs []any
	for {
		var d any
		err := dec.Decode(&d)
		switch {
		case errors.Is(err, io.EOF):
			return docs
		case err != nil:
			return append(docs, fmt.Errorf("not JSON: %w", err))
		}
		docs = append(docs, d)
	}
}

// values turns name, value, ... into parameters.
func values(kv []string) url.Values {
	v := url.Values{}
	for p := range slices.Chunk(kv, 2) {
		v.Add(p[0], p[1])
	}
	return v
}

func (t *T) get(who identity, path string, kv ...string) *reply {
	return t.do(call{method: http.MethodGet, path: "/web/json" + path, params: values(kv), who: who})
}

func (t *T) post(who identity, path string, kv ...string) *reply {
	return t.do(call{method: http.MethodPost, path: "/web/json" + path, params: values(kv), who: who})
}

// object is the first document as an object, nil if it is none.
func (r *reply) object() map[string]any {
	if len(r.docs) == 0 {
		return nil
	}
	o, _ := r.docs[0].(map[string]any)
	return o
}

func (r *reply) field(key string) any { return r.object()[key] }

func (r *reply) text(key string) string {
	if v, ok := r.object()[key]; ok {
		return fmt.Sprint(v)
	}
	return absent
}

const absent = "(absent)"

// shape names the JSON type of a key: absent, object, array, string, number, boolean or null.
func (r *reply) shape(key string) string {
	v, ok := r.object()[key]
	if !ok {
		return "absent"
	}
	return shapeOf(v)
}

func shapeOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	}
	return fmt.Sprintf("%T", v)
}

// list flattens a value that may be absent, single or an array.
func list(v any) []any {
	switch x := v.(type) {
	case nil:
		return nil
	case []any:
		return x
	default:
		return []any{x}
	}
}

// items returns the objects below "data".
func (r *reply) items() []map[string]any {
	var out []map[string]any
	for _, v := range list(r.field("data")) {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// column collects one key of all items.
func (r *reply) column(key string) []string {
	var out []string
	for _, m := range r.items() {
		out = append(out, fmt.Sprint(m[key]))
	}
	return out
}

// variables merges the single-key objects below "variable".
func (r *reply) variables() map[string]any {
	out := map[string]any{}
	for _, v := range list(r.field("variable")) {
		if m, ok := v.(map[string]any); ok {
			for k, x := range m {
				out[k] = x
			}
		}
	}
	return out
}

// session is the JSESSIONID the answer sets, "" if none.
func (r *reply) session() string {
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		if c.Name == "JSESSIONID" {
			return c.Value
		}
	}
	return ""
}

func (t *T) status(r *reply, want int) {
	if r.status != want {
		t.that(false, "HTTP status", want, fmt.Sprintf("%d, body %s", r.status, bounded(r.body)))
	}
}

// ok requires a 200 with one JSON object and returns it.
func (t *T) ok(r *reply) *reply {
	if r.status != http.StatusOK || r.object() == nil || len(r.docs) != 1 {
		t.fail("answer", "200 with one JSON object", fmt.Sprintf("%d, body %s", r.status, bounded(r.body)))
	}
	return r
}

// errorBody requires Joget's error document.
func (t *T) errorBody(r *reply, code int) {
	t.status(r, code)
	e, _ := r.field("error").(map[string]any)
	if e == nil {
		t.that(false, "error body", `{"error":{...}}`, r.body)
		return
	}
	t.equal("error.code", fmt.Sprint(code), e["code"])
	t.equal("error.code type", "string", shapeOf(e["code"]))
}

func (r *reply) message() string {
	e, _ := r.field("error").(map[string]any)
	if e == nil {
		return absent
	}
	return fmt.Sprint(e["message"])
}

// keys lists the keys of an object, sorted.
func keys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// hash is the login hash of a user.
func hash(user, password string) string {
	return strings.ToUpper(fixture.MD5(user + "::" + fixture.MD5(password)))
}
