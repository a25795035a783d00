package sftp_test

import (
	"testing"

	"jogetferry/test/sshdtest"
	"jogetferry/uploads"
	"jogetferry/uploads/sftp"
	"jogetferry/uploads/uploadstest"
)

// options are those of a store in a folder of a server.
func options(s *sshdtest.Server, dir string) sftp.Options {
	return sftp.Options{User: s.User, Host: s.Host, Port: s.Port, Path: dir, KnownHosts: s.KnownHosts, Key: s.Key, Passphrase: s.Passphrase}
}

// opened is a store that ends with t.
func opened(t *testing.T, o sftp.Options) *sftp.Store {
	t.Helper()
	s, err := sftp.Open(o)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestStoreConforms(t *testing.T) {
	t.Parallel()
	server := sshdtest.New(t, sshdtest.Options{})
	uploadstest.Run(t, func(t *testing.T) uploads.Store {
		t.Helper()
		return opened(t, options(server, t.TempDir()))
	})
	uploadstest.RunFolder(t, func(t *testing.T, dir string, access uploadstest.Access) uploads.Store {
		t.Helper()
		o := options(server, dir)
		o.ReadOnly = access == uploadstest.ReadOnly
		return opened(t, o)
	})
}
