// Package version tells which version of jogetferry a program is. Makefile and
// Dockerfile set it; nothing else does.
package version

import "runtime/debug"

// described is what `git describe` said of the commit that was built. The linker
// sets it: -X jogetferry/internal/version.described=v1.2.3.
var described string

// String returns the version, such as "v1.2.3" or "v1.2.3-4-gabcdef0-dirty". A
// program that was built by plain `go build` has the version that Go made of the
// commit; one that was built without a repository is "(devel)".
func String() string {
	if described != "" {
		return described
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
