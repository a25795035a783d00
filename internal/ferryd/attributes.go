package ferryd

import (
	"context"
	"fmt"
	"time"

	"github.com/sethvargo/go-retry"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"jogetferry/contract"
	"jogetferry/migration"
)

// attributesFor is how long a server may take until new search attributes are known everywhere.
const attributesFor = 30 * time.Second

// AddSearchAttributes registers the contract's search attributes where they are
// missing and returns when the server takes them in a query: before that,
// starting a workflow with them fails. It is safe to call at the same time from
// several workers. One that exists with another type, or rights that do not
// suffice, is an error that says what to do.
func AddSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	if namespace == "" {
		namespace = client.DefaultNamespace
	}
	wanted := []string{contract.StageAttribute, contract.ReasonAttribute, contract.WaveAttribute, contract.DefinitionAttribute}
	const keyword = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	list, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("list search attributes of namespace %s: %w", namespace, err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for _, name := range wanted {
		switch have, ok := list.GetCustomAttributes()[name]; {
		case !ok:
			missing[name] = keyword
		case have != keyword:
			return &migration.Error{
				Code: migration.CodeInvalid, Op: "register search attribute " + name, Subject: "namespace " + namespace,
				Hint: fmt.Sprintf("it is %s there and must be Keyword: use another namespace", have),
			}
		}
	}
	if len(missing) > 0 {
		_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing})
	}
	query := fmt.Sprintf("%s = '-' AND %s = '-' AND %s = '-' AND %s = '-'", wanted[0], wanted[1], wanted[2], wanted[3])
	backoff := retry.WithMaxDuration(attributesFor, retry.NewConstant(200*time.Millisecond))
	unknown := retry.Do(ctx, backoff, func(ctx context.Context) error {
		_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: namespace, Query: query})
		return retry.RetryableError(err)
	})
	if unknown == nil {
		// Another worker may have been faster, whatever adding them said.
		return nil
	}
	if err != nil {
		return fmt.Errorf("add search attributes %v of type Keyword to namespace %s (or let an administrator add them): %w", wanted, namespace, err)
	}
	return fmt.Errorf("wait for search attributes %v of namespace %s: %w", wanted, namespace, unknown)
}
