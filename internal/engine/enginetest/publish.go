package enginetest

import (
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

var publishCases = []tale{
	{"published rows stand under their name, with a marker", func(h *house) {
		s := h.stage(build("a.b", "SELECT 1 AS n"))
		h.must(h.Publish(h.Context(), h.publication(s)))
		h.shows("SELECT n FROM a.b", "1")
		h.absent(s.Relation)
		h.same(h.markers(), []string{"a.b 1"})
		h.same(h.relations(), []string{"a.b"})
	}},
	{"published rows survive the warehouse being closed", func(h *house) {
		h.put(build("a.b", "SELECT 1 AS n"))
		h.again()
		h.shows("SELECT n FROM a.b", "1")
		h.same(h.markers(), []string{"a.b 1"})
		h.put(build("a.b", "SELECT 2 AS n"))
		h.shows("SELECT n FROM a.b", "2")
	}},
	{"a second publish replaces the rows", func(h *house) {
		h.put(build("a.b", h.d.ManyRows(1000)))
		h.put(build("a.b", "SELECT 2 AS n"))
		h.shows("SELECT n FROM a.b", "2")
		h.same(h.markers(), []string{"a.b 2"})
	}},
	{"the columns may change from one publish to the next", func(h *house) {
		h.put(build("a.b", "SELECT 1 AS n, 'x' AS t"))
		h.put(build("a.b", "SELECT CAST(1 AS BIGINT) AS n, CAST(2 AS BIGINT) AS m"))
		columns, err := h.Columns(h.Context(), engine.ParseRelation("a.b"))
		h.must(err)
		h.same(columns, []table.Column{bigint("n"), bigint("m")})
		h.shows("SELECT * FROM a.b", "1 2")
	}},
	{"a dataset may read what it was before", func(h *house) {
		h.put(build("a.b", "SELECT 1 AS n"))
		for range 3 {
			h.put(build("a.b", "SELECT n + 1 AS n FROM a.b"))
		}
		h.shows("SELECT n FROM a.b", "4")
	}},
	{"tables and views replace each other", func(h *house) {
		h.needsViews()
		for i, b := range []engine.Build{
			build("a.b", "SELECT 1 AS n"), view("a.b", "SELECT 2 AS n"), view("a.b", "SELECT 3 AS n"), build("a.b", "SELECT 4 AS n"),
			view("a.b", "SELECT 5 AS n"),
		} {
			h.put(b)
			h.shows("SELECT n FROM a.b", itoa(i+1))
			if i == 2 {
				h.again()
			}
		}
		h.same(h.relations(), []string{"a.b"})
	}},
	{"a view shows what its tables hold now", func(h *house) {
		h.needsViews()
		h.put(build("a.up", "SELECT 1 AS n"))
		h.put(view("a.down", "SELECT n FROM a.up"))
		h.put(build("a.up", "SELECT 2 AS n"))
		h.shows("SELECT n FROM a.down", "2")
	}},
	{"a table below a view may be replaced by one with more columns", func(h *house) {
		h.needsViews()
		h.put(build("a.up", "SELECT 1 AS n"))
		h.put(view("a.down", "SELECT n FROM a.up"))
		h.put(build("a.up", "SELECT 'x' AS t, 2 AS n"))
		h.shows("SELECT n FROM a.down", "2")
	}},
	{"staged rows that are gone cannot be published", func(h *house) {
		h.put(build("a.b", "SELECT 1 AS n"))
		s := h.stage(build("a.b", "SELECT 2 AS n"))
		h.must(h.Discard(h.Context(), s))
		h.refused(h.Publish(h.Context(), h.publication(s)), fault.NotFound)
		h.shows("SELECT n FROM a.b", "1")
		h.same(h.markers(), []string{"a.b 1"})
	}},
	{"staged rows can be published once", func(h *house) {
		s := h.stage(build("a.b", "SELECT 1 AS n"))
		h.must(h.Publish(h.Context(), h.publication(s)))
		h.refused(h.Publish(h.Context(), h.publication(s)), fault.NotFound)
		h.shows("SELECT n FROM a.b", "1")
		h.same(h.markers(), []string{"a.b 1"})
	}},
	{"datasets in different schemas are different", func(h *house) {
		h.put(build("a.x", "SELECT 1 AS n"))
		h.put(build("b.x", "SELECT 2 AS n"))
		h.shows("SELECT a.x.n, b.x.n FROM a.x, b.x", "1 2")
		h.same(h.markers(), []string{"a.x 1", "b.x 2"})
	}},
	{"a dataset with dots in its name is not one in another schema", func(h *house) {
		h.put(build("a.b.c", "SELECT 1 AS n"))
		h.same(h.relations(), []string{"a.b.c"})
		h.shows(`SELECT n FROM a."b.c"`, "1")
	}},
	{"a table of a hundred thousand rows is published whole", func(h *house) {
		s := h.stage(build("a.b", h.d.ManyRows(100000)))
		h.same(s.Rows, int64(100000))
		h.must(h.Publish(h.Context(), h.publication(s)))
		h.shows("SELECT COUNT(*), MIN(n), MAX(n) FROM a.b", "100000 1 100000")
	}},
	{"a hundred datasets are published one after the other", func(h *house) {
		for i := range 100 {
			h.put(build("a.t"+itoa(i), "SELECT "+itoa(i)+" AS n"))
		}
		h.same(len(h.relations()), 100)
		h.same(len(h.markers()), 100)
		h.shows("SELECT n FROM a.t99", "99")
	}},
}

var refusalCases = []tale{
	{"a name no dataset can have is refused", func(h *house) {
		for _, r := range []engine.Relation{
			{Schema: "", Name: "x"},
			{Schema: "a", Name: ""},
			{Schema: "larder", Name: "x"},
			{Schema: "LARDER", Name: "x"},
			{Schema: "a", Name: "x__larder_r1"},
			{Schema: "a", Name: "x__LARDER_r1"},
			{Schema: "a", Name: "nul\x00l"},
			{Schema: "a", Name: "\xff"},
		} {
			_, err := h.Stage(h.Context(), engine.Build{Target: r, Form: engine.Table, SQL: "SELECT 1 AS n", Run: "r1"})
			h.refused(err, fault.Invalid)
		}
		h.same(h.relations(), []string(nil))
	}},
	{"a form that is unknown is refused", func(h *house) {
		b := build("a.b", "SELECT 1 AS n")
		b.Form = "pyramid"
		_, err := h.Stage(h.Context(), b)
		h.refused(err, fault.Invalid)
	}},
	{"SQL that is broken is refused, as a table and as a view", func(h *house) {
		h.put(build("a.b", "SELECT 1 AS n"))
		for _, sql := range []string{"SELEC 1", "SELECT no_such FROM a.b", "SELECT 1 AS n FROM no.such", "", "SELECT (1 AS n", "SELECT 'open AS n"} {
			_, err := h.Stage(h.Context(), build("a.b", sql))
			h.refused(err, fault.Invalid)
			if h.Capabilities().Views {
				_, err = h.Stage(h.Context(), view("a.b", sql))
				h.refused(err, fault.Invalid)
			}
		}
		h.shows("SELECT n FROM a.b", "1")
		h.same(h.relations(), []string{"a.b"})
	}},
	{"a second statement is refused, and does not run", func(h *house) {
		h.put(build("a.kept", "SELECT 1 AS n"))
		for _, sql := range []string{
			"SELECT 1 AS n; DROP TABLE a.kept", "SELECT 1 AS n; SELECT 2 AS n", "SELECT 1 AS n;;; DELETE FROM a.kept",
			"SELECT 1 AS n; -- x\nDROP TABLE a.kept", "DROP TABLE a.kept; SELECT 1 AS n",
		} {
			_, err := h.Stage(h.Context(), build("a.b", sql))
			h.refused(err, fault.Invalid)
			h.shows("SELECT n FROM a.kept", "1")
		}
	}},
	{"a statement that is no SELECT is refused", func(h *house) {
		h.put(build("a.kept", "SELECT 1 AS n"))
		for _, sql := range []string{"DROP TABLE a.kept", "DELETE FROM a.kept", "INSERT INTO a.kept VALUES (2)", "CREATE TABLE a.x AS SELECT 1 AS n"} {
			_, err := h.Stage(h.Context(), build("a.b", sql))
			h.refused(err, fault.Invalid)
		}
		h.shows("SELECT n FROM a.kept", "1")
	}},
	{"two columns of one name are refused", func(h *house) {
		_, err := h.Stage(h.Context(), build("a.b", "SELECT 1 AS n, 2 AS n"))
		if err == nil {
			h.Skip("the engine names the second column itself")
		}
		h.refused(err, fault.Invalid)
	}},
}
