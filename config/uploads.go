package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"

	"jogetferry/migration"
)

// SFTP says how a worker logs in where uploads are on an SFTP server.
type SFTP struct {
	KnownHosts string // file with the host keys that are taken
	Key        string // file of the private key; "": the agent of SSH_AUTH_SOCK has it
	Passphrase migration.Secret
}

// Uploads says where the uploads of a server are.
type Uploads struct {
	User, Host string // of the SFTP server; "": Path is a folder of this machine
	Port       int
	Path       string
}

// Remote reports whether u is on an SFTP server.
func (u Uploads) Remote() bool { return u.Host != "" }

const (
	sftpScheme  = "sftp"
	sftpPort    = "22"
	sftpForm    = "write a folder, or sftp://USER@HOST[:PORT]/PATH"
	uploadsHint = "give the folder app_formuploads as this machine sees it, or sftp://USER@HOST/PATH"
)

// ParseUploads reads source.uploads or target.uploads: a folder, or
// sftp://USER@HOST[:PORT]/PATH, in which PATH begins at the server's root. Errors are
// "problem; fix" and quote nothing, since a password may have been written there.
func ParseUploads(text string) (Uploads, error) {
	scheme, _, isURL := strings.Cut(text, ":/")
	switch {
	case strings.EqualFold(scheme, sftpScheme) && isURL:
	case strings.Contains(text, "://"):
		return Uploads{}, fmt.Errorf("is neither a folder nor an sftp:// address; %s", sftpForm)
	default:
		return Uploads{Path: text}, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return Uploads{}, fmt.Errorf("is not an sftp:// address; %s", sftpForm)
	}
	_, password := u.User.Password()
	switch {
	case password:
		return Uploads{}, errors.New("holds a password; log in by a key, sftp.key, or by an agent")
	case u.User.Username() == "":
		return Uploads{}, fmt.Errorf("names no user; %s", sftpForm)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return Uploads{}, errors.New("has text after the path; write ? as %3F, # as %23 and % as %25")
	case path.Clean("/"+u.Path) == "/":
		return Uploads{}, fmt.Errorf("names no folder; %s", sftpForm)
	}
	port, err := strconv.Atoi(cmp.Or(u.Port(), sftpPort))
	if err != nil || port < 1 || port > 65535 {
		return Uploads{}, errors.New("has no port that can be; give a number from 1 to 65535")
	}
	return Uploads{User: u.User.Username(), Host: strings.ToLower(u.Hostname()), Port: port, Path: path.Clean(u.Path)}, nil
}

// uploads looks at the uploads of one side, "source" or "target"; nil: there is nothing to look at.
func (v *validation) uploads(side, text string, login SFTP) *Uploads {
	key := side + ".uploads"
	if !v.given(key, text, uploadsHint) {
		return nil
	}
	u, err := ParseUploads(text)
	if err != nil {
		problem, fix, _ := strings.Cut(err.Error(), "; ")
		v.mistakes.add(key, problem, fix)
		return nil
	}
	if u.Remote() {
		hosts, private, passphrase := side+".sftp.known_hosts", side+".sftp.key", side+".sftp.passphrase"
		v.needed[hosts] = v.needed[key]
		v.given(hosts, login.KnownHosts, "give the file that has the server's host key, as ssh-keyscan writes it")
		for _, optional := range []string{private, passphrase} {
			if v.broken[optional] != nil {
				v.needed[optional] = v.needed[key]
				v.resolved(optional)
			}
		}
	}
	return &u
}
