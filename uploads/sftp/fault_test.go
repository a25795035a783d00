package sftp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"jogetferry/migration"
	"jogetferry/test/sshdtest"
	"jogetferry/uploads"
	"jogetferry/uploads/local"
	"jogetferry/uploads/sftp"
	"jogetferry/uploads/uploadstest"
)

// The names tell that they have no place in an error that leaves the worker.
var (
	row  = migration.RowKey{Table: "patients", ID: "j-doe"}
	key  = uploads.Key{Row: row, Name: "diagnosis.pdf"}
	rows = []migration.RowKey{row}
)

// code also makes sure that an error holds nobody's data.
func code(t *testing.T, err error, want migration.Code) {
	t.Helper()
	if migration.CodeOf(err) != want {
		t.Fatalf("error %v, want code %q", err, want)
	}
	var coded *migration.Error
	if !errors.As(err, &coded) {
		t.Fatalf("error %v, want a typed one", err)
	}
	for _, name := range []string{row.Table, string(row.ID), key.Name} {
		if strings.Contains(coded.Safe(), name) {
			t.Errorf("%q tells %q", coded.Safe(), name)
		}
	}
}

// says looks for what an operator needs in what may be shown.
func says(t *testing.T, err error, words ...string) {
	t.Helper()
	var coded *migration.Error
	if !errors.As(err, &coded) {
		t.Fatalf("error %v, want a typed one", err)
	}
	for _, word := range words {
		if !strings.Contains(coded.Safe(), word) {
			t.Errorf("%q does not say %q", coded.Safe(), word)
		}
	}
}

func folder(t *testing.T, content string) (*local.Store, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := local.Open(dir)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	if content != "" {
		uploadstest.Put(t, s, key, content)
	}
	return s, dir
}

func TestAHostKeyThatIsNotKnownIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(t *testing.T, s *sshdtest.Server)
		words  []string
	}{
		"changed": {func(_ *testing.T, s *sshdtest.Server) { s.NewHostKey() }, []string{"another host key", "ssh-ed25519 SHA256:", "ssh-keygen -R"}},
		"unknown": {func(t *testing.T, s *sshdtest.Server) { must(t, os.WriteFile(s.KnownHosts, nil, 0o600)) }, []string{"no host key", "ssh-ed25519 SHA256:", "ssh-keyscan"}},
		"login":   {func(_ *testing.T, s *sshdtest.Server) { s.Forbid() }, []string{"does not take the login", "authorized_keys"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := sshdtest.New(t, sshdtest.Options{})
			source, _ := folder(t, "content")
			dir := t.TempDir()
			remote := opened(t, options(server, dir))
			must(t, remote.Probe(t.Context()))
			tc.change(t, server)
			server.Cut()
			<-remote.Gone()
			_, err := uploads.Copy(t.Context(), source, remote, rows, &uploadstest.Images{}, uploads.Options{})
			code(t, err, migration.CodeRefused)
			says(t, err, tc.words...)
			// As a source, too, it is no file that may not be read.
			target, to := folder(t, "")
			_, err = uploads.Copy(t.Context(), remote, target, rows, &uploadstest.Images{}, uploads.Options{})
			code(t, err, migration.CodeRefused)
			_, err = uploads.Compare(t.Context(), remote, target, rows)
			code(t, err, migration.CodeRefused)
			for _, dir := range []string{dir, to} {
				if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
					t.Errorf("%v, %v written", left, err)
				}
			}
			if name == "login" {
				return
			}
			server.Trust()
			must(t, remote.Probe(t.Context())) // what was mended is seen
		})
	}
}

// TestTheHostKeyThatIsKnownIsAskedFor has a server with a second key of a kind that it
// would rather show.
func TestTheHostKeyThatIsKnownIsAskedFor(t *testing.T) {
	t.Parallel()
	server := sshdtest.New(t, sshdtest.Options{})
	server.AddHostKey()
	must(t, opened(t, options(server, t.TempDir())).Probe(t.Context()))
}

func TestWhatIsWrongWithAKeyIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	server := sshdtest.New(t, sshdtest.Options{})
	text := filepath.Join(t.TempDir(), "text")
	must(t, os.WriteFile(text, []byte("no key and no host\n"), 0o600))
	for name, tc := range map[string]struct {
		change func(o *sftp.Options)
		word   string
	}{
		"no_passphrase":     {func(o *sftp.Options) { o.Passphrase = migration.Secret{} }, "sftp.passphrase"},
		"wrong_passphrase":  {func(o *sftp.Options) { o.Passphrase = migration.NewSecret("wrong") }, "sftp.passphrase"},
		"no_key_file":       {func(o *sftp.Options) { o.Key = text + "0" }, "sftp.key"},
		"no_key":            {func(o *sftp.Options) { o.Key = text }, "sftp.key"},
		"no_known_hosts":    {func(o *sftp.Options) { o.KnownHosts = text + "0" }, "sftp.known_hosts"},
		"wrong_known_hosts": {func(o *sftp.Options) { o.KnownHosts = text }, "sftp.known_hosts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(server, t.TempDir())
			tc.change(&o)
			_, err := sftp.Open(o)
			code(t, err, migration.CodeInvalid)
			says(t, err, tc.word)
			if strings.Contains(err.Error(), "wrong\"") || strings.Contains(err.Error(), server.Passphrase.Reveal()) {
				t.Errorf("%v tells a passphrase", err)
			}
		})
	}
}

// TestAnAgentLogsIn sets a variable of the process, so it runs alone.
func TestAnAgentLogsIn(t *testing.T) {
	server := sshdtest.New(t, sshdtest.Options{})
	o := options(server, t.TempDir())
	o.Key = ""
	t.Setenv("SSH_AUTH_SOCK", "")
	_, err := sftp.Open(o)
	code(t, err, migration.CodeInvalid)
	content, err := os.ReadFile(server.Key)
	must(t, err)
	private, err := ssh.ParseRawPrivateKeyWithPassphrase(content, []byte(server.Passphrase.Reveal()))
	must(t, err)
	keys := agent.NewKeyring()
	must(t, keys.Add(agent.AddedKey{PrivateKey: private}))
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", socket)
	must(t, err)
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = agent.ServeAgent(keys, conn) //nolint:errcheck // ends with the connection
		}
	}()
	t.Setenv("SSH_AUTH_SOCK", socket)
	must(t, opened(t, o).Probe(t.Context()))
}

func TestACopyThatIsCutGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	server := sshdtest.New(t, sshdtest.Options{})
	content := strings.Repeat("0123456789abcdef", 1<<17) // 2 MiB
	source, _ := folder(t, content)
	o := options(server, t.TempDir())
	o.Connections = 1
	remote := opened(t, o)
	server.CutAfter(1 << 20)
	_, err := uploads.Copy(t.Context(), source, remote, rows, &uploadstest.Images{}, uploads.Options{})
	code(t, err, migration.CodeUnavailable)
	<-remote.Gone()
	_, err = remote.Stat(t.Context(), key)
	code(t, err, migration.CodeNotFound)
	result, err := uploads.Copy(t.Context(), source, remote, rows, &uploadstest.Images{}, uploads.Options{})
	must(t, err)
	if result.Copied != 1 || result.Resumed != 1 || result.Bytes != int64(len(content)) {
		t.Errorf("%d copied, %d of them gone on with, %d bytes", result.Copied, result.Resumed, result.Bytes)
	}
	if uploadstest.Read(t, remote, key) != content {
		t.Error("content differs")
	}
	again, err := uploads.Copy(t.Context(), source, remote, rows, &uploadstest.Images{}, uploads.Options{})
	if must(t, err); again.Same != 1 || again.Copied != 0 {
		t.Errorf("%d the same, %d copied again", again.Same, again.Copied)
	}
}

// TestACutIsNoEnd: the library takes a connection that is gone for the end of a file.
func TestACutIsNoEnd(t *testing.T) {
	t.Parallel()
	server := sshdtest.New(t, sshdtest.Options{})
	remote := opened(t, options(server, t.TempDir()))
	uploadstest.Put(t, remote, key, strings.Repeat("x", 1<<20))
	f, err := remote.Open(t.Context(), key)
	must(t, err)
	_, err = io.ReadFull(f, make([]byte, 1<<10))
	must(t, err)
	server.Cut()
	<-remote.Gone()
	_, err = io.Copy(io.Discard, struct{ io.Reader }{f})
	code(t, err, migration.CodeUnavailable)
	_, err = f.Entry()
	code(t, err, migration.CodeUnavailable)
	must(t, f.Close())
	entries, err := remote.List(t.Context(), row)
	if must(t, err); len(entries) != 1 {
		t.Errorf("%v listed by the next connection", entries)
	}
}

// TestAServerThatHangsIsLeft: once its bytes are held on the way, once only its
// sftp-server stands still.
func TestAServerThatHangsIsLeft(t *testing.T) {
	t.Parallel()
	pid := filepath.Join(t.TempDir(), "pid")
	server := sshdtest.New(t, sshdtest.Options{Wrapper: `sh -c 'echo $$ >` + pid + `; exec "$@"' sh`})
	o := options(server, t.TempDir())
	o.Within, o.Connections = 10*time.Second, 1
	for name, hang := range map[string]func() (release func()){
		"held": server.Hold,
		"stopped": func() func() {
			text, err := os.ReadFile(pid)
			must(t, err)
			n, err := strconv.Atoi(strings.TrimSpace(string(text)))
			must(t, err)
			must(t, syscall.Kill(n, syscall.SIGSTOP))
			return func() { must(t, syscall.Kill(n, syscall.SIGCONT)) }
		},
	} {
		remote := opened(t, o)
		uploadstest.Put(t, remote, key, name)
		f, err := remote.Open(t.Context(), key)
		must(t, err)
		before, release := server.Connections(), hang()
		_, err = remote.Stat(t.Context(), key)
		code(t, err, migration.CodeUnavailable)
		_, err = f.Read(make([]byte, 1))
		code(t, err, migration.CodeUnavailable)
		must(t, f.Close())
		release()
		if got := uploadstest.Read(t, remote, key); got != name || server.Connections() != before+1 {
			t.Errorf("%s: %q read, by connection %d after %d", name, got, server.Connections(), before)
		}
		must(t, remote.Remove(t.Context(), key))
	}
}

func TestAnAttemptThatIsCancelledEnds(t *testing.T) {
	t.Parallel()
	server := sshdtest.New(t, sshdtest.Options{})
	server.Hold()
	ctx, cancel := context.WithCancel(t.Context())
	remote := opened(t, options(server, t.TempDir()))
	ended := make(chan error)
	go func() { ended <- remote.Probe(ctx) }()
	cancel()
	code(t, <-ended, migration.CodeUnavailable)
}

func TestADiskThatIsFullIsSaidSo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mount := []string{"unshare", "-rm", "sh", "-c", `mount -t tmpfs -o size=1500k none ` + dir + ` && exec "$@"`, "sh"}
	if out, err := exec.CommandContext(t.Context(), mount[0], append(mount[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("needs to mount a file system: %v: %s", err, out)
	}
	server := sshdtest.New(t, sshdtest.Options{Wrapper: `unshare -rm sh -c 'mount -t tmpfs -o size=1500k none ` + dir + ` && exec "$@"' sh`})
	o := options(server, dir)
	o.Connections = 1 // each has a disk of its own
	remote := opened(t, o)
	free, err := remote.Free(t.Context())
	if must(t, err); free != 1500<<10 {
		t.Errorf("%d bytes free", free)
	}
	source, _ := folder(t, strings.Repeat("x", 2<<20))
	_, err = uploads.Copy(t.Context(), source, remote, rows, &uploadstest.Images{}, uploads.Options{})
	code(t, err, migration.CodeUnavailable)
	says(t, err, "no space left")
	_, err = remote.Stat(t.Context(), key)
	code(t, err, migration.CodeNotFound)
}

func TestAServerThatWritesNothingIsRefused(t *testing.T) {
	t.Parallel()
	server := sshdtest.New(t, sshdtest.Options{Arguments: "-R"})
	remote := opened(t, options(server, t.TempDir()))
	code(t, remote.Probe(t.Context()), migration.CodeRefused)
	source, _ := folder(t, "content")
	_, err := uploads.Copy(t.Context(), source, remote, rows, &uploadstest.Images{}, uploads.Options{})
	code(t, err, migration.CodeRefused)
	o := options(server, t.TempDir())
	o.ReadOnly = true
	must(t, opened(t, o).Probe(t.Context()))
}

func TestWhatAServerLacksIsTold(t *testing.T) {
	t.Parallel()
	whole := opened(t, options(sshdtest.New(t, sshdtest.Options{}), t.TempDir()))
	if lacks, err := whole.Lacks(t.Context()); err != nil || len(lacks) > 0 {
		t.Errorf("OpenSSH lacks %v, %v", lacks, err)
	}
	server := sshdtest.New(t, sshdtest.Options{Arguments: "-P fsync,posix-rename,statvfs"})
	dir := t.TempDir()
	remote := opened(t, options(server, dir))
	lacks, err := remote.Lacks(t.Context())
	must(t, err)
	for i, word := range []string{"fsync@", "posix-rename@", "statvfs@"} {
		if len(lacks) != 3 || !strings.HasPrefix(lacks[i], word) {
			t.Fatalf("it lacks %q", lacks)
		}
	}
	_, err = remote.Free(t.Context())
	code(t, err, migration.CodeUnsupported)
	source, _ := folder(t, "content")
	got, err := uploads.Copy(t.Context(), source, remote, rows, &uploadstest.Images{}, uploads.Options{})
	if must(t, err); got.Copied != 1 {
		t.Errorf("%d copied", got.Copied)
	}
	other, _ := folder(t, "other content")
	_, err = uploads.Copy(t.Context(), other, remote, rows, &uploadstest.Images{}, uploads.Options{OnConflict: uploads.ConflictOverwrite})
	code(t, err, migration.CodeUnsupported)
	if content := uploadstest.Read(t, remote, key); content != "content" {
		t.Errorf("it holds %q", content)
	}
}

func TestARootThatIsNoFolderIsNotAnEmptyStore(t *testing.T) {
	t.Parallel()
	server := sshdtest.New(t, sshdtest.Options{})
	_, dir := folder(t, "content")
	for _, path := range []string{filepath.Join(dir, "absent"), filepath.Join(dir, "absent", "below"), filepath.Join(dir, row.Table, string(row.ID), key.Name)} {
		remote := opened(t, options(server, path))
		_, err := remote.List(t.Context(), row)
		code(t, err, migration.CodeRefused)
		_, err = remote.Stat(t.Context(), key)
		code(t, err, migration.CodeRefused)
		if !errors.Is(err, uploads.ErrStore) {
			t.Errorf("%v is of one file", err)
		}
	}
}

// TestTwoProcessesWriteOneFile has an attempt that its worker lost, and the next one.
func TestTwoProcessesWriteOneFile(t *testing.T) {
	t.Parallel()
	server := sshdtest.New(t, sshdtest.Options{})
	dir := t.TempDir()
	first, second := opened(t, options(server, dir)), opened(t, options(server, dir))
	create := func(s *sftp.Store) uploads.Partial {
		p, err := s.Create(t.Context(), key)
		must(t, err)
		t.Cleanup(func() { must(t, p.Close()) })
		return p
	}
	write := func(p uploads.Partial, content string) {
		_, err := io.WriteString(p, content)
		must(t, err)
	}
	commit := func(p uploads.Partial) error {
		return p.Commit(t.Context(), uploads.Commit{Size: 8, Modified: uploadstest.Modified})
	}
	lost := create(first)
	write(lost, "old content"[:8])
	next := create(second)
	must(t, next.Restart())
	write(next, "new ")
	code(t, commit(lost), migration.CodeUnavailable)
	_, err := second.Stat(t.Context(), key)
	code(t, err, migration.CodeNotFound)
	write(next, "cont")
	must(t, commit(next))
	if got := uploadstest.Read(t, second, key); got != "new cont" {
		t.Errorf("it holds %q", got)
	}
}

func TestNamesThatAreBytesComeAlong(t *testing.T) {
	t.Parallel()
	server := sshdtest.New(t, sshdtest.Options{})
	source, from := folder(t, "")
	names := []string{"\xff\xfe.bin", "a\nb", `"quoted" 'twice'`, "$(id);`id`", "-rf", strings.Repeat("\xc3\xa9", 127) + "x", strings.Repeat("y", 255)}
	for _, name := range names {
		must(t, os.MkdirAll(filepath.Join(from, row.Table, string(row.ID)), 0o755))
		must(t, os.WriteFile(filepath.Join(from, row.Table, string(row.ID), name), []byte(name), 0o600))
	}
	dir := t.TempDir()
	remote := opened(t, options(server, dir))
	got, err := uploads.Copy(t.Context(), source, remote, rows, &uploadstest.Images{}, uploads.Options{})
	if must(t, err); got.Copied != len(names) {
		t.Errorf("%d of %d copied: %v", got.Copied, len(names), got.Refused)
	}
	for _, name := range names {
		if content, err := os.ReadFile(filepath.Join(dir, row.Table, string(row.ID), name)); err != nil || string(content) != name {
			t.Errorf("%q: %q, %v", name, content, err)
		}
	}
	back, err := uploads.Compare(t.Context(), source, remote, rows)
	must(t, err)
	if diff := cmp.Diff(0, len(back.Differences)); diff != "" || len(back.Same) != len(names) {
		t.Errorf("%v differ", back.Differences)
	}
}

// TestAFileThatIsReplacedKeepsItsReaders: whoever reads the former one reads it to its end.
func TestAFileThatIsReplacedKeepsItsReaders(t *testing.T) {
	t.Parallel()
	server := sshdtest.New(t, sshdtest.Options{})
	dir := t.TempDir()
	remote := opened(t, options(server, dir))
	uploadstest.Put(t, remote, key, "former")
	path := filepath.Join(dir, row.Table, string(row.ID), key.Name)
	reader, err := os.Open(path)
	must(t, err)
	defer reader.Close()
	source, _ := folder(t, "another")
	got, err := uploads.Copy(t.Context(), source, remote, rows, &uploadstest.Images{}, uploads.Options{OnConflict: uploads.ConflictOverwrite})
	if must(t, err); got.Overwritten != 1 {
		t.Errorf("%d overwritten", got.Overwritten)
	}
	former, err := io.ReadAll(reader)
	if must(t, err); !bytes.Equal(former, []byte("former")) {
		t.Errorf("who read the former file got %q", former)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "another" {
		t.Errorf("%q, %v", content, err)
	}
}
