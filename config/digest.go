package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"jogetferry/migration"
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
		// Left out as long as it is the default, which was there before the key was.
		RebuildJoins    bool                              `json:",omitempty"`
		EndAsynchronous bool                              `json:",omitempty"`
		WriteVariables  bool                              `json:",omitempty"`
		Instances       map[migration.InstanceID]Instance `json:",omitempty"`
	}{
		c.Processes, c.Definitions, c.Activities, c.Variables, c.Users, c.Records, c.Joins == JoinsRebuild,
		c.Starts.Asynchronous == AsynchronousEnd, c.EngineWrites == EngineWritesVariables, c.Instances,
	})
	if err != nil {
		// Strings, slices and maps of strings always marshal.
		panic(err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
