//go:build !unix

package local

import "os"

// mayWrite cannot be asked here; the first copy tells.
func mayWrite(*os.File) error { return nil }
