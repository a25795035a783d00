// Package web is Joget's JSON API on top of an engine: paths, white list,
// authentication, roles, answers and all the traps in them. It knows the
// directory and app tables only as far as answers show them; what calls do is
// the engine's business. Start reading at handler.go, then routes.go.
package web
