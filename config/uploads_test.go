package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/config"
)

func TestUploads(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text string
		want config.Uploads
	}{
		{"/mnt/source/app_formuploads", config.Uploads{Path: "/mnt/source/app_formuploads"}},
		{`C:\\joget\\app_formuploads`, config.Uploads{Path: `C:\\joget\\app_formuploads`}},
		{"a:b", config.Uploads{Path: "a:b"}},
		{"sftp://ferry@old-joget/opt/joget/wflow/app_formuploads", config.Uploads{User: "ferry", Host: "old-joget", Port: 22, Path: "/opt/joget/wflow/app_formuploads"}},
		{"SFTP://a%40b@[2001:DB8::1]:2222//x/../app%20form%23/", config.Uploads{User: "a@b", Host: "2001:db8::1", Port: 2222, Path: "/app form#"}},
	} {
		got, err := config.ParseUploads(tc.text)
		if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", tc.text, err, diff)
		}
	}
	for text, problem := range map[string]string{
		"sftp://u:secret@h/p":     "holds a password",
		"sftp://u:@h/p":           "holds a password",
		"sftp://h/p":              "names no user",
		"sftp://u@h":              "names no folder",
		"sftp://u@h/":             "names no folder",
		"sftp://u@h/p?x":          "text after the path",
		"sftp://u@h/p#x":          "text after the path",
		"sftp://u@h:0/p":          "no port",
		"sftp://u@h:65536/p":      "no port",
		"sftp://u@h:secret/p":     "is not an sftp:// address",
		"sftp:/u@h/p":             "is not an sftp:// address",
		"sftp:///p":               "is not an sftp:// address",
		"sftp://u@h/%zz":          "is not an sftp:// address",
		"ssh://u:secret@h/p":      "is neither a folder nor",
		"https://u:secret@h/p":    "is neither a folder nor",
		"sftp://u:se%cret@h/path": "is not an sftp:// address",
	} {
		_, err := config.ParseUploads(text)
		if err == nil || !strings.Contains(err.Error(), problem) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", text, err, problem)
		}
	}
}
