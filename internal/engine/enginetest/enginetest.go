// Package enginetest is the conformance suite of warehouse adapters: what an
// engine must do, told case by case, whatever warehouse it drives.
//
// An adapter's test calls Run with its dialect and a function that opens it.
// The suite's SQL is what DuckDB and PostgreSQL both understand; where they
// differ the dialect says how. Extra powers are looked for by type assertion:
// an engine without one skips its cases, unless its Capabilities claim it. How
// an adapter copes with its own bad circumstances (a full disk, a damaged
// file) is for its own tests.
package enginetest

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Open opens the warehouse kept at a place, an empty folder the first time, in
// the time zone Europe/London; opened again there after its Close it has what
// it had. It fails the test when that is impossible. The suite closes what it
// opened.
type Open func(t *testing.T, place string) engine.Engine

// Dialect is what the suite cannot say in SQL every warehouse understands.
type Dialect struct {
	SlowQuery string             // runs for minutes when nobody stops it
	ManyRows  func(n int) string // a query of the rows 1 to n, in a BIGINT column n
	Wait      time.Duration      // how soon a stopped statement is over; 0 is 5 s
	Values    []Value            // values and types of the warehouse's own
}

// Value is one value of a warehouse's own and how it is read.
type Value struct {
	SQL  string // an expression
	Kind table.Kind
	Text string // as table.Format writes it
}

// Run holds the adapter to the contract.
func Run(t *testing.T, d Dialect, open Open) {
	if d.Wait == 0 {
		d.Wait = 5 * time.Second
	}
	for _, group := range []struct {
		name    string
		cases   []tale
		passing bool
	}{
		{"capabilities", capabilityCases, false},
		{"values", valueCases, false},
		{"types", typeCases, false},
		{"answers", answerCases, false},
		{"names", nameCases, false},
		{"stage", stageCases, false},
		{"publish", publishCases, false},
		{"refusals", refusalCases, false},
		{"fences", fenceCases, false},
		{"markers", markerCases, false},
		{"sweep", sweepCases, false},
		{"catalog", catalogCases, false},
		{"readers", readerCases, false},
		{"together", togetherCases, false},
		{"cancel", cancelCases, false},
		{"bulk", bulkCases, false},
		{"direct", directCases, false},
		{"past", pastCases, false},
		{"landing", landingCases, false},
		{"supersede", supersedeCases, false},
		{"shape", shapeCases, false},
		{"loads", loadCases, false},
		{"landing of files that pass", landingCases, true},
		{"supersede of files that pass", supersedeCases, true},
		{"shape of files that pass", shapeCases, true},
		{"loads of files that pass", loadCases, true},
		{"export", exportCases, false},
		{"closing", closingCases, false},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) {
					h := &house{T: t, d: d, open: open, place: t.TempDir(), passing: group.passing}
					h.enter()
					c.told(h)
				})
			}
		})
	}
}

// tale is one case: a sentence, and what makes it true or false.
type tale struct {
	name string
	told func(h *house)
}

// house is a test with an open warehouse in it.
type house struct {
	*testing.T
	engine.Engine
	d       Dialect
	open    Open
	place   string
	version int64   // of the marker written last
	own     *sql.DB // the suite's own DuckDB, nil until it is wanted
	passing bool    // files of the archive go once they have landed
}

// enter opens the warehouse.
func (h *house) enter() {
	h.Helper()
	e := h.open(h.T, h.place)
	h.Cleanup(func() {
		if err := e.Close(); err != nil {
			h.Errorf("closing: %v", err)
		}
	})
	h.Engine = e
}

// again closes the warehouse and opens it anew.
func (h *house) again() {
	h.Helper()
	h.must(h.Close())
	h.enter()
}

// must fails the test on an error.
func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// refused fails the test unless err is of the kind.
func (h *house) refused(err error, kind fault.Kind) {
	h.Helper()
	if err == nil {
		h.Fatalf("no error, want one of kind %s", kind)
	}
	if fault.KindOf(err) != kind {
		h.Fatalf("kind %s, want %s: %v", fault.KindOf(err), kind, err)
	}
}

// same fails the test unless both are equal; nothing and empty are the same.
func (h *house) same(got, want any) {
	h.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		h.Fatalf("(-want +got)\n%s", diff)
	}
}

// null is how answers show NULL, to tell it from an empty text.
const null = "∅"

// read returns a query's answer as text, a row a line.
func (h *house) read(sql string) []string {
	h.Helper()
	batch, err := engine.ReadAll(h.Context(), h, sql, 0)
	if err != nil {
		h.Fatalf("%s: %v", sql, err)
	}
	return lines(batch)
}

// lines are a batch's rows as text, values apart by spaces.
func lines(batch table.Batch) []string {
	var out []string
	for _, row := range batch.Rows {
		line := ""
		for i, value := range row {
			shown := null
			if value != nil {
				shown = table.Format(value, batch.Columns[i].Type)
			}
			if i > 0 {
				line += " "
			}
			line += shown
		}
		out = append(out, line)
	}
	return out
}

// shows fails the test unless the query answers these rows.
func (h *house) shows(sql string, want ...string) {
	h.Helper()
	if diff := cmp.Diff(want, h.read(sql), cmpopts.EquateEmpty()); diff != "" {
		h.Fatalf("%s (-want +got)\n%s", sql, diff)
	}
}

// absent fails the test when the relation exists.
func (h *house) absent(r engine.Relation) {
	h.Helper()
	_, err := h.Columns(h.Context(), r)
	h.refused(err, fault.NotFound)
}

// build is a dataset to compute as a table in the run r1.
func build(dataset, sql string) engine.Build {
	return engine.Build{Target: engine.ParseRelation(dataset), Form: engine.Table, SQL: sql, Run: "r1"}
}

func view(dataset, sql string) engine.Build {
	b := build(dataset, sql)
	b.Form = engine.View
	return b
}

// stage stages a build.
func (h *house) stage(b engine.Build) engine.Staged {
	h.Helper()
	s, err := h.Stage(h.Context(), b)
	h.must(err)
	return s
}

// publication makes staged rows the next version.
func (h *house) publication(s engine.Staged) engine.Publication {
	h.version++
	return engine.Publication{Staged: s, Marker: marker(s.Target.Dataset(), h.version)}
}

// put stages a build and publishes it as the next version.
func (h *house) put(b engine.Build) {
	h.Helper()
	h.must(h.Publish(h.Context(), h.publication(h.stage(b))))
}

// markers returns "dataset version" of every marker.
func (h *house) markers() []string {
	h.Helper()
	markers, err := h.Published(h.Context())
	h.must(err)
	var out []string
	for _, m := range markers {
		out = append(out, fmt.Sprint(m.Dataset, " ", m.Version))
	}
	return out
}

// relations returns the names of what exists.
func (h *house) relations() []string {
	h.Helper()
	relations, err := h.Relations(h.Context())
	h.must(err)
	var out []string
	for _, r := range relations {
		out = append(out, r.Dataset())
	}
	return out
}

func (h *house) needsViews() {
	h.Helper()
	if !h.Capabilities().Views {
		h.Skip("the engine has no views")
	}
}

// marker is a marker whose version is its fence too.
func marker(dataset string, version int64) engine.Marker {
	return engine.Marker{Dataset: dataset, Version: version, Run: "r1", Fence: version, At: noon}
}

// noon is when everything in the suite happens, unless it says otherwise.
var noon = time.Date(2024, time.July, 1, 12, 0, 0, 123456000, time.UTC)
