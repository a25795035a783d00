package activitytest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"jogetferry/store"
	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/engine"
	simulated "jogetferry/test/simulator/schema"
	"jogetferry/test/simulator/server"
)

// Versions of the apps' packages on either side: a migration never finds them equal.
const (
	SourceVersion = "3"
	TargetVersion = "5"
)

// ahead is how many more instances the target has had than the source.
const ahead = 100_000

// Stage is what migrations run between.
type Stage struct {
	Source, Target *Server
	Ledger         *store.Ledger

	ledger string // its DSN
	sim    *server.Server
	inside inside
	close  []func(context.Context) error
}

var shared struct {
	sync.Mutex
	main  bool
	stage *Stage
	err   error
}

// Main runs the tests of a package that uses Shared, and takes down what they
// shared. It returns the exit status.
func Main(m *testing.M) int {
	shared.main = true
	status := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.stage != nil {
		if err := shared.stage.shutdown(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, "activitytest:", err)
			status = max(status, 1)
		}
	}
	return status
}

// Shared returns the stage that all tests of this process share.
func Shared(tb testing.TB) *Stage {
	tb.Helper()
	shared.Lock()
	defer shared.Unlock()
	if !shared.main {
		tb.Fatal("activitytest.Shared needs activitytest.Main in TestMain")
	}
	if shared.stage == nil && shared.err == nil {
		// It outlives this test.
		shared.stage, shared.err = newStage(context.WithoutCancel(tb.Context()), mysqltest.AdminDSN(tb), Options{})
	}
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	return shared.stage
}

// Options say how a stage's servers differ from others.
type Options struct {
	// SourceZone and TargetZone are those of the Java machines; nil means UTC.
	SourceZone, TargetZone *time.Location
	// Caches has the target's engine keep variables in memory.
	Caches bool
}

// New returns a stage of tb's own, for what concerns a whole server.
func New(tb testing.TB) *Stage {
	tb.Helper()
	return NewWith(tb, Options{})
}

// NewWith is New with servers that differ from others.
func NewWith(tb testing.TB, o Options) *Stage {
	tb.Helper()
	s, err := newStage(tb.Context(), mysqltest.AdminDSN(tb), o)
	tb.Cleanup(func() {
		if err := s.shutdown(context.WithoutCancel(tb.Context())); err != nil {
			tb.Error(err)
		}
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// newStage sets a stage up; what it returns has to be shut down, with an error too.
func newStage(ctx context.Context, admin string, o Options) (*Stage, error) {
	s := &Stage{}
	root, err := os.MkdirTemp("", "ferry-activitytest-")
	if err != nil {
		return s, fmt.Errorf("make a folder: %w", err)
	}
	s.close = append(s.close, func(context.Context) error { return os.RemoveAll(root) })
	var dsns [2]string
	for i := range dsns {
		if dsns[i], err = s.database(ctx, admin); err != nil {
			return s, err
		}
	}
	var sides [2]*Server
	var both errgroup.Group
	for i, version := range []int64{3, 5} {
		both.Go(func() (err error) {
			sides[i], err = newServer(ctx, dsns[i], filepath.Join(root, fmt.Sprint(i)))
			if err == nil {
				err = apps.Load(ctx, sides[i].SQL, apps.Options{Apps: append(apps.Names(), apps.Claims, apps.Terms), PackageVersion: version})
			}
			if err == nil {
				err = simulated.MeetUsers(ctx, sides[i].SQL) // cases start instances at the same moment
			}
			return err
		})
	}
	err = both.Wait()
	s.Source, s.Target = sides[0], sides[1]
	for _, side := range sides {
		s.close = append(s.close, func(context.Context) error { return side.shutdown() })
	}
	if err != nil {
		return s, err
	}
	// The target has had more instances: an ID of the one server is none of the other.
	err = simulated.InTransaction(ctx, s.Target.SQL, nil, func(tx *sql.Tx) error {
		_, process := simulated.ReserveCounter(ctx, tx, simulated.CounterProcess, ahead)
		_, activity := simulated.ReserveCounter(ctx, tx, simulated.CounterActivity, ahead)
		return errors.Join(process, activity)
	})
	if err != nil {
		return s, err
	}
	began := time.Now() //nolint:forbidigo // both servers stand there: a date variable that nobody set is the time of the start
	clock := func() time.Time { return began }
	if s.Source.Engine, err = engine.New(ctx, engine.Options{DB: s.Source.SQL, UploadsDir: filepath.Dir(s.Source.Folder), Now: clock, Zone: o.SourceZone}); err != nil {
		return s, err
	}
	if s.sim, err = server.New(ctx, server.Options{DB: s.Target.SQL, UploadsDir: filepath.Dir(s.Target.Folder), Now: clock, Pause: s.inside.pause, Zone: o.TargetZone, Caches: o.Caches}); err != nil {
		return s, err
	}
	s.close = append(s.close, func(context.Context) error { return s.sim.Close() })
	s.Target.Engine = s.sim.Engine()
	if s.ledger, err = s.database(ctx, admin); err != nil {
		return s, err
	}
	s.Ledger, err = store.Open(ctx, s.ledger, store.Options{Actor: "activitytest"})
	if err == nil {
		s.close = append(s.close, func(context.Context) error { return s.Ledger.Close() })
	}
	return s, err
}

func (s *Stage) database(ctx context.Context, admin string) (string, error) {
	dsn, drop, err := mysqltest.NewDatabase(ctx, admin)
	if err == nil {
		s.close = append(s.close, drop)
	}
	return dsn, err
}

func (s *Stage) shutdown(ctx context.Context) error {
	var err error
	for _, c := range slices.Backward(s.close) {
		err = errors.Join(err, c(ctx))
	}
	return err
}

// OpenLedger opens the ledger once more, for a worker that loses it.
func (s *Stage) OpenLedger(tb testing.TB) *store.Ledger {
	tb.Helper()
	ledger, err := store.Open(tb.Context(), s.ledger, store.Options{Actor: "dying"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := ledger.Close(); err != nil {
			tb.Error(err)
		}
	})
	return ledger
}
