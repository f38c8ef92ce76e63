package enginetest

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// crowd lets many goroutines work at once and fails the test with the first error.
func (h *house) crowd(goroutines int, work func(i int) error) {
	h.Helper()
	var g errgroup.Group
	for i := range goroutines {
		g.Go(func() error { return work(i) })
	}
	h.must(g.Wait())
}

// firstOf is an error unless the batch is one row as wanted.
func firstOf(err error, batch table.Batch, want string) error {
	if err != nil {
		return err
	}
	if got := lines(batch); len(got) != 1 || got[0] != want {
		return fmt.Errorf("read %v, want %s", got, want)
	}
	return nil
}

// publishAs publishes a value under a run and version of the goroutine's own.
func (h *house) publishAs(ctx context.Context, dataset, sql string, version int64, run string) error {
	b := build(dataset, sql)
	b.Run = run
	s, err := h.Stage(ctx, b)
	if err != nil {
		return err
	}
	m := marker(dataset, version)
	m.Run = run
	return h.Publish(ctx, engine.Publication{Staged: s, Marker: m})
}

var readerCases = []tale{
	{"an answer being read shows what was there when it was asked", func(h *house) {
		h.put(build("a.b", h.d.ManyRows(50000)))
		rows, err := h.Query(h.Context(), "SELECT n FROM a.b ORDER BY n")
		h.must(err)
		defer rows.Close()
		for n := int64(1); rows.Next(); n++ {
			if got := rows.Scan()[0]; got != n {
				h.Fatalf("row %d is %v", n, got)
			}
			if n%10000 == 1 {
				h.put(build("a.b", "SELECT CAST(-1 AS BIGINT) AS n"))
				h.shows("SELECT n FROM a.b", "-1")
			}
		}
		h.must(rows.Err())
	}},
	{"an answer being read holds back nobody", func(h *house) {
		h.put(build("a.b", h.d.ManyRows(5000)))
		rows, err := h.Query(h.Context(), "SELECT n FROM a.b")
		h.must(err)
		defer rows.Close()
		if !rows.Next() {
			h.Fatal("no row")
		}
		h.must(h.Drop(h.Context(), "a.b", engine.ParseRelation("a.b")))
		h.absent(engine.ParseRelation("a.b"))
		count := 1
		for rows.Next() {
			count++
		}
		h.must(rows.Err())
		h.same(count, 5000)
	}},
	{"readers never see a half of a publish", func(h *house) { h.torn(4, 60) }},
}

// torn reads while one dataset is replaced again and again: every row of every
// answer is of one version, and no version is older than one seen before. An
// engine without transactional DDL may have moments without the table.
func (h *house) torn(readers, versions int) {
	h.Helper()
	const size = 200
	rows := func(version int) string {
		return "SELECT n, CAST(" + itoa(version) + " AS BIGINT) AS version FROM (" + h.d.ManyRows(size) + ") AS t"
	}
	h.put(build("a.b", rows(0)))
	var done atomic.Bool
	var g errgroup.Group
	g.Go(func() error {
		defer done.Store(true)
		for v := 1; v <= versions; v++ {
			if err := h.publishAs(h.Context(), "a.b", rows(v), int64(v+1), "r1"); err != nil {
				return err
			}
		}
		return nil
	})
	for range readers {
		g.Go(func() error {
			last := int64(-1)
			for !done.Load() {
				batch, err := engine.ReadAll(h.Context(), h, "SELECT COUNT(*), COUNT(DISTINCT n), MIN(version), MAX(version) FROM a.b", 0)
				if err != nil {
					return err
				}
				row := batch.Rows[0]
				if row[0] != int64(size) || row[1] != int64(size) || row[2] != row[3] {
					return fmt.Errorf("a torn read: %v", row)
				}
				if v, _ := row[2].(int64); v < last {
					return fmt.Errorf("version %d after %d", v, last)
				} else {
					last = v
				}
			}
			return nil
		})
	}
	h.must(g.Wait())
	h.shows("SELECT MIN(version), MAX(version) FROM a.b", itoa(versions)+" "+itoa(versions))
}

var togetherCases = []tale{
	{"different datasets are published at once", func(h *house) {
		h.crowd(12, func(i int) error {
			dataset := "a.t" + itoa(i)
			for v := range 5 {
				if err := h.publishAs(h.Context(), dataset, "SELECT "+itoa(v)+" AS n", int64(v+1), "r1"); err != nil {
					return fmt.Errorf("version %d: %w", v, err)
				}
			}
			return nil
		})
		h.same(len(h.markers()), 12)
		for i := range 12 {
			h.shows("SELECT n FROM a.t"+itoa(i), "4")
		}
	}},
	{"new schemas are made at once by many", func(h *house) {
		h.crowd(12, func(i int) error {
			return h.publishAs(h.Context(), "s"+itoa(i%3)+".t"+itoa(i), "SELECT 1 AS n", 1, "r1")
		})
		h.same(len(h.relations()), 12)
	}},
	{"one dataset is published by many, and one of them stays", func(h *house) {
		h.crowd(8, func(i int) error {
			for range 4 {
				if err := h.publishAs(h.Context(), "a.b", "SELECT "+itoa(i)+" AS n", 1, "r"+itoa(i)); err != nil {
					return err
				}
			}
			return nil
		})
		markers, err := h.Published(h.Context())
		h.must(err)
		h.same(len(markers), 1)
		h.shows("SELECT n FROM a.b", markers[0].Run[1:])
	}},
	{"nobody pays for another's mistake", func(h *house) {
		h.crowd(16, func(i int) error {
			if i%4 == 0 {
				if _, err := h.Stage(h.Context(), build("a.bad"+itoa(i), "SELECT no_such AS n")); fault.KindOf(err) != fault.Invalid {
					return fmt.Errorf("want Invalid: %w", err)
				}
				return nil
			}
			return h.publishAs(h.Context(), "a.t"+itoa(i), "SELECT 1 AS n", 1, "r1")
		})
		h.same(len(h.relations()), 12)
	}},
	{"publishing, asking, sweeping and dropping go on side by side", func(h *house) {
		h.put(build("a.kept", "SELECT 1 AS n"))
		h.crowd(12, func(i int) error {
			dataset := "a.t" + itoa(i)
			for v := range 4 {
				var err error
				switch i % 4 {
				case 0:
					_, err = h.Sweep(h.Context(), "alive")
				case 1:
					_, err = engine.ReadAll(h.Context(), h, "SELECT n FROM a.kept", 0)
				case 2:
					if err = h.publishAs(h.Context(), dataset, "SELECT 1 AS n", int64(v+1), "alive"); err == nil {
						err = h.Drop(h.Context(), dataset, engine.ParseRelation(dataset))
					}
				default:
					err = h.publishAs(h.Context(), dataset, "SELECT n FROM a.kept", int64(v+1), "alive")
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		h.same(h.relations(), []string{"a.kept", "a.t11", "a.t3", "a.t7"})
	}},
}

var cancelCases = []tale{
	{"a query is stopped when its caller gives up", func(h *house) {
		h.stopped(func(ctx context.Context) error {
			_, err := engine.ReadAll(ctx, h, h.d.SlowQuery, 0)
			return err
		})
	}},
	{"staging is stopped when its caller gives up, and leaves nothing", func(h *house) {
		b := build("a.b", h.d.SlowQuery)
		h.stopped(func(ctx context.Context) error {
			_, err := h.Stage(ctx, b)
			return err
		})
		h.absent(engine.StagingOf(b.Target, "r1", h.Capabilities().MaxIdentifier))
		h.put(build("a.b", "SELECT 1 AS n"))
		h.shows("SELECT n FROM a.b", "1")
	}},
	{"a caller who gave up beforehand changes nothing", func(h *house) {
		s := h.stage(build("a.b", "SELECT 1 AS n"))
		ctx, cancel := context.WithCancel(h.Context())
		cancel()
		_, err := engine.ReadAll(ctx, h, "SELECT 1", 0)
		h.refused(err, fault.Interrupted)
		_, err = h.Stage(ctx, build("a.c", "SELECT 1 AS n"))
		h.refused(err, fault.Interrupted)
		h.refused(h.Publish(ctx, h.publication(s)), fault.Interrupted)
		h.same(h.markers(), []string(nil))
		h.same(h.relations(), []string(nil))
		h.must(h.Publish(h.Context(), h.publication(s)))
	}},
	{"an answer being read ends when its caller gives up", func(h *house) {
		ctx, cancel := context.WithCancel(h.Context())
		defer cancel()
		rows, err := h.Query(ctx, h.d.ManyRows(200000))
		h.must(err)
		count := 0
		for rows.Next() {
			if count++; count == 10 {
				cancel()
			}
		}
		h.refused(rows.Err(), fault.Interrupted)
		h.must(rows.Close())
		h.shows("SELECT 1", "1")
	}},
	{"a caller who gives up takes nobody with him", func(h *house) {
		ctx, cancel := context.WithCancel(h.Context())
		defer cancel()
		h.crowd(6, func(i int) error {
			if i == 0 {
				go cancel()
				_, err := engine.ReadAll(ctx, h, h.d.SlowQuery, 0)
				if fault.KindOf(err) != fault.Interrupted {
					return fmt.Errorf("want Interrupted: %w", err)
				}
				return nil
			}
			return h.publishAs(h.Context(), "a.t"+itoa(i), h.d.ManyRows(1000), 1, "r1")
		})
		h.same(len(h.markers()), 5)
	}},
	{"of publishers who give up meanwhile each is told the truth", func(h *house) {
		for round := range 20 {
			ctx, cancel := context.WithCancel(h.Context())
			s := h.stage(build("a.b", "SELECT "+itoa(round)+" AS n"))
			p := h.publication(s)
			go cancel()
			err := h.Publish(ctx, p)
			if err != nil {
				h.refused(err, fault.Interrupted)
				h.must(h.Publish(h.Context(), p))
			}
			h.shows("SELECT n FROM a.b", itoa(round))
			h.same(h.markers(), []string{"a.b " + itoa(round+1)})
		}
	}},
}

// stopped gives up on work under way, which must end soon as Interrupted and
// leave the engine usable.
func (h *house) stopped(work func(context.Context) error) {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	h.refused(work(ctx), fault.Interrupted)
	if took := time.Since(began); took > h.d.Wait {
		h.Errorf("it took %s to stop", took)
	}
	h.shows("SELECT 1", "1")
}
