package postgres_test

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/postgres"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/pgtest"
)

// A zombie is a run that was thought dead, and comes back after another took
// its dataset over.

func TestAZombieIsRefusedInThePublish(t *testing.T) {
	p := placeOn(t, pgtest.Start(t))
	alive := p.open(t)
	for name, act := range map[string]func(t *testing.T, zombie *postgres.Engine) func() error{
		"staged": func(t *testing.T, zombie *postgres.Engine) func() error {
			t.Helper()
			s, err := zombie.Stage(t.Context(), build("a.b", "SELECT 1 AS n"))
			must(t, err)
			return func() error {
				return zombie.Publish(t.Context(), engine.Publication{Staged: s, Marker: marker("a.b", 6)})
			}
		},
		"direct": func(t *testing.T, zombie *postgres.Engine) func() error {
			t.Helper()
			return func() error {
				_, err := zombie.BuildAndPublish(t.Context(), build("a.b", "SELECT 1 AS n"), marker("a.b", 6))
				return err
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p.empty(t)
			zombie := p.open(t)
			publish := act(t, zombie)
			b := build("a.b", "SELECT 2 AS n")
			b.Run = "r2"
			must(t, put(t.Context(), alive, b, 7))
			before := picture(t, alive)
			if err := publish(); fault.KindOf(err) != fault.Conflict || fault.HintOf(err) == "" {
				t.Fatalf("got %v, want Conflict and a hint", err)
			}
			if diff := cmp.Diff(before, picture(t, alive)); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

// TestAZombieThatWaitsIsRefused: both are in their publish transaction at once.
func TestAZombieThatWaitsIsRefused(t *testing.T) {
	p := placeOn(t, pgtest.Start(t))
	zombie := p.open(t)
	must(t, put(t.Context(), zombie, table1, 1))
	old, err := zombie.Stage(t.Context(), build("a.b", "SELECT 5 AS n"))
	must(t, err)

	committing, goOn := make(chan struct{}), make(chan struct{})
	alive := p.open(t, interfered(func(step string) error {
		if step == "commit" {
			close(committing)
			<-goOn
		}
		return nil
	}))
	b := build("a.b", "SELECT 2 AS n")
	b.Run = "r2"
	s, err := alive.Stage(t.Context(), b)
	must(t, err)
	var g errgroup.Group
	g.Go(func() error {
		return alive.Publish(t.Context(), engine.Publication{Staged: s, Marker: marker("a.b", 7)})
	})
	<-committing
	refused := make(chan error)
	go func() {
		refused <- zombie.Publish(t.Context(), engine.Publication{Staged: old, Marker: marker("a.b", 6)})
	}()
	await(t, "the zombie to wait", func() bool {
		return p.psql(t, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'larder' AND wait_event_type = 'Lock'")[0] == "1"
	})
	close(goOn)
	must(t, g.Wait())
	if err := <-refused; fault.KindOf(err) != fault.Conflict {
		t.Fatalf("got %v, want Conflict", err)
	}
	if got := read(t, zombie, "SELECT n, fence FROM a.b, larder.published"); !cmp.Equal(got, []string{"2 7"}) {
		t.Errorf("readers see %v", got)
	}
}

// TestOfTwoEnginesTheHigherFenceStays: two processes publish one dataset at
// once, by filling and by exchange, and whoever has the higher fence wins.
func TestOfTwoEnginesTheHigherFenceStays(t *testing.T) {
	p := placeOn(t, pgtest.Start(t))
	engines := []*postgres.Engine{p.open(t), p.open(t)}
	refusals := 0
	const rounds = 40
	for round := int64(1); round <= rounds; round++ {
		var g errgroup.Group
		errs := make([]error, len(engines))
		for i, e := range engines {
			fence := 2*round + int64(i)
			b := build("a.b", fmt.Sprintf("SELECT %d::bigint AS n%s", fence, []string{"", ", 'x' AS t"}[round/2%2]))
			b.Run = fmt.Sprintf("r%d", i)
			s, err := e.Stage(t.Context(), b)
			must(t, err)
			g.Go(func() error {
				errs[i] = e.Publish(t.Context(), engine.Publication{Staged: s, Marker: marker("a.b", fence)})
				return nil
			})
		}
		must(t, g.Wait())
		must(t, errs[1])
		if errs[0] != nil {
			refusals++
			if fault.KindOf(errs[0]) != fault.Conflict {
				t.Fatal(errs[0])
			}
		}
		want := fmt.Sprintf("%d %d", 2*round+1, 2*round+1)
		if got := read(t, engines[0], "SELECT n, fence FROM a.b, larder.published"); !cmp.Equal(got, []string{want}) {
			t.Fatalf("readers see %v, want %s", got, want)
		}
	}
	t.Logf("of %d lower fences %d were refused, the others came first", rounds, refusals)
}

func TestSweepLeavesWhatALivingRunStaged(t *testing.T) {
	p := placeOn(t, pgtest.Start(t))
	other, sweeper := p.open(t), p.open(t)
	sweeps := func(want int) {
		t.Helper()
		got, err := sweeper.Sweep(t.Context())
		must(t, err)
		if got != want {
			t.Fatalf("swept %d, want %d; %v is left", got, want, left(t, sweeper))
		}
	}
	stage := func(dataset string) {
		t.Helper()
		_, err := other.Stage(t.Context(), build(dataset, "SELECT 1 AS n"))
		must(t, err)
	}
	stage("a.b")
	landedOnce(engine.Key)(t, other, p)
	_, err := other.Preview(t.Context(), p.landing(engine.Key, p.cargo(t, 3, "SELECT 1 AS k, 3 AS v, 4 AS n")))
	must(t, err)
	sweeps(0)

	// The lock is gone with its connection, and nobody notices before the run
	// goes on.
	p.server.Stop(t, syscall.SIGINT)
	p.server.Run(t)
	await(t, "the engines to be connected again", func() bool {
		_, err := other.Published(t.Context())
		_, err2 := sweeper.Published(t.Context())
		return err == nil && err2 == nil
	})
	stage("a.c")
	sweeps(0)
	if l := left(t, sweeper); len(l) != 5 {
		t.Fatalf("%v is left", l)
	}

	must(t, other.Close())
	gone(t, p, "r1")
	sweeps(5)
}
