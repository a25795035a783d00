package waves

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"

	"jogetferry/contract"
	"jogetferry/preflight"
)

// AttributeType is the type that every search attribute of the contract has.
const AttributeType = enumspb.INDEXED_VALUE_TYPE_KEYWORD

// Attributes compares the search attributes of a namespace with those of the
// contract: the names it lacks, and those that are there with another type.
func Attributes(ctx context.Context, c client.Client, namespace string) (missing []string, mistyped map[string]enumspb.IndexedValueType, err error) {
	list, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return nil, nil, fmt.Errorf("list search attributes of namespace %s: %w", namespace, err)
	}
	mistyped = map[string]enumspb.IndexedValueType{}
	for _, name := range contract.SearchAttributes() {
		switch have, ok := list.GetCustomAttributes()[name]; {
		case !ok:
			missing = append(missing, name)
		case have != AttributeType:
			mistyped[name] = have
		}
	}
	return missing, mistyped, nil
}

// CheckTemporal checks that the namespace keeps what the workflows leave in it.
func (act *Activities) CheckTemporal(ctx context.Context, _ contract.CheckInput) (contract.CheckOutput, error) {
	f := preflight.EngineFacts{Namespace: activity.GetInfo(ctx).Namespace}
	if err := act.gatherEngine(ctx, &f); err != nil {
		return contract.CheckOutput{}, err
	}
	return contract.CheckOutput{Findings: preflight.WithoutPersonal(preflight.Engine(&f))}, nil
}

func (act *Activities) gatherEngine(ctx context.Context, f *preflight.EngineFacts) error {
	described, err := act.Temporal.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: f.Namespace})
	var denied *serviceerror.PermissionDenied
	if err != nil && !errors.As(err, &denied) {
		return fmt.Errorf("describe namespace %s: %w", f.Namespace, err)
	}
	f.Retention = described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	var mistyped map[string]enumspb.IndexedValueType
	f.MissingAttributes, mistyped, err = Attributes(ctx, act.Temporal, f.Namespace)
	f.MistypedAttributes = map[string]string{}
	for name, have := range mistyped {
		f.MistypedAttributes[name] = have.String()
	}
	return err
}
