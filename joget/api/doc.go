// Package api is the HTTP client for the JSON API of one target Joget server. It
// sends what every call needs (the login, a Referer of the same host) and refuses
// IDs that Joget would not take. It sends each request at most once, and says what
// is known about it afterwards: not sent, answered by Joget, or unanswered and
// perhaps still running.
//
// It knows nothing of databases, retries or what an answer means for a migration.
// A 200 is not success: callers read back what they changed. Start reading at
// Client and CallError.
package api
