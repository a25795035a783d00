// Package api is the HTTP client for the JSON API of one target Joget server.
// It owns what a call needs to be sent at all (credentials on each call, the
// Referer of the same host, ids that Joget's firewall lets through), sends
// every request at most once, and says for each what is known about its fate:
// not sent, answered by Joget, or unanswered and maybe still running.
//
// It knows nothing of databases, retries or what an answer means for a
// migration; a 200 is not success, and callers read back what they changed.
// Start reading at Client and CallError.
package api
