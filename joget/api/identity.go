package api

import (
	"crypto/md5" //nolint:gosec // the login hash is Joget's format
	"encoding/hex"
	"errors"
	"net/url"
	"strings"
)

// Identity is a login of the target: a directory user, or the master user.
// One of Password and Hash must be set: Joget takes a user name without either
// as an anonymous call, which may start processes.
type Identity struct {
	Username string
	Password Secret
	Hash     Secret // login hash, see LoginHash; wins over Password
	UseHash  bool   // send the login hash of Password instead of Password
}

var errIdentity = errors.New("user name and password or hash are needed")

func (i Identity) isZero() bool {
	return i.Username == "" && i.Password.Empty() && i.Hash.Empty()
}

func (i Identity) check() error {
	if i.Username == "" || i.Password.Empty() && i.Hash.Empty() {
		return errIdentity
	}
	return nil
}

// put adds the login to form. User names stay as typed: Joget compares them
// with regard to case when it computes the hash.
func (i Identity) put(form url.Values) {
	form.Set("j_username", i.Username)
	switch {
	case !i.Hash.Empty():
		form.Set("hash", i.Hash.Reveal())
	case i.UseHash:
		form.Set("hash", LoginHash(i.Username, i.Password).Reveal())
	default:
		form.Set("j_password", i.Password.Reveal())
	}
}

// LoginHash returns the hash that logs username in instead of password:
// upper-case hex of MD5(username + "::" + lower-case hex of MD5(password)).
// Source: Joget's User.getLoginHash.
func LoginHash(username string, password Secret) Secret {
	return NewSecret(strings.ToUpper(md5Hex(username + "::" + md5Hex(password.Reveal()))))
}

func md5Hex(s string) string {
	sum := md5.Sum([]byte(s)) //nolint:gosec // the login hash is Joget's format
	return hex.EncodeToString(sum[:])
}
