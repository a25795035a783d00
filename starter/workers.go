package main

import (
	"context"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

// Queues say who polls them, and take limits.
type Queues interface {
	DescribeTaskQueue(ctx context.Context, queue string, t enumspb.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error)
	WorkflowService() workflowservice.WorkflowServiceClient
}

// pollerAlive is how old the last look of a poller may be: an idle one looks
// once a minute, and Temporal remembers those that are gone for five.
const pollerAlive = 90 * time.Second

// workers counts the pollers of each role.
func (s *session) workers(ctx context.Context) ([]report.Worker, error) {
	var views []report.Worker
	for _, role := range []contract.Role{contract.RoleWorkflows, contract.RoleCopy, contract.RoleJoget} {
		v := report.Worker{Role: role, Queue: s.queues.Of(role)}
		kind := enumspb.TASK_QUEUE_TYPE_ACTIVITY
		if role == contract.RoleWorkflows {
			kind = enumspb.TASK_QUEUE_TYPE_WORKFLOW
		}
		described, err := s.temporal.Queues.DescribeTaskQueue(ctx, v.Queue, kind)
		if err != nil {
			return nil, temporalError("look for workers of queue", v.Queue, err)
		}
		for _, p := range described.GetPollers() {
			if s.Now().Sub(p.GetLastAccessTime().AsTime()) < pollerAlive {
				v.Pollers++
			}
		}
		views = append(views, v)
	}
	return views, nil
}

// idle says which roles nobody works for, "" when all have a worker.
func idle(workers []report.Worker) string {
	var roles []string
	for _, w := range workers {
		if w.Pollers == 0 {
			roles = append(roles, string(w.Role))
		}
	}
	if len(roles) == 0 {
		return ""
	}
	list := strings.Join(roles, ",")
	return "no worker is running for " + list + ": start one with worker --roles " + list + ", with the migration and the ledger.database of this configuration"
}

// needWorkflows is an error when nobody would answer an update or a query.
func (s *session) needWorkflows(ctx context.Context) error {
	workers, err := s.workers(ctx)
	if err != nil {
		return err
	}
	if workers[0].Pollers == 0 {
		return &plain{code: migration.CodeUnavailable, text: idle(workers[:1])}
	}
	return nil
}

// workerWatch tells of missing workers while a verb waits, once per change.
type workerWatch struct{ told string }

func (w *workerWatch) look(ctx context.Context, s *session) error {
	workers, err := s.workers(ctx)
	if err != nil {
		return err
	}
	now := idle(workers)
	if now != w.told {
		if now == "" {
			s.say("workers are running again")
		} else {
			s.say("waiting: %s", now)
		}
	}
	w.told = now
	return nil
}
