package enginetest

import (
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

var stageCases = []tale{
	{"staged rows can be read and counted before they are published", func(h *house) {
		s := h.stage(build("a.b", "SELECT 1 AS n UNION ALL SELECT 2"))
		h.same(s.Rows, int64(2))
		h.same(s.Target, engine.ParseRelation("a.b"))
		h.same(s.Form, engine.Table)
		h.same(s.Columns, []table.Column{integer("n")})
		h.shows("SELECT n FROM "+s.Relation.String()+" ORDER BY n", "1", "2")
		h.absent(s.Target)
	}},
	{"a table without rows has its columns", func(h *house) {
		s := h.stage(build("a.b", "SELECT CAST(1 AS BIGINT) AS n WHERE 1 = 0"))
		h.same(s.Rows, int64(0))
		h.must(h.Publish(h.Context(), h.publication(s)))
		columns, err := h.Columns(h.Context(), s.Target)
		h.must(err)
		h.same(columns, []table.Column{bigint("n")})
	}},
	{"what is staged is no relation yet, and no marker", func(h *house) {
		h.stage(build("a.b", "SELECT 1 AS n"))
		h.same(h.relations(), []string(nil))
		h.same(h.markers(), []string(nil))
	}},
	{"staged rows are those of the moment they were staged", func(h *house) {
		h.put(build("a.up", "SELECT 1 AS n"))
		s := h.stage(build("a.down", "SELECT n FROM a.up"))
		h.put(build("a.up", "SELECT 2 AS n"))
		h.must(h.Publish(h.Context(), h.publication(s)))
		h.shows("SELECT n FROM a.down", "1")
	}},
	{"staged rows survive the warehouse being closed", func(h *house) {
		s := h.stage(build("a.b", "SELECT 1 AS n"))
		h.again()
		h.must(h.Publish(h.Context(), h.publication(s)))
		h.shows("SELECT n FROM a.b", "1")
	}},
	{"staging again in the same run replaces what was staged", func(h *house) {
		h.stage(build("a.b", "SELECT 1 AS n"))
		s := h.stage(build("a.b", "SELECT 2 AS m"))
		h.shows("SELECT m FROM "+s.Relation.String(), "2")
		h.must(h.Publish(h.Context(), h.publication(s)))
		h.shows("SELECT m FROM a.b", "2")
	}},
	{"staging again in the same run may change the form", func(h *house) {
		h.needsViews()
		for i, b := range []engine.Build{build("a.b", "SELECT 1 AS n"), view("a.b", "SELECT 2 AS n"), build("a.b", "SELECT 3 AS n")} {
			s := h.stage(b)
			h.shows("SELECT n FROM "+s.Relation.String(), itoa(i+1))
		}
	}},
	{"two runs stage the same dataset side by side", func(h *house) {
		b := build("a.b", "SELECT 1 AS n")
		one := h.stage(b)
		b.Run, b.SQL = "r2", "SELECT 2 AS n"
		two := h.stage(b)
		h.shows("SELECT n FROM "+one.Relation.String(), "1")
		h.shows("SELECT n FROM "+two.Relation.String(), "2")
	}},
	{"the columns the caller knows are taken for true", func(h *house) {
		b := build("a.b", "SELECT 1 AS n")
		b.Columns = []table.Column{integer("n")}
		h.same(h.stage(b).Columns, b.Columns)
	}},
	{"a view is staged as a view", func(h *house) {
		h.needsViews()
		h.put(build("a.up", "SELECT 1 AS n"))
		s := h.stage(view("a.down", "SELECT n FROM a.up"))
		h.same(s.Rows, int64(-1))
		h.same(s.Form, engine.View)
		h.same(s.Columns, []table.Column{integer("n")})
		h.shows("SELECT n FROM "+s.Relation.String(), "1")
		h.absent(s.Target)
	}},
	{"discarding takes the staged rows away, and twice is no error", func(h *house) {
		s := h.stage(build("a.b", "SELECT 1 AS n"))
		h.must(h.Discard(h.Context(), s))
		h.absent(s.Relation)
		h.must(h.Discard(h.Context(), s))
	}},
	{"discarding a view leaves what it reads", func(h *house) {
		h.needsViews()
		h.put(build("a.up", "SELECT 1 AS n"))
		s := h.stage(view("a.down", "SELECT n FROM a.up"))
		h.must(h.Discard(h.Context(), s))
		h.absent(s.Relation)
		h.shows("SELECT n FROM a.up", "1")
	}},
	{"discarding what was published takes nothing away", func(h *house) {
		s := h.stage(build("a.b", "SELECT 1 AS n"))
		h.must(h.Publish(h.Context(), h.publication(s)))
		h.must(h.Discard(h.Context(), s))
		h.must(h.Discard(h.Context(), engine.Staged{Relation: s.Target, Target: s.Target, Form: engine.Table}))
		h.shows("SELECT n FROM a.b", "1")
	}},
	{"what fails to be staged leaves nothing", func(h *house) {
		h.put(build("a.b", "SELECT 1 AS n"))
		_, err := h.Stage(h.Context(), build("a.b", "SELECT CAST(v AS INTEGER) AS n FROM (SELECT '1' AS v UNION ALL SELECT 'x') AS t"))
		h.refused(err, fault.Invalid)
		h.absent(engine.StagingOf(engine.ParseRelation("a.b"), "r1", h.Capabilities().MaxIdentifier))
		h.shows("SELECT n FROM a.b", "1")
		h.put(build("a.b", "SELECT 2 AS n"))
		h.shows("SELECT n FROM a.b", "2")
	}},
	{"an error of staging names the dataset and the line of its own SQL", func(h *house) {
		_, err := h.Stage(h.Context(), build("a.b", "SELECT 1 AS n,\n  no_such AS m"))
		h.refused(err, fault.Invalid)
		if !strings.Contains(err.Error(), "a.b") || strings.Contains(err.Error(), "__larder_") {
			h.Errorf("the error should name the dataset, not where its rows were staged: %v", err)
		}
		if said := err.Error(); strings.Contains(said, "LINE") && !strings.Contains(said, "LINE 2") {
			h.Errorf("the error should count the lines of the dataset's SQL: %v", err)
		}
	}},
	{"the SQL may end in a semicolon and a comment", func(h *house) {
		h.put(build("a.b", "SELECT 1 AS n ; -- that is all"))
		h.put(build("a.c", "-- first\nSELECT 2 AS n -- no line end"))
		h.put(build("a.d", "WITH t AS (SELECT 3 AS n) SELECT n FROM t"))
		h.shows("SELECT a.b.n, a.c.n, a.d.n FROM a.b, a.c, a.d", "1 2 3")
	}},
	{"a name with a capital is its own only where the engine says so", func(h *house) {
		h.put(engine.Build{Target: engine.Relation{Schema: "a", Name: "Orders"}, Form: engine.Table, SQL: "SELECT 1 AS n", Run: "r1"})
		h.put(engine.Build{Target: engine.Relation{Schema: "a", Name: "orders"}, Form: engine.Table, SQL: "SELECT 2 AS n", Run: "r1"})
		want := []string{"a.Orders", "a.orders"}
		got := h.relations()
		slices.Sort(got)
		if h.Capabilities().FoldsCase {
			want = []string{"a.orders"}
			h.same(len(got), 1)
			h.same(len(h.markers()), 1)
			got = []string{strings.ToLower(got[0])}
		}
		h.same(got, want)
		h.shows(`SELECT n FROM "a"."orders"`, "2")
	}},
}
