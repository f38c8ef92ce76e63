package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/postgres"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/pgtest"
)

// failures are the ways a server fails and comes back: its machine goes down,
// or one of its processes dies and it starts the others anew.
var failures = map[string]func(t *testing.T, p *place){
	"the server dies": func(t *testing.T, p *place) {
		t.Helper()
		p.server.Stop(t, syscall.SIGKILL)
		p.server.Run(t)
	},
	"one of its processes dies": func(t *testing.T, p *place) {
		t.Helper()
		pid, err := strconv.Atoi(p.psql(t, "SELECT pid FROM pg_stat_activity WHERE application_name = 'larder' LIMIT 1")[0])
		must(t, err)
		must(t, syscall.Kill(pid, syscall.SIGKILL))
		await(t, "the server to end its other processes", func() bool {
			out, err := p.server.Psql(p.database, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'larder'")
			return err == nil && out[0] == "0"
		})
	},
}

// prepared are rows that wait to be brought out; publish does.
type prepared struct {
	name    string
	before  func(t *testing.T, e *postgres.Engine, p *place)
	prepare func(t *testing.T, e *postgres.Engine, p *place) (publish func() error)
}

var preparations = []prepared{
	{"to fill", published(table1), stages(build("a.b", "SELECT n FROM generate_series(1, 100) AS g(n)"), 0)},
	{"to fill and keep", published(table1), stages(build("a.b", "SELECT n FROM generate_series(1, 100) AS g(n)"), 1)},
	{"to be exchanged with what has changed", published(table1), func(t *testing.T, e *postgres.Engine, p *place) func() error {
		t.Helper()
		publish := stages(build("a.b", "SELECT 2 AS n"), 0)(t, e, p)
		p.psql(t, "ALTER TABLE a.b ADD COLUMN other text")
		return publish
	}},
	{"of loads", landedOnce(engine.Append), previews(engine.Append)},
	{"of a window", landedOnce(engine.Window), previews(engine.Window)},
	{"of keys", landedOnce(engine.Key), previews(engine.Key)},
}

func stages(b engine.Build, keep int) func(*testing.T, *postgres.Engine, *place) func() error {
	return func(t *testing.T, e *postgres.Engine, _ *place) func() error {
		t.Helper()
		s, err := e.Stage(t.Context(), b)
		must(t, err)
		return func() error {
			return e.Publish(t.Context(), engine.Publication{Staged: s, Marker: marker(b.Target.Dataset(), 9), Keep: keep})
		}
	}
}

func previews(mode engine.Mode) func(*testing.T, *postgres.Engine, *place) func() error {
	return func(t *testing.T, e *postgres.Engine, p *place) func() error {
		t.Helper()
		l := p.landing(mode, engine.ArchivedLoad{ID: "load2", Sequence: 2, Parquet: []string{p.dir + "/load2.parquet"}, Rows: 2, Supersedes: []string{"load1"}})
		_, err := e.Preview(t.Context(), l)
		must(t, err)
		return func() error {
			_, err := e.Land(t.Context(), l)
			return err
		}
	}
}

// TestRowsTheServerLostAreNotPublished: tables that are not logged are empty
// after a crash. To publish one would take away what readers have.
func TestRowsTheServerLostAreNotPublished(t *testing.T) {
	p := placeOn(t, pgtest.Start(t))
	e := p.open(t)
	for how, fail := range failures {
		for _, rows := range preparations {
			t.Run(how+"/"+rows.name, func(t *testing.T) {
				p.empty(t)
				rows.before(t, e, p)
				must(t, rows.prepare(t, e, p)())
				after := picture(t, e)

				p.empty(t)
				rows.before(t, e, p)
				publish := rows.prepare(t, e, p)
				before := picture(t, e)
				fail(t, p)
				await(t, "the engine to be connected again", func() bool {
					_, err := e.Published(t.Context())
					return err == nil
				})
				if err := publish(); fault.KindOf(err) != fault.Unreachable || fault.HintOf(err) == "" {
					t.Fatalf("got %v, want Unreachable and a hint", err)
				}
				if diff := cmp.Diff(before, picture(t, e)); diff != "" {
					t.Fatal(diff)
				}
				p.psql(t, "ALTER TABLE IF EXISTS a.b DROP COLUMN IF EXISTS other")
				must(t, rows.prepare(t, e, p)())
				if diff := cmp.Diff(after, picture(t, e)); diff != "" {
					t.Fatal(diff)
				}
			})
		}
	}
}

// TestAFailingServerLeavesAWholeVersion kills the server again and again while
// a client brings out versions: what was answered for is there, and whole. It
// does so for a minute, or LARDER_CRASHES times.
func TestAFailingServerLeavesAWholeVersion(t *testing.T) {
	if testing.Short() {
		t.Skip("the server is killed for a minute")
	}
	p := placeOn(t, pgtest.Start(t, "fsync=on"))
	t.Setenv(childDir, p.dir)
	var steps, target atomic.Int64
	reached := make(chan struct{}, 1)
	e := p.open(t, interfered(func(string) error {
		if steps.Add(1) == target.Load() {
			reached <- struct{}{}
		}
		return nil
	}))
	c := &client{e: e, up: make(chan struct{}), done: make(chan error, 1)}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	began, kills, moved := time.Now(), 0, int64(0)
	target.Store(50)
	go func() { c.done <- c.publish(ctx) }()
	wanted, err := strconv.Atoi(os.Getenv("LARDER_CRASHES"))
	counted := err == nil
	for ; counted && kills < wanted || !counted && time.Since(began) < time.Minute; kills++ {
		select {
		case <-reached:
		case err := <-c.done:
			t.Fatal(err)
		}
		p.server.Stop(t, syscall.SIGKILL)
		p.server.Run(t)
		c.check(t)
		moved = c.answered.Load()
		target.Store(steps.Load() + 1 + rand.Int64N(60))
		c.up <- struct{}{}
	}
	<-reached
	stop()
	select {
	case c.up <- struct{}{}:
	case err := <-c.done:
		must(t, err)
	}
	must(t, e.Close())
	later := p.open(t)
	if _, err := later.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if l := left(t, later); len(l) > 0 {
		t.Errorf("%v is left", l)
	}
	t.Logf("the server was killed %d times in %d versions; the client saw %d errors", kills, moved, c.errors.Load())
}

// client brings out versions in a loop. When the server is gone it waits to be
// told that it is up again.
type client struct {
	e               *postgres.Engine
	begun, answered atomic.Int64 // versions
	errors          atomic.Int64
	up              chan struct{}
	done            chan error
}

func (c *client) publish(ctx context.Context) error {
	for i := 0; ctx.Err() == nil; i++ {
		version := c.begun.Add(1)
		err := acts[i%7].do(ctx, c.e, version, "r1")
		switch kind := fault.KindOf(err); {
		case err == nil:
			c.answered.Store(version)
		case kind == fault.Unreachable:
			c.errors.Add(1)
			<-c.up
		case ctx.Err() == nil:
			return fmt.Errorf("%s of version %d: %w", acts[i%7].name, version, err)
		}
	}
	return nil
}

// check looks at what readers see while the client waits.
func (c *client) check(t *testing.T) {
	t.Helper()
	await(t, "the engine to be connected again", func() bool {
		_, err := c.e.Published(t.Context())
		return err == nil
	})
	if version := seen(t, c.e, "a.b"); version < c.answered.Load() || version > c.begun.Load() {
		t.Fatalf("readers see version %d, answered was %d, begun %d", version, c.answered.Load(), c.begun.Load())
	}
}
