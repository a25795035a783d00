package main

import (
	"go.temporal.io/sdk/temporal"

	"jogetferry/contract"
	"jogetferry/migration"
)

var (
	waveKey       = temporal.NewSearchAttributeKeyKeyword(contract.WaveAttribute)
	definitionKey = temporal.NewSearchAttributeKeyKeyword(contract.DefinitionAttribute)
)

// instanceStart is the input of an instance with what its search attributes show.
type instanceStart struct {
	contract.InstanceInput
	definition string
}

func attributes(wave migration.WaveName, definition string) temporal.SearchAttributes {
	var set []temporal.SearchAttributeUpdate
	if wave != "" {
		set = append(set, waveKey.ValueSet(string(wave)))
	}
	if definition != "" {
		set = append(set, definitionKey.ValueSet(definition))
	}
	return temporal.NewSearchAttributes(set...)
}
