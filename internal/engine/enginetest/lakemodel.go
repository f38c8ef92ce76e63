package enginetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/engine"
)

// model is what a lake table should be, computed anew from everything that
// arrived: the rules of correctness.md, in the plainest words.
type model struct {
	mode             engine.Mode
	version, deletes bool
	loads            []modelLoad
}

type modelLoad struct {
	sequence   int64
	supersedes []int64
	rows       []modelRow
}

// modelRow is k, v, n and where the row stood; v is
// 0 when it is unknown.
type modelRow struct {
	k, v, n  int
	unknown  bool
	sequence int64
	row      int
}

func (r modelRow) sql() string {
	v := itoa(r.v)
	if r.unknown {
		v = "NULL"
	}
	return fmt.Sprintf("%d, %s, %d", r.k, v, r.n)
}

// live are the rows of all loads nothing supersedes.
func (m *model) live() []modelRow {
	dead := map[int64]bool{}
	for _, l := range m.loads {
		for _, s := range l.supersedes {
			dead[s] = true
		}
	}
	var rows []modelRow
	for _, l := range m.loads {
		if !dead[l.sequence] {
			rows = append(rows, l.rows...)
		}
	}
	return rows
}

// group is what a row competes in: its window or its key.
func (m *model) group(r modelRow) any {
	if m.mode == engine.Key {
		return r.k
	}
	return r.v
}

// before reports that a is an older copy than b.
func (m *model) before(a, b modelRow) bool {
	if m.mode == engine.Key && m.version {
		if a.unknown != b.unknown {
			return a.unknown
		}
		if !a.unknown && a.v != b.v {
			return a.v < b.v
		}
	}
	if a.sequence != b.sequence {
		return a.sequence < b.sequence
	}
	return m.mode == engine.Key && a.row < b.row
}

// current are the rows the table should hold, as text.
func (m *model) current() []string {
	rows := m.live()
	var out []string
	for _, r := range rows {
		beaten := m.mode == engine.Key && m.deletes && r.n < 0
		for _, other := range rows {
			if m.mode != engine.Append && m.group(r) == m.group(other) && m.before(r, other) {
				beaten = true
			}
		}
		if !beaten {
			v := itoa(r.v)
			if r.unknown {
				v = null
			}
			out = append(out, fmt.Sprintf("%d %s %d %d %d", r.k, v, r.n, r.sequence, r.row))
		}
	}
	slices.Sort(out)
	return out
}

// lakeProperty lands random loads in random order, some of them superseding
// others, and holds the table against the model after each landing.
func lakeProperty(h *house, t *testing.T) {
	power[engine.Lander](h, "Lander")
	cases := 0
	rapid.Check(t, func(r *rapid.T) {
		cases++
		inner := &house{T: t, Engine: h.Engine, d: h.d, open: h.open, place: fmt.Sprint(h.place, "/case", cases), own: h.embedded()}
		m := &model{
			mode:    rapid.SampledFrom([]engine.Mode{engine.Append, engine.Window, engine.Key}).Draw(r, "mode"),
			version: rapid.Bool().Draw(r, "version"), deletes: rapid.Bool().Draw(r, "deletes"),
		}
		l := inner.lake(m.mode)
		l.must(l.Drop(t.Context(), "lake.x", l.Target))
		if m.mode == engine.Key && m.version {
			l.Version = "v"
		}
		if m.mode == engine.Key && m.deletes {
			l.Deleted = "n < 0"
		}
		count := rapid.IntRange(1, 6).Draw(r, "loads")
		for _, sequence := range rapid.Permutation(numbers(count)).Draw(r, "order") {
			load := m.draw(r, sequence)
			c := cargo{sequence: sequence, supersedes: load.supersedes}
			for _, row := range load.rows {
				c.rows = append(c.rows, row.sql())
			}
			m.loads = append(m.loads, load)
			l.land(c)
			if rapid.IntRange(0, 9).Draw(r, "again") == 0 {
				l.land(c)
			}
			got := l.read("SELECT k, v, n, CAST(SUBSTRING(_load, 5) AS INTEGER), _row FROM lake.x")
			slices.Sort(got)
			if diff := cmp.Diff(m.current(), got, cmpopts.EquateEmpty()); diff != "" {
				r.Fatalf("after load %d (-rules +table)\n%s", sequence, diff)
			}
		}
	})
}

// draw makes a load of a few rows; it may supersede older ones.
func (m *model) draw(r *rapid.T, sequence int64) modelLoad {
	l := modelLoad{sequence: sequence}
	for older := int64(1); older < sequence; older++ {
		if rapid.IntRange(0, 4).Draw(r, "supersedes") == 0 {
			l.supersedes = append(l.supersedes, older)
		}
	}
	for i := range rapid.IntRange(0, 4).Draw(r, "rows") {
		row := modelRow{
			k: rapid.IntRange(1, 3).Draw(r, "k"), v: rapid.IntRange(0, 3).Draw(r, "v"), n: rapid.IntRange(-1, 2).Draw(r, "n"),
			sequence: sequence, row: i + 1,
		}
		row.unknown = row.v == 0
		l.rows = append(l.rows, row)
	}
	return l
}

func numbers(n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(i + 1)
	}
	return out
}
