package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"

	"jogetferry/internal/nearest"
)

// DefaultFile is read when neither --config nor FERRY_CONFIG names a file; it may be missing.
const DefaultFile = "ferry.yaml"

const (
	fileFlag = "config"
	fileEnv  = EnvPrefix + "CONFIG"
)

// New returns the defaults.
func New() *Config {
	c := new(Config)
	for _, k := range keys(c) {
		if k.Default == "" {
			continue
		}
		if err := k.set(k.Default); err != nil {
			// The table's own defaults; a test reads them all.
			panic(fmt.Sprintf("default of %s: %v", k.Name, err))
		}
	}
	return c
}

// AddFlags adds --config and a flag per key that has one to flags.
func AddFlags(flags *pflag.FlagSet) {
	flags.String(fileFlag, DefaultFile, "configuration file")
	for _, k := range Keys() {
		if k.NoFlag {
			continue
		}
		flags.Var(&flagText{kind: k.Kind, text: k.Default}, k.Name, k.Usage)
	}
}

// flagText keeps what a flag was given until the layers are merged.
type flagText struct{ kind, text string }

func (f *flagText) String() string     { return f.text }
func (f *flagText) Type() string       { return f.kind }
func (f *flagText) Set(s string) error { f.text = s; return nil }

// Load merges defaults, the configuration file, environ (as os.Environ) and
// the flags of AddFlags that were given. Mistakes are kept for Validate, so
// that they are told together with what is missing; until Validate says nil,
// the configuration must not be used.
func Load(flags *pflag.FlagSet, environ []string) *Config {
	c := New()
	vars := variables(environ)
	from := fileOf(flags, vars)
	merged := koanf.New(".")
	c.loadFile(merged, from)
	c.loadEnv(merged, environ)
	c.loadFlags(merged, flags)
	c.unknown(merged.Raw(), "")
	c.assign(merged, interpolator{
		lookup: func(name string) (string, bool) { v, ok := vars[name]; return v, ok },
		folder: filepath.Dir(from.path),
	})
	return c
}

func variables(environ []string) map[string]string {
	vars := make(map[string]string, len(environ))
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			vars[name] = value
		}
	}
	return vars
}

// configFile is the configuration file to read.
type configFile struct {
	path  string
	named bool // by a flag or a variable: it has to be there
}

func fileOf(flags *pflag.FlagSet, vars map[string]string) configFile {
	if f := flags.Lookup(fileFlag); f != nil && f.Changed {
		return configFile{path: f.Value.String(), named: true}
	}
	if p := vars[fileEnv]; p != "" {
		return configFile{path: p, named: true}
	}
	return configFile{path: DefaultFile}
}

func (c *Config) loadFile(merged *koanf.Koanf, from configFile) {
	if _, err := os.Stat(from.path); err != nil {
		if from.named || !errors.Is(err, fs.ErrNotExist) {
			c.mistakes.add("--"+fileFlag, fmt.Sprintf("%s cannot be read", from.path), "name a file that this account can read")
		}
		return
	}
	if err := merged.Load(file.Provider(from.path), yaml.Parser()); err != nil {
		c.mistakes.add(from.path, fmt.Sprintf("is not YAML (%v)", err), "correct the line")
	}
}

func (c *Config) loadEnv(merged *koanf.Koanf, environ []string) {
	byEnv := map[string]Key{}
	names := []string{fileEnv}
	for _, k := range Keys() {
		byEnv[k.Env()] = k
		names = append(names, k.Env())
	}
	err := merged.Load(env.Provider(".", env.Opt{
		Prefix:      EnvPrefix,
		EnvironFunc: func() []string { return slices.Sorted(slices.Values(environ)) },
		TransformFunc: func(name, value string) (string, any) {
			k, known := byEnv[name]
			switch {
			case !known && name != fileEnv && !strings.HasPrefix(name, EnvTestPrefix):
				c.mistakes.add(name, "is not a known variable", didYouMean(name, names))
			case known && value != "":
				return k.Name, value
			}
			return "", nil
		},
	}), nil)
	c.cannot(EnvPrefix+"*", err)
}

func (c *Config) loadFlags(merged *koanf.Koanf, flags *pflag.FlagSet) {
	byName := map[string]Key{}
	for _, k := range Keys() {
		byName[k.Name] = k
	}
	err := merged.Load(posflag.ProviderWithFlag(flags, ".", nil, func(f *pflag.Flag) (string, any) {
		k, known := byName[f.Name]
		if !known || k.NoFlag || !f.Changed {
			return "", nil
		}
		if k.Secret && !reference.MatchString(f.Value.String()) {
			// Everybody on the machine can read a command line.
			c.mistakes.add("--"+f.Name, "a secret does not belong on a command line", "give '${VARIABLE}' or '${file:PATH}', or set "+k.Env())
			return "", nil
		}
		return k.Name, f.Value.String()
	}), nil)
	c.cannot("flags", err)
}

func (c *Config) cannot(what string, err error) {
	if err != nil {
		c.mistakes.add(what, fmt.Sprintf("cannot be merged (%v)", err), "give each key once")
	}
}

// unknown reports every key below path that is not in the table.
func (c *Config) unknown(section map[string]any, path string) {
	var names []string
	isKey, isSection := map[string]bool{}, map[string]bool{}
	for _, k := range Keys() {
		names = append(names, k.Name)
		isKey[k.Name] = true
		for i, r := range k.Name {
			if r == '.' {
				isSection[k.Name[:i]] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(section)) {
		full := strings.TrimPrefix(path+"."+name, ".")
		below, isMapping := section[name].(map[string]any)
		switch {
		case isKey[full]:
		case isSection[full] && isMapping:
			c.unknown(below, full)
		case isSection[full] && section[name] == nil:
		case isSection[full]:
			c.mistakes.add(full, "is a section, not a value", "give its keys below it")
		default:
			c.mistakes.add(full, "is not a known key", didYouMean(full, names))
		}
	}
}

func didYouMean(word string, known []string) string {
	near := nearest.Words(word, known, 2)
	if len(near) == 0 {
		// The last part is often right where the section is not.
		near = nearest.Words(word[strings.LastIndexAny(word, ".")+1:], known, 2)
	}
	if len(near) == 0 {
		return "remove it; docs/config.md lists the keys"
	}
	return "did you mean " + strings.Join(near, " or ") + "?"
}

// assign fills c from the merged layers, key by key.
func (c *Config) assign(merged *koanf.Koanf, in interpolator) {
	c.broken = map[string]error{}
	for _, k := range keys(c) {
		if !merged.Exists(k.Name) {
			continue
		}
		raw, err := in.expand(merged.Get(k.Name))
		if err != nil {
			c.broken[k.Name] = err
			continue
		}
		if err := k.set(raw); err != nil {
			problem, fix, _ := strings.Cut(err.Error(), "; ")
			c.mistakes.add(k.Name, problem, fix)
		}
	}
}
