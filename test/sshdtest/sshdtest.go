// Package sshdtest runs OpenSSH's sshd with its sftp-server for tests, on a port of
// 127.0.0.1, as the account that runs the tests. The binaries are those of the system, or
// those that tools/install-sshd unpacked into bin/sshd.
//
// Each connection has an sshd of its own (as inetd starts it), which dies with this
// process. Its bytes pass through this package, which can hold them or cut the connection.
// It knows nothing of what is asked. Start reading at New.
package sshdtest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"jogetferry/migration"
	"jogetferry/test/child"
)

// Options say how a server behaves; the zero value is an ordinary one.
type Options struct {
	// Arguments of sftp-server, such as "-R" (it writes nothing) or "-P fsync" (it lacks that).
	Arguments string
	// Wrapper is a command that runs it, such as one that mounts a small file system first.
	Wrapper string
}

// Server is a running server. Its methods may be called at any time.
type Server struct {
	User, Host string
	Port       int
	KnownHosts string // file with its host key
	Key        string // file with a private key that may log in
	Passphrase migration.Secret

	t      testing.TB
	dir    string
	env    []string
	sshd   string
	listen net.Listener
	lines  lines
}

// New starts a server that ends with tb.
func New(tb testing.TB, o Options) *Server {
	tb.Helper()
	account, err := user.Current()
	must(tb, err)
	s := &Server{User: account.Username, Host: "127.0.0.1", t: tb, dir: tb.TempDir(), Passphrase: migration.NewSecret("correct horse")}
	s.KnownHosts, s.Key = filepath.Join(s.dir, "known_hosts"), filepath.Join(s.dir, "id_ed25519")
	s.listen, err = new(net.ListenConfig).Listen(tb.Context(), "tcp", net.JoinHostPort(s.Host, "0"))
	must(tb, err)
	if at, ok := s.listen.Addr().(*net.TCPAddr); ok {
		s.Port = at.Port
	}
	sftp := s.find()
	public := s.key(s.Key, s.Passphrase.Reveal())
	must(tb, os.WriteFile(filepath.Join(s.dir, "authorized_keys"), ssh.MarshalAuthorizedKey(public), 0o600))
	s.NewHostKey()
	s.Trust()
	script := filepath.Join(s.dir, "sftp")
	must(tb, os.WriteFile(script, []byte("#!/bin/sh\nexec "+o.Wrapper+" "+sftp+" "+o.Arguments+"\n"), 0o700)) //nolint:gosec // it is run
	must(tb, os.WriteFile(filepath.Join(s.dir, "sshd_config"), []byte(strings.Join([]string{
		"HostKey " + filepath.Join(s.dir, "host_key"), "AuthorizedKeysFile " + filepath.Join(s.dir, "authorized_keys"),
		"PidFile none", "StrictModes no", "UsePAM no", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
		"PermitRootLogin prohibit-password", "UseDNS no", "Subsystem sftp " + script, s.helpers(), "",
	}, "\n")), 0o600))
	go s.serve()
	tb.Cleanup(func() {
		_ = s.listen.Close()
		s.lines.cut()
		s.lines.wait()
	})
	return s
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// find finds the binaries and returns that of sftp-server.
func (s *Server) find() string {
	s.t.Helper()
	if os.Getuid() == 0 {
		must(s.t, os.MkdirAll("/run/sshd", 0o755)) //nolint:gosec // where it keeps what it does not trust
	}
	unpacked, err := child.Built("sshd")
	must(s.t, err)
	for _, root := range []string{"/", unpacked} {
		s.sshd = filepath.Join(root, "usr/sbin/sshd")
		for _, at := range []string{"usr/lib/openssh/sftp-server", "usr/libexec/sftp-server", "usr/libexec/openssh/sftp-server", "usr/lib/ssh/sftp-server"} {
			sftp := filepath.Join(root, at)
			if there(s.sshd) && there(sftp) {
				s.env = os.Environ()
				if root != "/" {
					libraries, err := child.LibraryPath(root)
					must(s.t, err)
					s.env = append(s.env, libraries)
				}
				return sftp
			}
		}
	}
	s.t.Fatal("sshd is missing: run `make deps`")
	return ""
}

// helpers tells a newer sshd where the other half of it is, if it was unpacked.
func (s *Server) helpers() string {
	at := filepath.Join(filepath.Dir(filepath.Dir(s.sshd)), "lib/openssh")
	var lines []string
	for name, key := range map[string]string{"sshd-session": "SshdSessionPath", "sshd-auth": "SshdAuthPath"} {
		if there(filepath.Join(at, name)) {
			lines = append(lines, key+" "+filepath.Join(at, name))
		}
	}
	return strings.Join(lines, "\n")
}

func there(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// key writes a new private key.
func (s *Server) key(file, passphrase string) ssh.PublicKey {
	s.t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	must(s.t, err)
	var block *pem.Block
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(private, "")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	must(s.t, err)
	must(s.t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	of, err := ssh.NewPublicKey(public)
	must(s.t, err)
	return of
}

// NewHostKey gives the server another host key, for connections from now on.
func (s *Server) NewHostKey() {
	s.t.Helper()
	public := s.key(filepath.Join(s.dir, "host_key"), "")
	must(s.t, os.WriteFile(filepath.Join(s.dir, "host_key.pub"), ssh.MarshalAuthorizedKey(public), 0o600))
}

// AddHostKey gives the server a key of another kind (ECDSA) beside that which it has.
func (s *Server) AddHostKey() {
	s.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(s.t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	must(s.t, err)
	file, config := filepath.Join(s.dir, "host_key_ecdsa"), filepath.Join(s.dir, "sshd_config")
	must(s.t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	lines, err := os.ReadFile(config)
	must(s.t, err)
	must(s.t, os.WriteFile(config, append(lines, "HostKey "+file+"\n"...), 0o600)) //nolint:gosec // of a test
}

// Trust writes the server's host key into KnownHosts, and nothing else.
func (s *Server) Trust() {
	s.t.Helper()
	line, err := os.ReadFile(filepath.Join(s.dir, "host_key.pub"))
	must(s.t, err)
	key, _, _, _, err := ssh.ParseAuthorizedKey(line) //nolint:dogsled // of a line with nothing else
	must(s.t, err)
	address := net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	must(s.t, os.WriteFile(s.KnownHosts, []byte(knownhosts.Line([]string{address}, key)+"\n"), 0o600)) //nolint:gosec // of a test
}

// Forbid takes the key out of those that may log in.
func (s *Server) Forbid() {
	s.t.Helper()
	must(s.t, os.WriteFile(filepath.Join(s.dir, "authorized_keys"), nil, 0o600))
}

// URL returns what a configuration says of a folder of this server.
func (s *Server) URL(folder string) string {
	return fmt.Sprintf("sftp://%s@%s%s", s.User, net.JoinHostPort(s.Host, strconv.Itoa(s.Port)), folder)
}

// Connections returns how many there have been.
func (s *Server) Connections() int { return s.lines.made() }

// Cut ends all connections.
func (s *Server) Cut() { s.lines.cut() }

// CutAfter ends all connections when so many bytes more have come to the server.
func (s *Server) CutAfter(n int64) { s.lines.cutAfter(n) }

// Hold keeps all bytes to the server, so that it seems to hang; the function it returns
// lets them pass again.
func (s *Server) Hold() (release func()) { return s.lines.hold() }

func (s *Server) serve() {
	for {
		from, err := s.listen.Accept()
		if err != nil {
			return
		}
		to, err := s.start()
		if err != nil {
			s.t.Errorf("start sshd: %v", err)
			_ = from.Close()
			continue
		}
		s.lines.connect(from, to)
	}
}

// start runs an sshd for one connection, which it has as its input and output.
func (s *Server) start() (net.Conn, error) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "sshd's")
	syscall.CloseOnExec(pair[0])
	defer ours.Close()   //nolint:errcheck // what goes on has its own descriptor
	defer theirs.Close() //nolint:errcheck // as above
	log, err := os.OpenFile(filepath.Join(s.dir, "sshd.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()                                                                  //nolint:errcheck // as above
	cmd := exec.Command(s.sshd, "-i", "-e", "-f", filepath.Join(s.dir, "sshd_config")) //nolint:gosec,noctx // ends with its connection
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = theirs, theirs, log, s.env
	if _, err := child.Start(cmd); err != nil {
		return nil, err
	}
	return net.FileConn(ours)
}
