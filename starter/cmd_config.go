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
		"target.url is --target.url and FERRY_TARGET_URL. Flags win over variables, those\n" +
		"over the file, the file over defaults. Values may hold ${VARIABLE} and\n" +
		"${file:PATH}; secrets on the command line must. Temporal is found by TEMPORAL_*\n" +
		"and temporal.toml. The starter needs migration, target.url and a ledger.\n\n")
	for _, k := range config.Keys() {
		def := ""
		if k.Default != "" {
			def = " (" + k.Default + ")"
		}
		fmt.Fprintf(&b, "  %-32s %s%s\n", k.Name, k.Usage, def)
	}
	return &cobra.Command{Use: "config", Short: "The keys of ferry.yaml, flags and variables", Long: strings.TrimRight(b.String(), "\n")}
}
