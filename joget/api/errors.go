package api

import (
	"errors"
	"fmt"

	"jogetferry/migration"
)

// Fate is what is known about a request after the call; see migration.Fate.
type Fate = migration.Fate

// The fates. NotSent: no byte of the request left this machine. Answered: Joget
// itself answered, so the request is over (what it did is another question).
// Unanswered: anything else; the request may still run.
const (
	NotSent    = migration.FateNotSent
	Answered   = migration.FateAnswered
	Unanswered = migration.FateUnanswered
)

// Kind says in one word what went wrong with a call. Kinds are an interface
// for logs and metrics; they hold no personal data.
type Kind string

// The kinds, with the fate each has.
const (
	KindNotLoggedIn    Kind = "not_logged_in"   // Answered, 302 to the login page: Joget took us for anonymous
	KindForbidden      Kind = "forbidden"       // Answered, 403
	KindBadCredentials Kind = "bad_credentials" // Answered, 401
	KindRefererRefused Kind = "referer_refused" // Answered, 400 without a message
	KindBadRequest     Kind = "bad_request"     // Answered, 400 or 405
	KindNotFound       Kind = "not_found"       // Answered, 404
	KindServerError    Kind = "server_error"    // Answered, 500 and above with Joget's error body
	KindUnexpected     Kind = "unexpected"      // Answered, a shape that the call never has
	KindUnaddressable  Kind = "unaddressable"   // NotSent: Joget would refuse the id; see Unaddressable
	KindInvalid        Kind = "invalid"         // NotSent: the caller's mistake
	KindTooLarge       Kind = "too_large"       // NotSent: the body reaches Options.MaxPost, and Joget would take us for anonymous
	KindNotSent        Kind = "not_sent"        // NotSent: dial, DNS, TLS, or cancelled before
	KindTimeout        Kind = "timeout"         // Unanswered
	KindCancelled      Kind = "cancelled"       // Unanswered: the caller's context ended after sending began
	KindCut            Kind = "cut"             // Unanswered: the connection broke, or the body is shorter than announced
	KindProxy          Kind = "proxy"           // Unanswered: not Joget's answer (HTML, 502, 504, foreign redirect)
	KindUndecodable    Kind = "undecodable"     // Unanswered: neither Joget's JSON nor known otherwise
)

// CallError is why a call has no usable answer. Err and Message may hold
// personal data or addresses and stay in the worker's memory; neither holds
// what was sent. Found by errors.As, also as *migration.Error.
type CallError struct {
	Op      string // "process/start"
	Fate    Fate
	Status  int // HTTP status, 0 without one
	Kind    Kind
	Message string // Joget's own text, from its error body
	Err     error
}

// Error returns Safe with the server's message and the cause.
func (e *CallError) Error() string {
	s := e.Safe()
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Safe returns the message without what the server or the network said: free
// of personal data.
func (e *CallError) Safe() string {
	s := fmt.Sprintf("%s: %s, %s", e.Op, e.Kind, e.Fate)
	if e.Status != 0 {
		s += fmt.Sprintf(", HTTP %d", e.Status)
	}
	if hint := hints[e.Kind]; hint != "" {
		s += " (" + hint + ")"
	}
	return s
}

// Unwrap returns the cause.
func (e *CallError) Unwrap() error { return e.Err }

// Code returns the migration code of the kind.
func (e *CallError) Code() migration.Code {
	if code, ok := codes[e.Kind]; ok {
		return code
	}
	return migration.CodeInternal
}

// As lets errors.As find the error as *migration.Error, so that
// migration.CodeOf knows its code.
func (e *CallError) As(target any) bool {
	t, ok := target.(**migration.Error)
	if !ok {
		return false
	}
	*t = &migration.Error{Code: e.Code(), Op: e.Op, Subject: string(e.Kind), Hint: hints[e.Kind], Err: e}
	return true
}

// FateOf returns the fate of the call that err came from, and FateNone where
// err is not from a call. A nil error is Answered.
func FateOf(err error) Fate {
	if err == nil {
		return Answered
	}
	var e *CallError
	if errors.As(err, &e) {
		return e.Fate
	}
	return migration.FateNone
}

// KindOf returns the kind of the call error in err's chain, "" where there is none.
func KindOf(err error) Kind {
	var e *CallError
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

var codes = map[Kind]migration.Code{
	KindNotLoggedIn:    migration.CodeRefused,
	KindForbidden:      migration.CodeRefused,
	KindBadCredentials: migration.CodeRefused,
	KindRefererRefused: migration.CodeRefused,
	KindBadRequest:     migration.CodeRefused,
	KindNotFound:       migration.CodeNotFound,
	KindServerError:    migration.CodeUnavailable,
	KindUnexpected:     migration.CodeUnsupported,
	KindUnaddressable:  migration.CodeUnsupported,
	KindInvalid:        migration.CodeInvalid,
	KindTooLarge:       migration.CodeUnsupported,
	KindNotSent:        migration.CodeUnavailable,
	KindTimeout:        migration.CodeUnavailable,
	KindCancelled:      migration.CodeUnavailable,
	KindCut:            migration.CodeUnavailable,
	KindProxy:          migration.CodeUnavailable,
	KindUndecodable:    migration.CodeUnavailable,
}

var hints = map[Kind]string{
	KindNotLoggedIn:    "check the master login of the target (wf_setup masterLoginUsername, masterLoginPassword) and target.admin",
	KindForbidden:      "the user lacks the role; a loginAs user needs a row in dir_user_role",
	KindBadCredentials: "check user name and password; the user must exist on the target and be active",
	KindRefererRefused: "Joget sees another host than that of target.url; check the proxy's Host header, jsonpWhitelist and jsonpIPWhitelist",
	KindServerError:    "see the log of the target",
	KindProxy:          "the answer is not from Joget; check target.url and the proxy in front of it",
	KindTooLarge:       "the values are longer than target.max_post_size lets one call be; raise maxPostSize of the target's connector and then the key",
	KindUnaddressable:  "Joget refuses these characters in an id",
}
