// Package form reads Joget form definitions (app_form.json): Parse turns one
// definition into facts, Model turns the definitions of an app into its form
// tables and the relations between them.
//
// It knows the shape of the JSON and which properties tie records together. It
// refuses to know databases, rows and plugins: a class it has never seen is
// listed in Form.Classes, and a form it names in Form.Mentions, so that somebody
// else can judge them. Nothing here panics or aborts on a broken definition.
// Start reading at parse.go.
package form
