package waves

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"

	"jogetferry/contract"
	"jogetferry/preflight"
	"jogetferry/test/temporaltest"
)

func TestGatherEngine(t *testing.T) {
	t.Parallel()
	s := temporaltest.New(t, temporaltest.Options{})
	c, err := s.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	_, err = c.OperatorService().AddSearchAttributes(t.Context(), &operatorservice.AddSearchAttributesRequest{
		Namespace: s.Namespace(), SearchAttributes: map[string]enumspb.IndexedValueType{
			contract.StageAttribute: enumspb.INDEXED_VALUE_TYPE_KEYWORD, contract.WaveAttribute: enumspb.INDEXED_VALUE_TYPE_TEXT,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := preflight.EngineFacts{Namespace: s.Namespace()}
	if err := (&Activities{Temporal: c}).gatherEngine(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	want := preflight.EngineFacts{
		Namespace: s.Namespace(), Retention: 24 * time.Hour,
		MissingAttributes:  []string{contract.ReasonAttribute, contract.DefinitionAttribute},
		MistypedAttributes: map[string]string{contract.WaveAttribute: "Text"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}
