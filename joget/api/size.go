package api

import (
	"net/url"
	"strings"
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
	login := url.Values{}
	loginAs(login, Identity{Username: strings.Repeat("%", longestName), Password: NewSecret(strings.Repeat("%", longestPassword))}, k.as)
	return len(k.encode(login))
}
