package enginetest

import (
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// lake is a lake table of a case.
type lake struct {
	*house
	lander         engine.Lander
	engine.Landing // without loads and marker
	discard        bool
}

// lake returns the lake table lake.x of the columns k, v and n.
func (h *house) lake(mode engine.Mode) *lake {
	h.Helper()
	l := &lake{house: h, lander: power[engine.Lander](h, "Lander"), Landing: engine.Landing{
		Target: engine.ParseRelation("lake.x"), Columns: lakeColumns, Mode: mode,
	}}
	switch mode {
	case engine.Window:
		l.WindowColumn = "v"
	case engine.Key:
		l.Key = []string{"k"}
	}
	return l
}

func (l *lake) landing(loads ...engine.ArchivedLoad) engine.Landing {
	l.version++
	landing := l.Landing
	landing.Loads, landing.Marker = loads, marker("lake.x", l.version)
	return landing
}

// land brings loads in and fails the test when their preview was not what came
// of it. Every other preview is discarded before the landing.
func (l *lake) land(cargos ...cargo) engine.Landed {
	l.Helper()
	var loads []engine.ArchivedLoad
	for _, c := range cargos {
		loads = append(loads, l.archive(c))
	}
	landed := l.landLoads(loads...)
	for _, load := range loads {
		if load.Passing {
			for _, path := range slices.Concat(load.Parquet, load.Quarantine) {
				l.must(os.Remove(path))
			}
		}
	}
	return landed
}

func (l *lake) landLoads(loads ...engine.ArchivedLoad) engine.Landed {
	l.Helper()
	landed, err := l.tryLand(l.landing(loads...))
	l.must(err)
	return landed
}

func (l *lake) tryLand(landing engine.Landing) (engine.Landed, error) {
	l.Helper()
	before := l.count()
	s, err := l.lander.Preview(l.Context(), landing)
	if err != nil {
		return engine.Landed{}, err
	}
	if l.count() != before {
		l.Fatal("a preview changed the lake table")
	}
	preview := l.read("SELECT * FROM (" + l.all(s.Relation) + ") AS t ORDER BY 1, 2, 3")
	if l.discard = !l.discard; l.discard {
		l.must(l.Discard(l.Context(), s))
	}
	landed, err := l.lander.Land(l.Context(), landing)
	if err != nil {
		return landed, err
	}
	l.must(l.Discard(l.Context(), s))
	if diff := cmp.Diff(preview, l.read("SELECT * FROM ("+l.all(l.Target)+") AS t ORDER BY 1, 2, 3"), cmpopts.EquateEmpty()); diff != "" {
		l.Fatalf("the table is not what its preview was (-preview +table)\n%s", diff)
	}
	if after := l.count(); after != before+landed.Inserted-landed.Removed {
		l.Fatalf("from %d to %d rows, told %+v", before, after, landed)
	}
	return landed, nil
}

// all is a query of a relation in one order of its columns.
func (l *lake) all(r engine.Relation) string {
	list := "_load, _row, _file, _loaded_at"
	for _, c := range l.Columns {
		list += ", " + engine.Quote(c.Name)
	}
	return "SELECT " + list + " FROM " + r.String()
}

// count is how many rows the lake table has, 0 when it does not exist.
func (l *lake) count() int64 {
	l.Helper()
	if _, err := l.house.Columns(l.Context(), l.Target); fault.KindOf(err) == fault.NotFound && err != nil {
		return 0
	}
	batch, err := engine.ReadAll(l.Context(), l, "SELECT COUNT(*) FROM "+l.Target.String(), 1)
	l.must(err)
	n, _ := batch.Rows[0][0].(int64)
	return n
}

// holds fails the test unless the lake table holds these rows of k, v and n.
func (l *lake) holds(want ...string) {
	l.Helper()
	l.shows("SELECT k, v, n FROM lake.x ORDER BY k, v, n", want...)
}

var landingCases = []tale{
	{"append keeps every row of every load", func(h *house) {
		l := h.lake(engine.Append)
		h.same(l.land(cargo{sequence: 1, rows: []string{"1, 1, 10", "1, 1, 10"}}), engine.Landed{Inserted: 2})
		h.same(l.land(cargo{sequence: 2, rows: []string{"1, 1, 10", "2, 1, 20"}}), engine.Landed{Inserted: 2})
		l.holds("1 1 10", "1 1 10", "1 1 10", "2 1 20")
		h.same(h.markers(), []string{"lake.x 2"})
	}},
	{"window keeps of each window the rows of its newest load", func(h *house) {
		l := h.lake(engine.Window)
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10", "2, 1, 20", "3, 2, 30"}})
		h.same(l.land(cargo{sequence: 2, rows: []string{"1, 1, 11", "4, 3, 40"}}), engine.Landed{Inserted: 2, Removed: 2})
		l.holds("1 1 11", "3 2 30", "4 3 40")
	}},
	{"an unknown window is a window too", func(h *house) {
		l := h.lake(engine.Window)
		l.land(cargo{sequence: 1, rows: []string{"1, NULL, 10", "2, NULL, 20"}})
		l.land(cargo{sequence: 2, rows: []string{"3, NULL, 30"}})
		l.holds("3 " + null + " 30")
	}},
	{"key keeps the newest row of each key", func(h *house) {
		l := h.lake(engine.Key)
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10", "2, 1, 20"}})
		h.same(l.land(cargo{sequence: 2, rows: []string{"1, 0, 11", "3, 1, 30"}}), engine.Landed{Inserted: 2, Removed: 1})
		l.holds("1 0 11", "2 1 20", "3 1 30")
	}},
	{"of one key twice in a load the later row counts", func(h *house) {
		l := h.lake(engine.Key)
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10", "1, 1, 11", "1, 1, 12"}})
		l.holds("1 1 12")
	}},
	{"an unknown key is a key too", func(h *house) {
		l := h.lake(engine.Key)
		l.land(cargo{sequence: 1, rows: []string{"NULL, 1, 10"}})
		l.land(cargo{sequence: 2, rows: []string{"NULL, 1, 11", "1, 1, 1"}})
		h.shows("SELECT n FROM lake.x ORDER BY n", "1", "11")
	}},
	{"a key may be of several columns", func(h *house) {
		l := h.lake(engine.Key)
		l.Key = []string{"k", "v"}
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10", "1, 2, 20"}})
		l.land(cargo{sequence: 2, rows: []string{"1, 2, 21"}})
		l.holds("1 1 10", "1 2 21")
	}},
	{"the version orders the copies of a row, whenever they arrive", func(h *house) {
		l := h.lake(engine.Key)
		l.Version = "v"
		l.land(cargo{sequence: 1, rows: []string{"1, 5, 50", "1, 3, 30"}})
		l.land(cargo{sequence: 2, rows: []string{"1, 4, 40"}})
		l.holds("1 5 50")
		l.land(cargo{sequence: 3, rows: []string{"1, 5, 51"}})
		l.holds("1 5 51")
		l.land(cargo{sequence: 4, rows: []string{"1, NULL, 0"}})
		l.holds("1 5 51")
	}},
	{"a deletion takes its row away", func(h *house) {
		l := h.lake(engine.Key)
		l.Deleted = "n < 0"
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10", "2, 1, 20"}})
		h.same(l.land(cargo{sequence: 2, rows: []string{"1, 2, -1"}}), engine.Landed{Removed: 1})
		l.holds("2 1 20")
		l.land(cargo{sequence: 3, rows: []string{"1, 3, 11"}})
		l.holds("1 3 11", "2 1 20")
	}},
	{"a row older than its deletion stays deleted", func(h *house) {
		l := h.lake(engine.Key)
		l.Version, l.Deleted = "v", "n < 0"
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10", "2, 1, 20"}})
		l.land(cargo{sequence: 2, rows: []string{"1, 5, -1"}})
		l.land(cargo{sequence: 3, rows: []string{"1, 4, 40"}})
		l.holds("2 1 20")
		l.land(cargo{sequence: 4, rows: []string{"1, 6, 60"}})
		l.holds("1 6 60", "2 1 20")
	}},
	{"a deletion whose word is unknown deletes nothing", func(h *house) {
		l := h.lake(engine.Key)
		l.Deleted = "n < 0"
		l.land(cargo{sequence: 1, rows: []string{"1, 1, NULL"}})
		l.holds("1 1 " + null)
	}},
	{"a deletion of what never was is nothing", func(h *house) {
		l := h.lake(engine.Key)
		l.Deleted = "n < 0"
		h.same(l.land(cargo{sequence: 1, rows: []string{"1, 1, -1"}}), engine.Landed{})
		l.holds()
	}},
	{"several loads land at once as one after the other", func(h *house) {
		l := h.lake(engine.Key)
		l.land(cargo{sequence: 2, rows: []string{"1, 1, 11"}}, cargo{sequence: 1, rows: []string{"1, 1, 10", "2, 1, 20"}})
		l.holds("1 1 11", "2 1 20")
	}},
	{"the same load again changes nothing but the marker", func(h *house) {
		for _, mode := range []engine.Mode{engine.Append, engine.Window, engine.Key} {
			l := h.lake(mode)
			l.Target.Name = "x"
			load := l.archive(cargo{sequence: 1, rows: []string{"1, 1, 10"}, quarantine: []string{"bad"}})
			l.landLoads(load)
			h.same(l.landLoads(load, load), engine.Landed{})
			l.holds("1 1 10")
			h.shows("SELECT COUNT(*) FROM lake.x__quarantine", "1")
			h.must(h.Drop(h.Context(), "lake.x", l.Target))
		}
	}},
	{"a load that arrives late takes its place in the order", func(h *house) {
		for mode, want := range map[engine.Mode][]string{
			engine.Append: {"1 1 10", "1 1 11", "2 2 20"}, engine.Window: {"1 1 11", "2 2 20"}, engine.Key: {"1 1 11", "2 2 20"},
		} {
			l := h.lake(mode)
			l.land(cargo{sequence: 5, rows: []string{"1, 1, 11"}})
			l.land(cargo{sequence: 3, rows: []string{"1, 1, 10", "2, 2, 20"}})
			l.holds(want...)
			h.must(h.Drop(h.Context(), "lake.x", l.Target))
		}
	}},
	{"a load without rows is a load", func(h *house) {
		for _, mode := range []engine.Mode{engine.Append, engine.Window, engine.Key} {
			l := h.lake(mode)
			h.same(l.land(cargo{sequence: 1}), engine.Landed{})
			l.holds()
			l.land(cargo{sequence: 2, rows: []string{"1, 1, 10"}})
			l.land(cargo{sequence: 3})
			l.holds("1 1 10")
			h.same(len(l.loads()), 3)
			h.must(h.Drop(h.Context(), "lake.x", l.Target))
		}
	}},
	{"a landing without loads writes the marker", func(h *house) {
		l := h.lake(engine.Append)
		l.landLoads()
		l.holds()
		h.same(h.markers(), []string{"lake.x 1"})
	}},
	{"a lower fence is a Conflict, and nothing lands", func(h *house) {
		l := h.lake(engine.Append)
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10"}})
		landing := l.landing(l.archive(cargo{sequence: 2, rows: []string{"2, 2, 20"}}))
		landing.Marker.Fence = 0
		_, err := l.lander.Land(h.Context(), landing)
		h.refused(err, fault.Conflict)
		l.holds("1 1 10")
		h.same(len(l.loads()), 1)
		h.same(h.markers(), []string{"lake.x 1"})
	}},
	{"a file that is gone is an error, and nothing lands", func(h *house) {
		l := h.lake(engine.Append)
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10"}})
		load := l.archive(cargo{sequence: 2, rows: []string{"2, 2, 20"}})
		load.Parquet[0] += ".gone"
		_, err := l.lander.Land(h.Context(), l.landing(load))
		h.refused(err, fault.NotFound)
		_, err = l.lander.Preview(h.Context(), l.landing(load))
		h.refused(err, fault.NotFound)
		l.holds("1 1 10")
		h.same(len(l.loads()), 1)
	}},
	{"a landing that does not say how rows compete is Invalid", func(h *house) {
		for _, bad := range []func(*engine.Landing){
			func(l *engine.Landing) { l.Mode = "pile" },
			func(l *engine.Landing) { l.Mode, l.Key = engine.Key, nil },
			func(l *engine.Landing) { l.Mode, l.Key = engine.Key, []string{"no_such"} },
			func(l *engine.Landing) { l.Mode, l.WindowColumn = engine.Window, "no_such" },
			func(l *engine.Landing) { l.Target.Schema = "larder" },
		} {
			landing := h.lake(engine.Append).landing()
			bad(&landing)
			_, err := h.lake(engine.Append).lander.Land(h.Context(), landing)
			h.refused(err, fault.Invalid)
			_, err = h.lake(engine.Append).lander.Preview(h.Context(), landing)
			h.refused(err, fault.Invalid)
		}
	}},
	{"a preview leaves nothing when it is discarded, or swept", func(h *house) {
		l := h.lake(engine.Key)
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10"}})
		existed := h.relations()
		landing := l.landing(l.archive(cargo{sequence: 2, rows: []string{"1, 1, 11"}}))
		s, err := l.lander.Preview(h.Context(), landing)
		h.must(err)
		h.same(h.relations(), existed)
		h.must(h.Discard(h.Context(), s))
		h.absent(s.Relation)
		_, err = l.lander.Preview(h.Context(), landing)
		h.must(err)
		h.again()
		_, err = h.Sweep(h.Context())
		h.must(err)
		h.absent(s.Relation)
		n, err := h.Sweep(h.Context())
		h.must(err)
		h.same(n, 0)
		h.shows("SELECT n FROM lake.x", "10")
	}},
	{"what was landed survives the warehouse being closed", func(h *house) {
		l := h.lake(engine.Key)
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10"}})
		h.again()
		l = h.lake(engine.Key)
		l.land(cargo{sequence: 2, rows: []string{"1, 1, 11"}})
		l.holds("1 1 11")
		h.shows("SELECT COUNT(*) FROM lake.x__loads", "2")
	}},
	{"lake tables land at once", func(h *house) {
		l := h.lake(engine.Append)
		var loads []engine.ArchivedLoad
		for i := range 6 {
			loads = append(loads, l.archive(cargo{sequence: int64(i + 1), rows: []string{itoa(i) + ", 1, 1"}}))
		}
		h.crowd(12, func(i int) error {
			landing := l.Landing
			landing.Target.Name = "t" + itoa(i%2)
			landing.Loads, landing.Marker = loads[i/2:i/2+1], marker(landing.Target.Dataset(), 1)
			_, err := l.lander.Land(h.Context(), landing)
			return err
		})
		h.shows("SELECT COUNT(*), COUNT(DISTINCT k) FROM lake.t0", "6 6")
		h.shows("SELECT COUNT(*), COUNT(DISTINCT k) FROM lake.t1", "6 6")
	}},
	{"any order of loads leads where the rules lead", func(h *house) { h.Run("rapid", func(t *testing.T) { lakeProperty(h, t) }) }},
}

// loads are the loads of lake.x as "id rows superseded_by".
func (l *lake) loads() []engine.HeldLoad {
	l.Helper()
	held, err := l.lander.Loads(l.Context(), l.Target)
	l.must(err)
	return held
}

var supersedeCases = []tale{
	{"a load that is superseded leaves, and its successor stands for it", func(h *house) {
		for _, mode := range []engine.Mode{engine.Append, engine.Window, engine.Key} {
			l := h.lake(mode)
			l.land(cargo{sequence: 1, rows: []string{"1, 1, 10", "2, 2, 20"}})
			l.land(cargo{sequence: 2, rows: []string{"1, 1, 11"}, supersedes: []int64{1}})
			l.holds("1 1 11")
			h.must(h.Drop(h.Context(), "lake.x", l.Target))
		}
	}},
	{"what a superseded load had covered comes back", func(h *house) {
		for _, mode := range []engine.Mode{engine.Window, engine.Key} {
			l := h.lake(mode)
			l.land(cargo{sequence: 1, rows: []string{"1, 1, 10"}})
			l.land(cargo{sequence: 2, rows: []string{"1, 1, 11"}})
			l.land(cargo{sequence: 3, rows: []string{"2, 2, 20"}, supersedes: []int64{2}})
			l.holds("1 1 10", "2 2 20")
			h.must(h.Drop(h.Context(), "lake.x", l.Target))
		}
	}},
	{"a superseded deletion brings its row back", func(h *house) {
		l := h.lake(engine.Key)
		l.Deleted = "n < 0"
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10"}})
		l.land(cargo{sequence: 2, rows: []string{"1, 1, -1"}})
		l.holds()
		l.land(cargo{sequence: 3, supersedes: []int64{2}})
		l.holds("1 1 10")
	}},
	{"a load that arrives after its successor never counts", func(h *house) {
		for _, mode := range []engine.Mode{engine.Append, engine.Window, engine.Key} {
			l := h.lake(mode)
			l.land(cargo{sequence: 2, rows: []string{"1, 1, 11"}, supersedes: []int64{1}})
			h.same(l.land(cargo{sequence: 1, rows: []string{"1, 1, 10", "2, 2, 20"}}), engine.Landed{})
			l.holds("1 1 11")
			h.same(l.loads(), []engine.HeldLoad{
				{ID: "load1", Sequence: 1, Rows: 2, SupersededBy: "load2"}, {ID: "load2", Sequence: 2, Rows: 1},
			})
			h.must(h.Drop(h.Context(), "lake.x", l.Target))
		}
	}},
	{"a load and its successor may land at once, in any order", func(h *house) {
		l := h.lake(engine.Append)
		l.land(cargo{sequence: 2, rows: []string{"1, 1, 11"}, supersedes: []int64{1}}, cargo{sequence: 1, rows: []string{"1, 1, 10"}})
		l.holds("1 1 11")
	}},
	{"a successor may be superseded in its turn", func(h *house) {
		l := h.lake(engine.Append)
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10"}})
		l.land(cargo{sequence: 2, rows: []string{"1, 1, 11"}, supersedes: []int64{1}})
		l.land(cargo{sequence: 3, rows: []string{"1, 1, 12"}, supersedes: []int64{2}})
		l.holds("1 1 12")
		h.same(l.loads()[0].SupersededBy, "load2")
		h.same(l.loads()[1].SupersededBy, "load3")
	}},
	{"one load may supersede several", func(h *house) {
		l := h.lake(engine.Append)
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10"}}, cargo{sequence: 2, rows: []string{"2, 1, 20"}})
		h.same(l.land(cargo{sequence: 3, rows: []string{"3, 1, 30"}, supersedes: []int64{1, 2}}), engine.Landed{Inserted: 1, Removed: 2})
		l.holds("3 1 30")
	}},
	{"to supersede a load that never was is no error", func(h *house) {
		l := h.lake(engine.Append)
		l.land(cargo{sequence: 2, rows: []string{"1, 1, 10"}, supersedes: []int64{99}})
		l.holds("1 1 10")
	}},
	{"the view of all loads shows superseded rows too", func(h *house) {
		l := h.lake(engine.Append)
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10"}})
		l.land(cargo{sequence: 2, rows: []string{"1, 1, 11"}, supersedes: []int64{1}})
		h.shows("SELECT n, _load FROM lake.x__loads ORDER BY n", "10 load1", "11 load2")
	}},
}

var shapeCases = []tale{
	{"what was appended of files that pass stays, whatever becomes of it", func(h *house) {
		h.passing = true
		l := h.lake(engine.Append)
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10", "2, 1, 20"}})
		l.land(cargo{sequence: 3, rows: []string{"1, 2, 11"}, supersedes: []int64{2}}, cargo{sequence: 2, rows: []string{"9, 9, 9"}})
		h.again()
		l = h.lake(engine.Append)
		l.Columns = append(l.Columns, integer("added"))
		l.land(cargo{sequence: 4, columns: l.Columns, rows: []string{"4, 1, 40, 7"}, supersedes: []int64{1}})
		l.holds("1 2 11", "4 1 40")
		h.shows("SELECT k, n, added, _load FROM lake.x__loads ORDER BY k, n",
			"1 10 "+null+" load1", "1 11 "+null+" load3", "2 20 "+null+" load1", "4 40 7 load4", "9 9 "+null+" load2")
		columns := l.Columns
		l = h.lake(engine.Key)
		l.Columns = columns
		l.land(cargo{sequence: 5, columns: columns, rows: []string{"1, 3, 12, 8"}})
		l.land(cargo{sequence: 6, columns: columns, rows: []string{"5, 1, 50, 9"}, supersedes: []int64{5}})
		l.holds("1 2 11", "4 1 40", "5 1 50")
		h.shows("SELECT k, n, _load FROM lake.x__loads ORDER BY k, n",
			"1 10 load1", "1 11 load3", "1 12 load5", "2 20 load1", "4 40 load4", "5 50 load6", "9 9 load2")
		h.same(h.relations(), []string{"lake.x", "lake.x__loads", "lake.x__quarantine"})
	}},
	{"files may stop to stay, and stay again", func(h *house) {
		l := h.lake(engine.Key)
		l.Version, l.Deleted = "v", "n < 0"
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10", "2, 1, 20"}})
		h.passing = true
		l.land(cargo{sequence: 2, rows: []string{"1, 2, 11"}}, cargo{sequence: 3, rows: []string{"2, 9, -1"}})
		h.passing = false
		l.land(cargo{sequence: 4, rows: []string{"3, 1, 30"}, supersedes: []int64{3}})
		l.holds("1 2 11", "2 1 20", "3 1 30")
		l.land(cargo{sequence: 5, rows: []string{"4, 1, 40"}, supersedes: []int64{2}})
		l.holds("1 1 10", "2 1 20", "3 1 30", "4 1 40")
		h.shows("SELECT k, n FROM lake.x__loads ORDER BY k, n", "1 10", "1 11", "2 -1", "2 20", "3 30", "4 40")
	}},
	{"a lake table ends with where its rows come from", func(h *house) {
		l := h.lake(engine.Append)
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10", "2, 1, 20"}})
		columns, err := h.Columns(h.Context(), l.Target)
		h.must(err)
		h.same(columns, append(append([]table.Column{}, lakeColumns...), engine.Provenance()...))
		h.shows("SELECT _load, _file, _row, _loaded_at FROM lake.x ORDER BY _row",
			"load1 1.csv 1 2024-07-01T12:01:00.123456Z", "load1 1.csv 2 2024-07-01T12:01:00.123456Z")
	}},
	{"a column that is added is NULL in what was there", func(h *house) {
		for _, mode := range []engine.Mode{engine.Append, engine.Window, engine.Key} {
			l := h.lake(mode)
			l.land(cargo{sequence: 1, rows: []string{"1, 1, 10"}})
			l.Columns = append(append([]table.Column{}, lakeColumns...), varchar("added"))
			l.land(cargo{sequence: 2, columns: l.Columns, rows: []string{"2, 2, 20, 'new'"}})
			h.shows("SELECT k, added FROM lake.x ORDER BY k", "1 "+null, "2 new")
			h.shows("SELECT k, added FROM lake.x__loads ORDER BY k", "1 "+null, "2 new")
			h.must(h.Drop(h.Context(), "lake.x", l.Target))
		}
	}},
	{"a file that lacks a column has NULL in it", func(h *house) {
		l := h.lake(engine.Key)
		l.Columns = append(append([]table.Column{}, lakeColumns...), varchar("added"))
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10"}})
		h.shows("SELECT k, added FROM lake.x", "1 "+null)
	}},
	{"a column that became wider keeps its values", func(h *house) {
		for _, mode := range []engine.Mode{engine.Append, engine.Window, engine.Key} {
			l := h.lake(mode)
			l.land(cargo{sequence: 1, rows: []string{"1, 1, 10"}})
			l.Columns = []table.Column{integer("k"), integer("v"), bigint("n")}
			l.land(cargo{sequence: 2, columns: l.Columns, rows: []string{"2, 2, 9000000000"}})
			l.holds("1 1 10", "2 2 9000000000")
			h.must(h.Drop(h.Context(), "lake.x", l.Target))
		}
	}},
	{"a whole number may become a decimal, and a decimal a text", func(h *house) {
		l := h.lake(engine.Append)
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10"}})
		l.Columns = []table.Column{integer("k"), integer("v"), decimal("n", 18, 2)}
		l.land(cargo{sequence: 2, columns: l.Columns, rows: []string{"2, 2, 20.05"}})
		l.holds("1 1 10.00", "2 2 20.05")
		l.Columns = []table.Column{integer("k"), integer("v"), varchar("n")}
		l.land(cargo{sequence: 3, columns: l.Columns, rows: []string{"3, 3, 'n/a'"}})
		l.holds("1 1 10.00", "2 2 20.05", "3 3 n/a")
	}},
	{"the order of the columns may differ from file to file", func(h *house) {
		l := h.lake(engine.Key)
		l.land(cargo{sequence: 1, rows: []string{"1, 2, 3"}})
		l.land(cargo{sequence: 2, columns: []table.Column{integer("n"), integer("k"), integer("v")}, rows: []string{"6, 4, 5"}})
		l.holds("1 2 3", "4 5 6")
	}},
	{"columns may have any name", func(h *house) {
		l := h.lake(engine.Key)
		l.Columns = nil
		values := "0"
		for i, name := range hostile {
			l.Columns = append(l.Columns, integer(name))
			if i > 0 {
				values += ", " + itoa(i)
			}
		}
		l.Key, l.Version = []string{hostile[0], hostile[3]}, hostile[4]
		l.land(cargo{sequence: 1, columns: l.Columns, rows: []string{values}})
		l.land(cargo{sequence: 2, columns: l.Columns, rows: []string{values}})
		h.shows("SELECT COUNT(*) FROM lake.x", "1")
		for i, name := range hostile {
			h.shows("SELECT "+engine.Quote(name)+" FROM lake.x", itoa(i))
		}
	}},
	{"values arrive exactly", func(h *house) {
		l := h.lake(engine.Append)
		l.Columns = []table.Column{decimal("d", 38, 2), varchar("t"), {Name: "day", Type: table.Type{Kind: table.Date}}, {Name: "at", Type: table.Type{Kind: table.TimestampTZ}}, bigint("b")}
		l.land(cargo{sequence: 1, columns: l.Columns, rows: []string{"'99999999999999999.99', 'it''s', DATE '2024-02-29', TIMESTAMPTZ '2024-10-27 01:30:00.000001+00', 9223372036854775807"}})
		h.shows("SELECT d, t, \"day\", \"at\", b FROM lake.x", "99999999999999999.99 it's 2024-02-29 2024-10-27T01:30:00.000001Z 9223372036854775807")
	}},
	{"rows that did not parse are kept apart, of every load", func(h *house) {
		l := h.lake(engine.Append)
		l.land(cargo{sequence: 1, rows: []string{"1, 1, 10"}})
		h.shows("SELECT * FROM lake.x__quarantine")
		l.land(cargo{sequence: 2, quarantine: []string{"no number", "it's late"}})
		l.land(cargo{sequence: 3, rows: []string{"3, 1, 30"}, quarantine: []string{"again"}, supersedes: []int64{2}})
		h.shows("SELECT _load, _file, line, column_name, reason, text, _loaded_at FROM lake.x__quarantine ORDER BY _load, line",
			"load2 2.csv 1 n no number the text 2024-07-01T12:02:00.123456Z", "load2 2.csv 2 n it's late the text 2024-07-01T12:02:00.123456Z",
			"load3 3.csv 1 n again the text 2024-07-01T12:03:00.123456Z")
	}},
}

var loadCases = []tale{
	{"the loads of what never landed are none", func(h *house) {
		h.same(h.lake(engine.Append).loads(), []engine.HeldLoad(nil))
	}},
	{"loads are returned oldest first, with their rows", func(h *house) {
		l := h.lake(engine.Append)
		l.land(cargo{sequence: 10, rows: []string{"1, 1, 10", "2, 1, 1"}}, cargo{sequence: 9})
		l.land(cargo{sequence: 2, rows: []string{"1, 1, 10"}})
		h.same(l.loads(), []engine.HeldLoad{{ID: "load2", Sequence: 2, Rows: 1}, {ID: "load9", Sequence: 9}, {ID: "load10", Sequence: 10, Rows: 2}})
		h.again()
		h.same(h.lake(engine.Append).loads()[2], engine.HeldLoad{ID: "load10", Sequence: 10, Rows: 2})
	}},
	{"each lake table has loads of its own", func(h *house) {
		l := h.lake(engine.Append)
		load := l.archive(cargo{sequence: 1, rows: []string{"1, 1, 10"}})
		l.landLoads(load)
		landing := l.landing(load)
		landing.Target.Name, landing.Marker.Dataset = "y", "lake.y"
		_, err := l.lander.Land(h.Context(), landing)
		h.must(err)
		h.shows("SELECT n FROM lake.y", "10")
		h.must(h.Drop(h.Context(), "lake.y", landing.Target))
		h.same(len(l.loads()), 1)
	}},
	{"dropping a lake table takes its companions and its loads", func(h *house) {
		l := h.lake(engine.Append)
		load := l.archive(cargo{sequence: 1, rows: []string{"1, 1, 10"}})
		l.landLoads(load)
		h.same(h.relations(), []string{"lake.x", "lake.x__loads", "lake.x__quarantine"})
		h.must(h.Drop(h.Context(), "lake.x", l.Target))
		h.same(h.relations(), []string(nil))
		h.same(l.loads(), []engine.HeldLoad(nil))
		h.same(h.markers(), []string(nil))
		h.same(l.landLoads(load), engine.Landed{Inserted: 1})
	}},
}
