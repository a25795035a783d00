package sftp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"

	"jogetferry/migration"
	"jogetferry/uploads"
)

const opConnect = "connect to the SFTP server"

// agentVariable tells where an agent listens.
const agentVariable = "SSH_AUTH_SOCK"

// readKey returns the key of a file, nil when none is named.
func readKey(o Options) (ssh.Signer, error) {
	if o.Key == "" {
		if os.Getenv(agentVariable) == "" {
			return nil, invalid("neither a key is configured nor an agent runs", "give sftp.key, or start the worker with "+agentVariable, nil)
		}
		return nil, nil
	}
	content, err := os.ReadFile(o.Key)
	if err != nil {
		return nil, invalid("the file of sftp.key cannot be read", "correct the path or its rights", err)
	}
	signer, err := parseKey(content, o.Passphrase)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return nil, invalid("the key of sftp.key has a passphrase", "give sftp.passphrase", err)
	case err != nil:
		return nil, invalid("the file of sftp.key holds no private key that can be read", "check sftp.passphrase, or give another key", err)
	}
	return signer, nil
}

func parseKey(content []byte, passphrase migration.Secret) (ssh.Signer, error) {
	if passphrase.Empty() {
		return ssh.ParsePrivateKey(content)
	}
	return ssh.ParsePrivateKeyWithPassphrase(content, []byte(passphrase.Reveal()))
}

func invalid(cause, hint string, err error) error {
	return &migration.Error{Code: migration.CodeInvalid, Op: opConnect, Cause: cause, Hint: hint, Err: err}
}

// hostKeys checks the key of one connection. refusal is why it was turned down.
type hostKeys struct {
	known   ssh.HostKeyCallback
	address string
	file    string
	refusal error
}

// readHostKeys reads known_hosts, which may have been mended since the last connection.
func readHostKeys(o Options) (*hostKeys, error) {
	known, err := knownhosts.New(o.KnownHosts)
	if err != nil {
		return nil, invalid("the file of sftp.known_hosts cannot be read", "correct the path, its rights or its lines", err)
	}
	return &hostKeys{known: known, address: o.address(), file: o.KnownHosts}, nil
}

// algorithms are those of the keys that are known of the host, so that the server shows one
// of them and not another that it has as well; nil: all.
func (h *hostKeys) algorithms() []string {
	var unlike *knownhosts.KeyError
	if err := h.known(h.address, &net.TCPAddr{IP: net.IPv4zero}, noKey{}); !errors.As(err, &unlike) {
		return nil
	}
	var all []string
	for _, want := range unlike.Want {
		if kind := want.Key.Type(); kind == ssh.KeyAlgoRSA {
			all = append(all, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		} else {
			all = append(all, kind)
		}
	}
	return all
}

// noKey is a host key that no host has.
type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return nil }
func (noKey) Verify([]byte, *ssh.Signature) error { return errors.ErrUnsupported }

func (h *hostKeys) check(address string, remote net.Addr, key ssh.PublicKey) error {
	err := h.known(address, remote, key)
	if err == nil {
		return nil
	}
	shown := key.Type() + " " + ssh.FingerprintSHA256(key)
	var unlike *knownhosts.KeyError
	switch {
	case errors.As(err, &unlike) && len(unlike.Want) > 0:
		h.refusal = refused("the SFTP server shows another host key than "+h.file+" has: "+shown,
			"ask who runs the server whether its key was changed; only then replace its line: ssh-keygen -R, ssh-keyscan", err)
	case errors.As(err, &unlike):
		h.refusal = refused(h.file+" has no host key of the SFTP server, which shows "+shown,
			"compare the fingerprint with the server's own, then add its line by ssh-keyscan", err)
	default:
		h.refusal = refused(h.file+" does not let the SFTP server's host key pass: "+shown, "ask who runs the server", err)
	}
	return h.refusal
}

// refused is an error of the whole store, and not of one of its files.
func refused(cause, hint string, err error) error {
	return &migration.Error{Code: migration.CodeRefused, Op: opConnect, Cause: cause, Hint: hint, Err: errors.Join(uploads.ErrStore, err)}
}

// authentication returns how to log in, and what to close when that is over.
func authentication(ctx context.Context, key ssh.Signer) (ssh.AuthMethod, func() error, error) {
	if key != nil {
		return ssh.PublicKeys(key), func() error { return nil }, nil
	}
	socket, err := new(net.Dialer).DialContext(ctx, "unix", os.Getenv(agentVariable))
	if err != nil {
		return nil, nil, &migration.Error{Code: migration.CodeUnavailable, Op: opConnect, Cause: "the agent of " + agentVariable + " does not answer", Err: err}
	}
	return ssh.PublicKeysCallback(agent.NewClient(socket).Signers), socket.Close, nil
}

// handshakeFailed tells a login that was refused from a connection that broke.
func handshakeFailed(err error) error {
	// The library has no type for it.
	if strings.Contains(err.Error(), "unable to authenticate") {
		return refused("the SFTP server does not take the login", "add the public key to authorized_keys of the account there", err)
	}
	return &migration.Error{Code: migration.CodeUnavailable, Op: opConnect, Cause: "the SFTP server is out of reach", Err: fmt.Errorf("handshake: %w", err)}
}
