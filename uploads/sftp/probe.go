package sftp

import (
	"context"
	"crypto/rand"
	"errors"

	"jogetferry/migration"
	"jogetferry/uploads"
)

// Extensions of the protocol that OpenSSH has.
const (
	extensionFlush   = "fsync@openssh.com"
	extensionReplace = "posix-rename@openssh.com"
	extensionSpace   = "statvfs@openssh.com"
)

func (c *conn) has(extension string) bool {
	_, ok := c.client.HasExtension(extension)
	return ok
}

// Probe reports whether the folder can be listed and, for a store that is not read-only,
// whether this account may write to it: by a file that is removed at once.
// Codes as for the other methods.
func (s *Store) Probe(ctx context.Context) error {
	return s.on(ctx, "look at the uploads folder", func(c *session) error {
		if _, err := c.list(ctx, "."); err != nil || s.readOnly {
			return err
		}
		name := uploads.PartialName(rand.Text())
		h, err := c.open(name, makeNew)
		if err != nil {
			return err
		}
		return errors.Join(h.Close(), c.remove(name))
	})
}

// Free returns how many bytes this account may still write to the file system of the
// folder; CodeUnsupported where the server does not tell.
func (s *Store) Free(ctx context.Context) (free int64, err error) {
	const op = "ask for free space"
	err = s.on(ctx, op, func(c *session) error {
		if !c.has(extensionSpace) {
			return &migration.Error{Code: migration.CodeUnsupported, Op: op, Hint: "the SFTP server does not tell"}
		}
		free, err = c.free()
		return err
	})
	return free, err
}

func (c *session) free() (free int64, err error) {
	err = c.bounded(func() error {
		stat, err := c.client.StatVFS(c.root)
		if err == nil {
			free = int64(stat.Bavail * stat.Frsize) //nolint:gosec // no file system has 2^63 bytes
		}
		return err
	})
	return free, err
}

// Lacks names what the server cannot do of what a store promises, for operators.
func (s *Store) Lacks(ctx context.Context) (lacks []string, err error) {
	err = s.on(ctx, "look at the SFTP server", func(c *session) error {
		for _, e := range []struct{ name, without string }{
			{extensionFlush, "what was written may be lost when the server crashes"},
			{extensionReplace, "a file that is there cannot be replaced, and parks its instance"},
			{extensionSpace, "free space is not known"},
		} {
			if !c.has(e.name) {
				lacks = append(lacks, e.name+": "+e.without)
			}
		}
		return nil
	})
	return lacks, err
}
