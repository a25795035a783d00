package api

import (
	"net/url"
	"strings"

	"jogetferry/migration"
)

// StartSize returns how many bytes the body of StartProcess has, with a login that
// is as long as any: what Options.MaxPost is compared with, for one who has no login.
func StartSize(r StartRequest) int { return size(r.call()) }

// VariableSize returns what StartSize does for SetProcessVariable with value.
func VariableSize(value string) int { return size(variableCall("", "", value)) }

// A login that is as long as any: Joget's columns hold names of 255 characters, it
// refuses longer passwords, and each byte of either may become three.
const (
	longestName     = 255
	longestPassword = 512
)

func size(k call) int {
	login := func(as migration.User, form url.Values) error {
		Identity{Username: strings.Repeat("%", longestName), Password: NewSecret(strings.Repeat("%", longestPassword))}.put(form)
		form.Set("loginAs", string(as))
		return nil
	}
	body, _ := k.encode(login) // it adds what it is given
	return len(body)
}
