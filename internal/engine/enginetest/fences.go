package enginetest

import (
	"slices"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// fenced publishes a value of a.b under a fence.
func (h *house) fenced(value int, fence int64) error {
	h.Helper()
	s := h.stage(build("a.b", "SELECT "+itoa(value)+" AS n"))
	m := marker("a.b", fence)
	m.Version = int64(value)
	return h.Publish(h.Context(), engine.Publication{Staged: s, Marker: m})
}

var fenceCases = []tale{
	{"a lower fence is a Conflict and changes nothing", func(h *house) {
		h.must(h.fenced(1, 7))
		h.refused(h.fenced(2, 6), fault.Conflict)
		h.shows("SELECT n FROM a.b", "1")
		h.same(h.markers(), []string{"a.b 1"})
	}},
	{"rows refused for their fence can still be discarded", func(h *house) {
		h.must(h.fenced(1, 7))
		s := h.stage(build("a.b", "SELECT 2 AS n"))
		h.refused(h.Publish(h.Context(), engine.Publication{Staged: s, Marker: marker("a.b", 6)}), fault.Conflict)
		h.shows("SELECT n FROM "+s.Relation.String(), "2")
		h.must(h.Discard(h.Context(), s))
	}},
	{"the same fence may publish again", func(h *house) {
		h.must(h.fenced(1, 7))
		h.must(h.fenced(2, 7))
		h.shows("SELECT n FROM a.b", "2")
	}},
	{"a fence holds after the warehouse was closed", func(h *house) {
		h.must(h.fenced(1, 7))
		h.again()
		h.refused(h.fenced(2, 6), fault.Conflict)
		h.must(h.fenced(3, 8))
	}},
	{"each dataset has its own fence", func(h *house) {
		h.must(h.fenced(1, 7))
		s := h.stage(build("a.c", "SELECT 3 AS n"))
		h.must(h.Publish(h.Context(), engine.Publication{Staged: s, Marker: marker("a.c", 1)}))
		h.shows("SELECT n FROM a.c", "3")
	}},
	{"a dropped dataset starts with any fence", func(h *house) {
		h.must(h.fenced(1, 7))
		h.must(h.Drop(h.Context(), "a.b", engine.ParseRelation("a.b")))
		h.must(h.fenced(2, 1))
		h.shows("SELECT n FROM a.b", "2")
	}},
	{"of many fences at once the highest is what stays", func(h *house) {
		var staged []engine.Staged
		for i := range 12 {
			b := build("a.b", "SELECT "+itoa(i)+" AS n")
			b.Run = "r" + itoa(i)
			staged = append(staged, h.stage(b))
		}
		h.crowd(12, func(i int) error {
			err := h.Publish(h.Context(), engine.Publication{Staged: staged[i], Marker: marker("a.b", int64(i+1))})
			if fault.KindOf(err) == fault.Conflict && i < 11 {
				return nil
			}
			return err
		})
		h.shows("SELECT n FROM a.b", "11")
		h.same(h.markers(), []string{"a.b 12"})
	}},
}

var markerCases = []tale{
	{"there are none at first", func(h *house) {
		h.same(h.markers(), []string(nil))
	}},
	{"a marker is returned as it was written, to the microsecond", func(h *house) {
		m := engine.Marker{
			Dataset: "a.b", Version: 1 << 60, Run: "run 1", Fence: 1 << 61, At: noon,
			From: time.Date(2024, 3, 31, 1, 0, 0, 1000, time.UTC), To: time.Date(2024, 4, 1, 0, 0, 0, 999999000, time.UTC),
		}
		h.must(h.Publish(h.Context(), engine.Publication{Staged: h.stage(build("a.b", "SELECT 1 AS n")), Marker: m}))
		markers, err := h.Published(h.Context())
		h.must(err)
		h.same(markers, []engine.Marker{m})
		h.again()
		markers, err = h.Published(h.Context())
		h.must(err)
		h.same(markers, []engine.Marker{m})
	}},
	{"times of another zone come back as the same instants in UTC", func(h *house) {
		m := marker("a.b", 1)
		m.At = noon.In(time.FixedZone("there", 5*3600+1800))
		h.must(h.Publish(h.Context(), engine.Publication{Staged: h.stage(build("a.b", "SELECT 1 AS n")), Marker: m}))
		markers, err := h.Published(h.Context())
		h.must(err)
		h.same(markers[0].At, noon)
		h.same(markers[0].At.Location().String(), "UTC")
	}},
	{"an interval is forgotten when all of it is published", func(h *house) {
		m := marker("a.b", 1)
		m.From, m.To = noon.Add(-time.Hour), noon
		h.must(h.Publish(h.Context(), engine.Publication{Staged: h.stage(build("a.b", "SELECT 1 AS n")), Marker: m}))
		h.version = 1
		h.put(build("a.b", "SELECT 2 AS n"))
		markers, err := h.Published(h.Context())
		h.must(err)
		h.same(markers, []engine.Marker{marker("a.b", 2)})
	}},
	{"markers are returned by name", func(h *house) {
		for _, name := range []string{"b.z", "a.z", "b.a", "a.a", "a.m"} {
			h.put(build(name, "SELECT 1 AS n"))
		}
		got := h.markers()
		h.same(got, []string{"a.a 4", "a.m 5", "a.z 2", "b.a 3", "b.z 1"})
		if !slices.IsSorted(got) {
			h.Error("not by name")
		}
	}},
}

var sweepCases = []tale{
	{"sweeping drops what other runs left, and counts it", func(h *house) {
		var staged []engine.Staged
		for i := range 4 {
			b := build("a.t"+itoa(i), "SELECT 1 AS n")
			b.Run = "r" + itoa(i)
			staged = append(staged, h.stage(b))
		}
		n, err := h.Sweep(h.Context(), "r1", "r3")
		h.must(err)
		h.same(n, 2)
		h.absent(staged[0].Relation)
		h.absent(staged[2].Relation)
		h.must(h.Publish(h.Context(), h.publication(staged[1])))
		h.must(h.Publish(h.Context(), h.publication(staged[3])))
	}},
	{"sweeping takes views too", func(h *house) {
		h.needsViews()
		s := h.stage(view("a.b", "SELECT 1 AS n"))
		n, err := h.Sweep(h.Context())
		h.must(err)
		h.same(n, 1)
		h.absent(s.Relation)
	}},
	{"sweeping takes what a closed warehouse held", func(h *house) {
		h.stage(build("a.b", "SELECT 1 AS n"))
		h.stage(build(`a.q"uote`, "SELECT 1 AS n"))
		h.put(build("a.c", "SELECT 1 AS n"))
		h.again()
		n, err := h.Sweep(h.Context(), "r2")
		h.must(err)
		h.same(n, 2)
		h.same(h.relations(), []string{"a.c"})
		n, err = h.Sweep(h.Context())
		h.must(err)
		h.same(n, 0)
	}},
	{"sweeping leaves everything published", func(h *house) {
		h.put(build("a.b", "SELECT 1 AS n"))
		n, err := h.Sweep(h.Context())
		h.must(err)
		h.same(n, 0)
		h.shows("SELECT n FROM a.b", "1")
		h.same(h.markers(), []string{"a.b 1"})
	}},
	{"a run whose name begins like another's is not it", func(h *house) {
		b := build("a.b", "SELECT 1 AS n")
		b.Run = "r10"
		s := h.stage(b)
		n, err := h.Sweep(h.Context(), "r1", "10", "")
		h.must(err)
		h.same(n, 1)
		h.absent(s.Relation)
	}},
}

var catalogCases = []tale{
	{"a warehouse is empty at first", func(h *house) {
		h.same(h.relations(), []string(nil))
	}},
	{"the columns of what does not exist are NotFound", func(h *house) {
		h.absent(engine.ParseRelation("no.such"))
		h.put(build("a.b", "SELECT 1 AS n"))
		h.absent(engine.ParseRelation("a.such"))
	}},
	{"columns are told in order, of tables and of views", func(h *house) {
		h.put(build("a.b", "SELECT CAST(1 AS BIGINT) AS z, CAST('x' AS VARCHAR) AS a, CAST(1 AS DECIMAL(9,2)) AS m"))
		want := "[z a m]"
		for _, name := range []string{"a.b", "a.v"} {
			if name == "a.v" {
				h.needsViews()
				h.put(view("a.v", "SELECT * FROM a.b"))
			}
			columns, err := h.Columns(h.Context(), engine.ParseRelation(name))
			h.must(err)
			h.same(columns[0], bigint("z"))
			h.same(columns[1], varchar("a"))
			h.same(columns[2], decimal("m", 9, 2))
			h.same("["+columns[0].Name+" "+columns[1].Name+" "+columns[2].Name+"]", want)
		}
	}},
	{"tables and views are listed by schema and name", func(h *house) {
		for _, name := range []string{"b.y", "a.z", "a.x"} {
			h.put(build(name, "SELECT 1 AS n"))
		}
		want := []string{"a.x", "a.z", "b.y"}
		if h.Capabilities().Views {
			h.put(view("a.y", "SELECT 1 AS n"))
			want = []string{"a.x", "a.y", "a.z", "b.y"}
		}
		h.same(h.relations(), want)
		h.again()
		h.same(h.relations(), want)
	}},
	{"dropping takes the relation and its marker", func(h *house) {
		h.put(build("a.b", "SELECT 1 AS n"))
		h.put(build("a.c", "SELECT 1 AS n"))
		h.must(h.Drop(h.Context(), "a.b", engine.ParseRelation("a.b")))
		h.absent(engine.ParseRelation("a.b"))
		h.same(h.markers(), []string{"a.c 2"})
		h.again()
		h.same(h.relations(), []string{"a.c"})
	}},
	{"dropping what is gone is no error", func(h *house) {
		h.must(h.Drop(h.Context(), "a.b", engine.ParseRelation("a.b")))
		h.put(build("a.b", "SELECT 1 AS n"))
		h.must(h.Drop(h.Context(), "a.b", engine.ParseRelation("a.b")))
		h.must(h.Drop(h.Context(), "a.b", engine.ParseRelation("a.b")))
	}},
	{"a view can be dropped", func(h *house) {
		h.needsViews()
		h.put(view("a.b", "SELECT 1 AS n"))
		h.must(h.Drop(h.Context(), "a.b", engine.ParseRelation("a.b")))
		h.same(h.relations(), []string(nil))
	}},
	{"what was dropped can be published again", func(h *house) {
		h.put(build("a.b", "SELECT 1 AS n"))
		h.must(h.Drop(h.Context(), "a.b", engine.ParseRelation("a.b")))
		h.put(build("a.b", "SELECT 2 AS n"))
		h.shows("SELECT n FROM a.b", "2")
	}},
	{"a dataset under another name is dropped with its marker", func(h *house) {
		s := h.stage(build("a.b", "SELECT 1 AS n"))
		h.must(h.Publish(h.Context(), engine.Publication{Staged: s, Marker: marker("dev.b", 1)}))
		h.must(h.Drop(h.Context(), "dev.b", s.Target))
		h.same(h.markers(), []string(nil))
		h.absent(s.Target)
	}},
}
