package migration

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// Secret holds a password, login hash or data source name and shows it to nobody but Reveal:
// every way of printing, logging or encoding gives hidden. The zero value is
// an empty secret.
type Secret struct {
	// A pointer, since fmt prints the contents of unexported fields without
	// asking their methods, and stops at pointers inside structs.
	value *string
}

// hidden is what a secret looks like, whether it is empty or not.
const hidden = "***"

// NewSecret wraps value.
func NewSecret(value string) Secret { return Secret{value: &value} }

// Reveal returns the secret itself, "" for the zero value.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return s.Reveal() == "" }

// String returns hidden.
func (s Secret) String() string { return hidden }

// GoString returns hidden.
func (s Secret) GoString() string { return hidden }

// Format writes hidden for every verb.
func (s Secret) Format(f fmt.State, _ rune) {
	//nolint:errcheck // fmt.State has no way to report it
	_, _ = io.WriteString(f, hidden)
}

// MarshalJSON returns hidden as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(hidden) }

// MarshalText returns hidden, for YAML, XML and text encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// UnmarshalText takes the secret from text, so that configuration decoders can fill it.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}

// LogValue returns hidden.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
