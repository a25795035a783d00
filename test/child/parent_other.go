//go:build !linux

package child

import "os/exec"

// dieWithParent does nothing where the kernel has no death signal: there, a
// killed parent leaves its children behind.
func dieWithParent(*exec.Cmd) {}
