package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Digest identifies what the configuration decides about the migration itself:
// mappings and policies, without servers, secrets and limits. The ledger keeps
// it, so that a plan made under other decisions is noticed.
func (c *Config) Digest() string {
	data, err := json.Marshal(struct {
		Processes   []string
		Definitions map[string]string
		Activities  map[string]string `json:",omitempty"`
		Variables   map[string]string `json:",omitempty"`
		Users       map[string]string
		Records     Records
	}{c.Processes, c.Definitions, c.Activities, c.Variables, c.Users, c.Records})
	if err != nil {
		// Strings, slices and maps of strings always marshal.
		panic(err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
