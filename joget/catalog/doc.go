// Package catalog has the definitions of one server at hand, parsed: processes,
// what follows their starts, the form model of an app. It reads each once and
// remembers it for a minute, since deployments are frozen while a migration
// runs. Start reading at New.
package catalog
