package child

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// module is what go.mod of the repository says, and not those of the modules within it.
const module = "jogetferry"

// ErrNoRepository is returned by Built outside of the repository.
var ErrNoRepository = errors.New("the working directory is in no checkout of " + module)

// Built is the path of what `make` builds or unpacks as bin/name, in the repository that
// the working directory is part of. Nothing says that it is there.
func Built(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if line, _, _ := strings.Cut(string(text), "\n"); err == nil && line == "module "+module {
			return filepath.Join(dir, "bin", name), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", ErrNoRepository
		}
		dir = parent
	}
}

// LibraryPath is the entry of the environment with which programs run that
// tools/unpack-debian has put into root.
func LibraryPath(root string) (string, error) {
	var folders []string
	for _, at := range []string{"lib/*-linux-*", "usr/lib/*-linux-*"} {
		found, err := filepath.Glob(filepath.Join(root, at))
		if err != nil {
			return "", fmt.Errorf("find the libraries in %s: %w", root, err)
		}
		folders = append(folders, found...)
	}
	return "LD_LIBRARY_PATH=" + strings.Join(folders, ":"), nil
}
