package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// maxFileBytes bounds a file that stands for a value.
const maxFileBytes = 64 << 10

// reference is ${NAME} or ${file:PATH}; $${ stands for a literal ${.
var reference = regexp.MustCompile(`\$?\$\{([^}]*)\}`)

// interpolator replaces references in values.
type interpolator struct {
	lookup func(name string) (string, bool)
	folder string // relative paths start here: the folder of the configuration file
}

// expand returns raw with every reference in text replaced, in lists and
// mappings too, but not in keys. What a reference gave is not looked at again.
func (i interpolator) expand(raw any) (any, error) {
	switch raw := raw.(type) {
	case string:
		return i.text(raw)
	case []any:
		out := make([]any, len(raw))
		var errs []error
		for n, item := range raw {
			v, err := i.expand(item)
			out[n], errs = v, append(errs, err)
		}
		return out, errors.Join(errs...)
	case map[string]any:
		out := make(map[string]any, len(raw))
		var errs []error
		for key, item := range raw {
			v, err := i.expand(item)
			out[key], errs = v, append(errs, err)
		}
		return out, errors.Join(errs...)
	}
	return raw, nil
}

func (i interpolator) text(s string) (string, error) {
	var errs []error
	s = reference.ReplaceAllStringFunc(s, func(ref string) string {
		if strings.HasPrefix(ref, "$$") {
			return ref[1:]
		}
		v, err := i.resolve(reference.FindStringSubmatch(ref)[1])
		errs = append(errs, err)
		return v
	})
	return s, errors.Join(errs...)
}

func (i interpolator) resolve(name string) (string, error) {
	path, isFile := strings.CutPrefix(name, "file:")
	if !isFile {
		v, ok := i.lookup(name)
		if !ok {
			return "", fmt.Errorf("variable %s is not set; set it, or write $${ for a literal ${", name)
		}
		return v, nil
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(i.folder, path)
	}
	content, err := readFile(path)
	if err != nil {
		return "", fmt.Errorf("file %s cannot be read; correct the path or its rights", path)
	}
	return strings.TrimRight(content, "\r\n"), nil
}

func readFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err == nil && len(content) > maxFileBytes {
		err = errors.New("too large")
	}
	return string(content), errors.Join(err, f.Close())
}
