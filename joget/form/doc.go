// Package form reads Joget form definitions (app_form.json): Parse turns one
// definition into facts, Model turns the definitions of an app into its form
// tables and the relations between them.
//
// It knows the shape of the JSON and which properties tie records together. It
// knows neither databases, rows nor plugins: a class that it does not know is
// listed in Form.Classes, so that the caller can judge it, and a form that is named
// for no known reason in Form.Mentions, of which Model makes a Problem. Nothing here panics or gives up on a broken
// definition. Start reading at parse.go.
package form
