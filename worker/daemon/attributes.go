package daemon

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sethvargo/go-retry"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"jogetferry/activities/waves"
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
	missing, mistyped, err := waves.Attributes(ctx, c, namespace)
	if err != nil {
		return err
	}
	for name, have := range mistyped {
		return &migration.Error{
			Code: migration.CodeInvalid, Op: "register search attribute " + name, Subject: "namespace " + namespace,
			Hint: fmt.Sprintf("it has type %s there and needs %s: use another namespace", have, waves.AttributeType),
		}
	}
	if len(missing) > 0 {
		add := map[string]enumspb.IndexedValueType{}
		for _, name := range missing {
			add[name] = waves.AttributeType
		}
		_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: add})
	}
	wanted := contract.SearchAttributes()
	query := strings.Join(wanted, " = '-' AND ") + " = '-'"
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
		return fmt.Errorf("add search attributes %v of type %s to namespace %s (or let an administrator add them): %w", wanted, waves.AttributeType, namespace, err)
	}
	return migration.E(migration.CodeUnavailable, fmt.Sprintf("wait for search attributes %v", wanted), "namespace "+namespace, "%w", unknown)
}
