package enginetest

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// power returns the engine as something it may be, and skips the case when it
// is not.
func power[P any](h *house, name string) P {
	h.Helper()
	p, ok := h.Engine.(P)
	if !ok {
		h.Skip("the engine is no engine." + name)
	}
	return p
}

// several stages datasets a.t1, a.t2 ... with their number in them.
func (h *house) several(count int) []engine.Publication {
	h.Helper()
	var out []engine.Publication
	for i := range count {
		out = append(out, h.publication(h.stage(build("a.t"+itoa(i+1), "SELECT "+itoa(i+1)+" AS n"))))
	}
	return out
}

var bulkCases = []tale{
	{"several datasets are published in one act", func(h *house) {
		b := power[engine.Bulk](h, "Bulk")
		h.must(b.PublishAll(h.Context(), h.several(5)))
		h.same(h.markers(), []string{"a.t1 1", "a.t2 2", "a.t3 3", "a.t4 4", "a.t5 5"})
		h.shows("SELECT n FROM a.t5", "5")
		h.must(b.PublishAll(h.Context(), h.several(5)))
		h.same(h.markers(), []string{"a.t1 6", "a.t2 7", "a.t3 8", "a.t4 9", "a.t5 10"})
	}},
	{"rows staged for another table of the schema are published under this one's name", func(h *house) {
		b := power[engine.Bulk](h, "Bulk")
		for _, sql := range []string{"SELECT 1 AS n", "SELECT 2 AS n", "SELECT 3 AS m, 'x' AS t"} {
			all := h.several(2)
			h.must(h.Discard(h.Context(), all[0].Staged))
			other := h.stage(build("a.other", sql))
			other.Target = all[0].Staged.Target
			all[0].Staged = other
			h.must(b.PublishAll(h.Context(), all))
		}
		h.shows("SELECT m, t FROM a.t1", "3 x")
		h.same(h.relations(), []string{"a.t1", "a.t2"})
		h.same(h.markers(), []string{"a.t1 5", "a.t2 6"})
	}},
	{"none is published when one of them cannot be", func(h *house) {
		b := power[engine.Bulk](h, "Bulk")
		all := h.several(4)
		h.must(h.Discard(h.Context(), all[2].Staged))
		h.refused(b.PublishAll(h.Context(), all), fault.NotFound)
		h.same(h.markers(), []string(nil))
		h.same(h.relations(), []string(nil))
		h.must(b.PublishAll(h.Context(), append(all[:2:2], all[3])))
		h.same(len(h.relations()), 3)
	}},
	{"none is published when one of them is fenced off", func(h *house) {
		b := power[engine.Bulk](h, "Bulk")
		h.put(build("a.t3", "SELECT 0 AS n"))
		all := h.several(4)
		all[2].Marker.Fence = 0
		h.refused(b.PublishAll(h.Context(), all), fault.Conflict)
		h.same(h.markers(), []string{"a.t3 1"})
		h.shows("SELECT n FROM a.t3", "0")
	}},
	{"to publish nothing is no error", func(h *house) {
		h.must(power[engine.Bulk](h, "Bulk").PublishAll(h.Context(), nil))
	}},
	{"tables and views are published in one act", func(h *house) {
		b := power[engine.Bulk](h, "Bulk")
		h.needsViews()
		h.must(b.PublishAll(h.Context(), []engine.Publication{
			h.publication(h.stage(build("a.t", "SELECT 1 AS n"))), h.publication(h.stage(view("a.v", "SELECT 2 AS n"))),
		}))
		h.shows("SELECT a.t.n, a.v.n FROM a.t, a.v", "1 2")
	}},
	{"acts over the same datasets in another order do not wait for each other for ever", func(h *house) {
		b := power[engine.Bulk](h, "Bulk")
		h.crowd(8, func(i int) error {
			var all []engine.Publication
			for k := range 3 {
				name := "a.t" + itoa((k+i)%3)
				build := build(name, "SELECT "+itoa(i)+" AS n")
				build.Run = "r" + itoa(i)
				s, err := h.Stage(h.Context(), build)
				if err != nil {
					return err
				}
				all = append(all, engine.Publication{Staged: s, Marker: marker(name, 1)})
			}
			return b.PublishAll(h.Context(), all)
		})
		h.shows("SELECT COUNT(*) FROM a.t0, a.t1, a.t2 WHERE a.t0.n = a.t1.n AND a.t1.n = a.t2.n", "1")
	}},
}

// buildNow builds and publishes in one act as the next version.
func (h *house) buildNow(b engine.Build) (engine.Staged, error) {
	h.Helper()
	h.version++
	return power[engine.Direct](h, "Direct").BuildAndPublish(h.Context(), b, marker(b.Target.Dataset(), h.version))
}

var directCases = []tale{
	{"a table is built and published in one act", func(h *house) {
		s, err := h.buildNow(build("a.b", "SELECT 1 AS n UNION ALL SELECT 2"))
		h.must(err)
		h.same(s.Rows, int64(2))
		h.same(s.Columns, []table.Column{integer("n")})
		h.shows("SELECT n FROM a.b ORDER BY n", "1", "2")
		h.same(h.markers(), []string{"a.b 1"})
	}},
	{"a table that reads itself, and one that changes its columns", func(h *house) {
		for _, sql := range []string{"SELECT 1 AS n", "SELECT n + 1 AS n FROM a.b", "SELECT n AS m, 'x' AS t FROM a.b"} {
			_, err := h.buildNow(build("a.b", sql))
			h.must(err)
		}
		h.shows("SELECT m, t FROM a.b", "2 x")
	}},
	{"tables and views replace each other in one act", func(h *house) {
		h.needsViews()
		for i, b := range []engine.Build{build("a.b", "SELECT 1 AS n"), view("a.b", "SELECT 2 AS n"), view("a.b", "SELECT 3 AS n"), build("a.b", "SELECT 4 AS n")} {
			_, err := h.buildNow(b)
			h.must(err)
			h.shows("SELECT n FROM a.b", itoa(i+1))
		}
	}},
	{"what fails changes nothing", func(h *house) {
		_, err := h.buildNow(build("a.b", "SELECT 1 AS n"))
		h.must(err)
		for _, sql := range []string{"SELECT no_such AS n", "SELECT CAST('x' AS INTEGER) AS n", "SELECT 2 AS n; DROP TABLE a.b", "DROP TABLE a.b"} {
			_, err = h.buildNow(build("a.b", sql))
			h.refused(err, fault.Invalid)
			h.shows("SELECT n FROM a.b", "1")
			h.same(h.markers(), []string{"a.b 1"})
		}
	}},
	{"a lower fence changes nothing", func(h *house) {
		d := power[engine.Direct](h, "Direct")
		_, err := d.BuildAndPublish(h.Context(), build("a.b", "SELECT 1 AS n"), marker("a.b", 5))
		h.must(err)
		_, err = d.BuildAndPublish(h.Context(), build("a.b", "SELECT 2 AS n"), marker("a.b", 4))
		h.refused(err, fault.Conflict)
		h.shows("SELECT n FROM a.b", "1")
	}},
	{"a name no dataset can have is refused here too", func(h *house) {
		_, err := h.buildNow(build("larder.b", "SELECT 1 AS n"))
		h.refused(err, fault.Invalid)
	}},
	{"an error names the dataset and the line of its own SQL", func(h *house) {
		h.put(build("a.b", "SELECT 1 AS n"))
		_, err := h.buildNow(build("a.b", "SELECT 1 AS n,\n  no_such AS m"))
		h.refused(err, fault.Invalid)
		if said := err.Error(); !strings.Contains(said, "a.b") || strings.Contains(said, "LINE") && !strings.Contains(said, "LINE 2") {
			h.Errorf("the error should name a.b and line 2: %v", err)
		}
	}},
	{"several datasets are built and published in one act, or none", func(h *house) {
		d := power[engine.DirectBulk](h, "DirectBulk")
		builds := []engine.Build{build("a.t1", "SELECT 1 AS n"), build("a.t2", "SELECT 2 AS n UNION ALL SELECT 3")}
		staged, err := d.BuildAllAndPublish(h.Context(), builds, []engine.Marker{marker("a.t1", 1), marker("a.t2", 1)})
		h.must(err)
		h.same([]int64{staged[0].Rows, staged[1].Rows}, []int64{1, 2})
		builds[0].SQL, builds[1].SQL = "SELECT 9 AS n", "SELECT no_such AS n"
		_, err = d.BuildAllAndPublish(h.Context(), builds, []engine.Marker{marker("a.t1", 2), marker("a.t2", 2)})
		h.refused(err, fault.Invalid)
		if !strings.Contains(err.Error(), "a.t2") {
			h.Errorf("the error should name a.t2: %v", err)
		}
		h.shows("SELECT n FROM a.t1", "1")
		h.same(h.markers(), []string{"a.t1 1", "a.t2 1"})
		builds[1].SQL = "SELECT 9 AS n"
		_, err = d.BuildAllAndPublish(h.Context(), builds, []engine.Marker{marker("a.t1", 2), marker("a.t2", 0)})
		h.refused(err, fault.Conflict)
		h.shows("SELECT n FROM a.t1", "1")
	}},
	{"it is stopped when its caller gives up, and leaves what was there", func(h *house) {
		d := power[engine.Direct](h, "Direct")
		h.put(build("a.b", "SELECT 1 AS n"))
		h.stopped(func(ctx context.Context) error {
			_, err := d.BuildAndPublish(ctx, build("a.b", h.d.SlowQuery), marker("a.b", 2))
			return err
		})
		h.shows("SELECT n FROM a.b", "1")
		h.same(h.markers(), []string{"a.b 1"})
	}},
}

// exported exports a query and returns the file's path.
func (h *house) exported(sql, format string) string {
	h.Helper()
	path := filepath.Join(h.TempDir(), "it's an export."+format)
	h.must(os.WriteFile(path, []byte("what was there before"), 0o600))
	h.must(power[engine.Exporter](h, "Exporter").Export(h.Context(), sql, path, format))
	return path
}

var exportCases = []tale{
	{"Parquet keeps every digit", func(h *house) {
		path := h.exported(`SELECT CAST('99999999999999999.99' AS DECIMAL(38,2)) AS d, CAST('it''s' AS VARCHAR) AS t, DATE '2024-02-29' AS day,
			CAST(NULL AS BIGINT) AS missing, TIMESTAMP WITH TIME ZONE '2024-07-01 00:00:00.000001+00' AS moment; -- the end`, "parquet")
		h.same(h.parquet("SELECT d::VARCHAR, t, day::VARCHAR, missing::VARCHAR, epoch_us(moment)::VARCHAR FROM read_parquet("+engine.Literal(path)+")"),
			[]string{"99999999999999999.99 it's 2024-02-29 " + null + " 1719792000000001"})
	}},
	{"CSV has a header and quotes what needs it", func(h *house) {
		path := h.exported(`SELECT 1 AS n, 'a "b", c' AS "t x", CAST(2.50 AS DECIMAL(9,2)) AS d`, "csv")
		file, err := os.Open(path)
		h.must(err)
		defer file.Close()
		records, err := csv.NewReader(file).ReadAll()
		h.must(err)
		h.same(records, [][]string{{"n", "t x", "d"}, {"1", `a "b", c`, "2.50"}})
	}},
	{"an answer without rows is exported with its columns", func(h *house) {
		path := h.exported("SELECT CAST(1 AS BIGINT) AS n WHERE 1 = 0", "parquet")
		h.same(h.parquet("SELECT COUNT(*)::VARCHAR, COUNT(n)::VARCHAR FROM read_parquet("+engine.Literal(path)+")"), []string{"0 0"})
	}},
	{"a format that is unknown is Invalid", func(h *house) {
		err := power[engine.Exporter](h, "Exporter").Export(h.Context(), "SELECT 1 AS n", filepath.Join(h.TempDir(), "x"), "stone tablet")
		h.refused(err, fault.Invalid)
	}},
	{"SQL that is broken, or two statements, are Invalid", func(h *house) {
		x := power[engine.Exporter](h, "Exporter")
		h.put(build("a.kept", "SELECT 1 AS n"))
		for _, sql := range []string{"SELEC 1", "SELECT 1 AS n; DROP TABLE a.kept", "DROP TABLE a.kept", "SELECT 1) TO '/tmp/x'; --"} {
			h.refused(x.Export(h.Context(), sql, filepath.Join(h.TempDir(), "x"), "csv"), fault.Invalid)
		}
		h.shows("SELECT n FROM a.kept", "1")
	}},
	{"a folder that does not exist is an error, and the engine goes on", func(h *house) {
		err := power[engine.Exporter](h, "Exporter").Export(h.Context(), "SELECT 1 AS n", filepath.Join(h.TempDir(), "no", "x.csv"), "csv")
		if err == nil {
			h.Fatal("exported into nowhere")
		}
		h.shows("SELECT 1", "1")
	}},
}

var closingCases = []tale{
	{"an engine may be closed twice", func(h *house) {
		h.must(h.Close())
		h.must(h.Close())
	}},
	{"a closed engine refuses everything", func(h *house) {
		s := h.stage(build("a.b", "SELECT 1 AS n"))
		h.must(h.Close())
		for name, work := range map[string]func() error{
			"Query":     func() error { _, err := h.Query(h.Context(), "SELECT 1"); return err },
			"Stage":     func() error { _, err := h.Stage(h.Context(), build("a.c", "SELECT 1 AS n")); return err },
			"Publish":   func() error { return h.Publish(h.Context(), engine.Publication{Staged: s, Marker: marker("a.b", 1)}) },
			"Published": func() error { _, err := h.Published(h.Context()); return err },
			"Sweep":     func() error { _, err := h.Sweep(h.Context()); return err },
			"Columns":   func() error { _, err := h.Columns(h.Context(), s.Relation); return err },
			"Relations": func() error { _, err := h.Relations(h.Context()); return err },
			"Drop":      func() error { return h.Drop(h.Context(), "a.b", s.Target) },
		} {
			if err := work(); fault.KindOf(err) != fault.Unreachable {
				h.Errorf("%s: %v, want Unreachable", name, err)
			}
		}
	}},
	{"closing stops what still runs", func(h *house) {
		began, ended := make(chan struct{}), make(chan error)
		go func() {
			close(began)
			_, err := engine.ReadAll(h.Context(), h.Engine, h.d.SlowQuery, 0)
			ended <- err
		}()
		<-began
		h.must(h.Close())
		if err := <-ended; err == nil {
			h.Error("the slow query gave an answer")
		}
	}},
	{"an answer being read stays readable after the close", func(h *house) {
		rows, err := h.Query(h.Context(), h.d.ManyRows(5000))
		h.must(err)
		h.must(h.Close())
		count := 0
		for rows.Next() {
			count++
		}
		if err := rows.Err(); err == nil && count != 5000 {
			h.Errorf("%d rows and no error", count)
		}
		h.must(rows.Close())
		h.enter()
		h.shows("SELECT 1", "1")
	}},
	{"tidying changes nothing anybody sees", func(h *house) {
		t := power[engine.Tidier](h, "Tidier")
		h.put(build("a.b", "SELECT 1 AS n"))
		h.must(t.Tidy(h.Context()))
		h.shows("SELECT n FROM a.b", "1")
		h.same(h.markers(), []string{"a.b 1"})
		h.must(t.Tidy(h.Context()))
	}},
	{"an open answer does not make tidying fail", func(h *house) {
		t := power[engine.Tidier](h, "Tidier")
		h.put(build("a.b", h.d.ManyRows(5000)))
		rows, err := h.Query(h.Context(), "SELECT n FROM a.b")
		h.must(err)
		defer rows.Close()
		if !rows.Next() {
			h.Fatal("no row")
		}
		h.put(build("a.b", "SELECT 1 AS n"))
		h.must(t.Tidy(h.Context()))
		h.shows("SELECT n FROM a.b", "1")
	}},
}
