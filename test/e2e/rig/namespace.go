package rig

import (
	"errors"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"jogetferry/test/temporaltest"
)

// NewNamespace makes a namespace on a shared server, so that the task queues of
// one stage are not those of another, and returns its name when it is known.
func NewNamespace(tb testing.TB, server *temporaltest.Server, name string) string {
	tb.Helper()
	namespaces, err := client.NewNamespaceClient(client.Options{HostPort: server.HostPort()})
	if err != nil {
		tb.Fatalf("namespace %s: %v", name, err)
	}
	defer namespaces.Close()
	err = namespaces.Register(tb.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: name, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	var there *serviceerror.NamespaceAlreadyExists
	if err != nil && !errors.As(err, &there) {
		tb.Fatalf("register namespace %s: %v", name, err)
	}
	c, err := client.DialContext(tb.Context(), client.Options{HostPort: server.HostPort(), Namespace: name})
	if err != nil {
		tb.Fatalf("namespace %s: %v", name, err)
	}
	defer c.Close()
	Eventually(tb, 30*time.Second, "namespace "+name, func() bool {
		_, err := c.CountWorkflow(tb.Context(), &workflowservice.CountWorkflowExecutionsRequest{Namespace: name})
		return err == nil
	})
	return name
}

// Eventually polls until done reports true and fails the test when it does not
// within limit.
func Eventually(tb testing.TB, limit time.Duration, what string, done func() bool) {
	tb.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	poll := time.NewTicker(100 * time.Millisecond)
	defer poll.Stop()
	for !done() {
		select {
		case <-deadline.C:
			tb.Fatalf("%s: not within %s", what, limit)
		case <-tb.Context().Done():
			tb.Fatalf("%s: %v", what, tb.Context().Err())
		case <-poll.C:
		}
	}
}

// Setenv changes the environment of the processes that are started from now on;
// an empty value takes a setting away.
func (s *Stage) Setenv(key, value string) {
	env := s.env[:0:0]
	for _, entry := range s.env {
		if len(entry) <= len(key) || entry[:len(key)+1] != key+"=" {
			env = append(env, entry)
		}
	}
	if value != "" {
		env = append(env, key+"="+value)
	}
	s.env = env
}

// Getenv returns a setting of the processes.
func (s *Stage) Getenv(key string) string {
	value := ""
	for _, entry := range s.env {
		if len(entry) > len(key) && entry[:len(key)+1] == key+"=" {
			value = entry[len(key)+1:]
		}
	}
	return value
}

// SourceChanged takes the source as it is now for unchanged, after a test
// changed it itself.
func (s *Stage) SourceChanged() { s.sourceDB, s.sourceTree = s.digests() }

// Namespace is the stage's namespace of Temporal.
func (s *Stage) Namespace() string { return s.namespace }
