package e2e_test

import (
	"testing"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/seed"
)

func TestWaveMovesEveryInstanceOnce(t *testing.T) {
	t.Parallel()
	s := rig.New(t, rig.Options{
		Seed:   seed.Options{Seed: 1, Instances: 12, Completed: 2, RecordsOnly: 2},
		Target: seed.TargetOptions{Instances: 3, Completed: 2},
	})
	s.StartWorker()
	s.Starter(0, nil, "check")
	s.Starter(0, nil, "plan")
	out, errs, status := s.Run(t.Context(), "wave", "--without-pilot")
	t.Logf("%d\n%s\n%s", status, out, errs)
	s.Stories()
	for _, i := range s.Seeded.Instances[:4] {
		out, _, _ := s.Run(t.Context(), "show", i.ID)
		t.Logf("%s", out)
	}
	s.SourceUnchanged()
}
