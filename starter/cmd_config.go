package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"jogetferry/config"
)

// configTopic is a page of help, not a verb.
func configTopic() *cobra.Command {
	var b strings.Builder
	b.WriteString("Every key of ferry.yaml is a flag and an environment variable of the same name:\n" +
		"target.url is --target.url and FERRY_TARGET_URL. A flag wins over a variable, a\n" +
		"variable over the file, the file over the default. A value may contain ${VARIABLE}\n" +
		"or ${file:PATH}; a secret on the command line must be one of these. TEMPORAL_* or\n" +
		"temporal.toml say where Temporal is. The starter needs migration and a ledger.\n\n")
	for _, k := range config.Keys() {
		def := ""
		if k.Default != "" {
			def = " (" + k.Default + ")"
		}
		fmt.Fprintf(&b, "  %-32s %s%s\n", k.Name, k.Usage, def)
	}
	return &cobra.Command{Use: "config", Short: "List all keys of ferry.yaml", Long: strings.TrimRight(b.String(), "\n")}
}
