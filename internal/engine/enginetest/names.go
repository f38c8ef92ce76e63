package enginetest

import (
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// hostile are names that break whoever does not quote, or quotes badly.
var hostile = []string{
	"order", "select", "Mixed Case", `quo"te`, `"`, `""`, "it's", "semi;colon", "dash--dash", "/*star*/", "dot.dot", "$1", "?",
	"%s", `back\slash`, "new\nline", "tab\t", " lead and trail ", "1digit", "Größe", "数量", "🧺", "a'; DROP TABLE a.kept; --", "{{x}}", "null",
}

var nameCases = []tale{
	{"a dataset may have any name", func(h *house) {
		for _, name := range hostile {
			r := engine.Relation{Schema: "a", Name: name}
			s := h.stage(engine.Build{Target: r, Form: engine.Table, SQL: "SELECT 1 AS n", Run: "r1"})
			h.shows("SELECT n FROM "+s.Relation.String(), "1")
			h.must(h.Publish(h.Context(), h.publication(s)))
			h.shows("SELECT n FROM "+r.String(), "1")
			h.must(h.Drop(h.Context(), r.Dataset(), r))
			h.absent(r)
		}
		h.same(h.relations(), []string(nil))
		h.same(h.markers(), []string(nil))
	}},
	{"a schema may have any name", func(h *house) {
		for _, name := range hostile {
			r := engine.Relation{Schema: name, Name: "t"}
			h.put(engine.Build{Target: r, Form: engine.Table, SQL: "SELECT 1 AS n", Run: "r1"})
			h.shows("SELECT n FROM "+r.String(), "1")
		}
		h.same(len(h.relations()), len(hostile))
	}},
	{"a column may have any name", func(h *house) {
		var parts []string
		for i, name := range hostile {
			parts = append(parts, itoa(i)+" AS "+engine.Quote(name))
		}
		h.put(build("a.wide", "SELECT "+strings.Join(parts, ", ")))
		columns, err := h.Columns(h.Context(), engine.ParseRelation("a.wide"))
		h.must(err)
		h.same(table.Names(columns), hostile)
		for i, name := range hostile {
			h.shows("SELECT "+engine.Quote(name)+" FROM a.wide", itoa(i))
		}
	}},
	{"a run may have any name", func(h *house) {
		b := build("a.b", "SELECT 1 AS n")
		b.Run = `r"1'; --`
		s := h.stage(b)
		m := marker("a.b", 1)
		m.Run = b.Run
		h.must(h.Publish(h.Context(), engine.Publication{Staged: s, Marker: m}))
		markers, err := h.Published(h.Context())
		h.must(err)
		h.same(markers, []engine.Marker{m})
	}},
	{"a marker's dataset may have any name", func(h *house) {
		for _, name := range hostile {
			s := h.stage(build("a.b", "SELECT 1 AS n"))
			h.must(h.Publish(h.Context(), engine.Publication{Staged: s, Marker: marker(name, 1)}))
		}
		markers, err := h.Published(h.Context())
		h.must(err)
		var got []string
		for _, m := range markers {
			got = append(got, m.Dataset)
		}
		for _, name := range hostile {
			h.same(strings.Count("\x00"+strings.Join(got, "\x00")+"\x00", "\x00"+name+"\x00"), 1)
		}
	}},
	{"a schema named like the dataset in it is no trouble", func(h *house) {
		h.put(build("orders.orders", "SELECT 1 AS orders"))
		h.shows("SELECT orders.orders FROM orders.orders", "1")
	}},
	{"a name may be as long as the engine says", func(h *house) {
		long := strings.Repeat("n", h.Capabilities().MaxIdentifier)
		h.put(build("a."+long, "SELECT 1 AS n"))
		h.put(build("a."+long[1:]+"m", "SELECT 2 AS n"))
		h.shows("SELECT n FROM "+engine.ParseRelation("a."+long).String(), "1")
		h.same(h.relations(), []string{"a." + long[1:] + "m", "a." + long})
		_, err := h.Stage(h.Context(), build("a."+long+"x", "SELECT 1 AS n"))
		h.refused(err, fault.Invalid)
	}},
	{"long names of several bytes a letter are cut between letters", func(h *house) {
		long := strings.Repeat("ü", h.Capabilities().MaxIdentifier/2)
		h.put(build("a."+long, "SELECT 1 AS n"))
		h.shows("SELECT n FROM "+engine.ParseRelation("a."+long).String(), "1")
	}},
	{"names that begin alike are staged apart", func(h *house) {
		long := strings.Repeat("n", h.Capabilities().MaxIdentifier-1)
		one, two := h.stage(build("a."+long+"1", "SELECT 1 AS n")), h.stage(build("a."+long+"2", "SELECT 2 AS n"))
		h.shows("SELECT n FROM "+one.Relation.String(), "1")
		h.shows("SELECT n FROM "+two.Relation.String(), "2")
	}},
}
