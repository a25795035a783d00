package daemon

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"jogetferry/config"
	"jogetferry/internal/exitcode"
	"jogetferry/migration"
	"jogetferry/test/sshdtest"
	"jogetferry/uploads"
)

func TestUploadsOnAnSFTPServer(t *testing.T) {
	t.Parallel()
	server := sshdtest.New(t, sshdtest.Options{Arguments: "-P fsync"})
	key := uploads.Key{Row: migration.RowKey{Table: "t", ID: "r"}, Name: "f"}
	login := config.SFTP{KnownHosts: server.KnownHosts, Key: server.Key, Passphrase: server.Passphrase}
	address := server.URL(t.TempDir())
	core, logs := observer.New(zap.WarnLevel)
	open := func(text string, access uploadsAccess) (err error) {
		p := ports{shared: shared{config: &config.Config{}, logger: zap.New(core)}, ctx: t.Context()}
		defer func() { err = errors.Join(err, p.close()) }()
		s, err := p.uploads("some.uploads", text, login, access)
		if err != nil {
			return err
		}
		partial, err := s.Create(t.Context(), key)
		if err == nil {
			err = partial.Discard()
		}
		return err
	}
	if err := open(address, uploadsWrite); err != nil {
		t.Error(err)
	}
	if lines := logs.TakeAll(); len(lines) != 1 || !strings.Contains(lines[0].Message, "cannot do all") {
		t.Errorf("logged %v, want what the server lacks", lines)
	}
	if err := open(address, uploadsRead); migration.CodeOf(err) != migration.CodeRefused || errors.Is(err, uploads.ErrStore) {
		t.Errorf("a source can be written: %v", err)
	}

	// Out of reach for now: the worker begins all the same.
	nobody, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := nobody.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open("sftp://u@"+nobody.Addr().String()+"/u", uploadsWrite); migration.CodeOf(err) != migration.CodeUnavailable {
		t.Errorf("a server that is down: %v", err)
	}
	if lines := logs.TakeAll(); len(lines) != 1 || !strings.Contains(lines[0].Message, "cannot be reached yet") {
		t.Errorf("logged %v, want that the server is down", lines)
	}

	if err := os.WriteFile(server.KnownHosts, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"a host key that is not known": address,
		"a folder that is not there":   filepath.Join(t.TempDir(), "absent"),
	} {
		if err := open(text, uploadsRead); exitcode.Of(err) != exitcode.Usage || !strings.Contains(err.Error(), "some.uploads") {
			t.Errorf("%s: %v, status %d; want %d", name, err, exitcode.Of(err), exitcode.Usage)
		}
	}
}
