package build

import (
	"testing"

	"github.com/larder-data/larder/internal/state"
)

func TestThePlanSaysWhy(t *testing.T) {
	const first = `ingest lake.a: new data
ingest lake.b: new data
build w.one: new
build w.two: new
build m.x: new
build m.y: new
build m.z: new`
	for _, c := range []struct {
		name   string
		change func(y *yard)
		want   string
	}{
		{"nothing changed", func(*yard) {}, ""},
		{"new data reaches what is made from it", func(y *yard) { y.news["lake.b"] = "1 new file" }, `ingest lake.b: new data: 1 new file
build w.two: input changed: lake.b
build m.x: input changed: w.two
build m.y: input changed: m.x
build m.z: input changed: w.two`},
		{"other SQL reaches what reads it", func(y *yard) { y.change("m.x", "select 7 as n from w.one, w.two") }, `build m.x: SQL changed
build m.y: input changed: m.x`},
		{"other text of the same meaning is nothing", func(y *yard) {
			m := y.b.Models["m.x"]
			m.SQL += " -- a comment"
			y.b.Models["m.x"] = m
		}, ""},
		{"other rules are judged, nothing is built", func(y *yard) { y.rules["w.two"] = "v2" }, "check w.two: checks changed"},
		{"a dataset that left is gone", func(y *yard) {
			delete(y.b.Graph.Nodes, "m.z")
			y.b.Graph.Order = y.b.Graph.Order[:len(y.b.Graph.Order)-1]
		}, "gone m.z"},
		{"a newer engine that means the same is nothing", func(y *yard) {
			y.b.Dialect = "duckdb 2"
			y.b.Graph.Nodes["m.x"].Fingerprint = "spelled anew"
			y.b.Binder, y.rebound = y, func(state.Entry) string { return "spelled anew" }
		}, ""},
		{"a newer engine and other SQL is a change", func(y *yard) {
			y.b.Dialect = "duckdb 2"
			y.b.Graph.Nodes["m.z"].Fingerprint = "changed and spelled anew"
			y.b.Binder, y.rebound = y, func(state.Entry) string { return "spelled anew" }
		}, "build m.z: SQL changed"},
		{"what was held is tried again", func(y *yard) {
			y.change("w.one", "select 2 as n")
			y.rules["w.one"], y.blocks["w.one"] = "v1", true
			y.run()
		}, `build w.one: failed before: held; SQL changed
build m.x: input changed: w.one
build m.y: input changed: m.x`},
		{"the clock went back: nothing to do", func(y *yard) { y.clock = y.clock.AddDate(-1, 0, 0) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			y := newYard(t)
			y.same(y.plan(Request{}), first)
			y.same(y.run(), done(everyDataset...))
			c.change(y)
			y.same(y.plan(Request{}), c.want)
		})
	}
}

func TestThePlanOfSome(t *testing.T) {
	y := newYard(t)
	y.same(y.plan(Request{Selected: map[string]bool{"m.z": true}}),
		"error: m.z reads w.two, which was never built and is not selected")
	y.run()
	y.same(y.plan(Request{Selected: map[string]bool{"m.z": true}, Full: true}), "build m.z: asked for")
	y.news["lake.a"] = "1 new file"
	y.same(y.plan(Request{Selected: map[string]bool{"lake.a": true, "w.one": true}}), `ingest lake.a: new data: 1 new file
build w.one: input changed: lake.a`)
}

// A check that compares with another dataset waits for it, unless that would
// be a circle.
func TestChecksWaitForWhatTheyRead(t *testing.T) {
	y := newYard(t)
	y.b.CheckReads = map[string][]string{"w.one": {"w.two"}, "w.two": {"w.one"}, "lake.a": {"m.x"}}
	p, err := y.b.Plan(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	beside := map[string][]string{}
	for _, s := range p.Steps {
		if len(s.Beside) > 0 {
			beside[s.Dataset] = s.Beside
		}
	}
	y.same(beside, map[string][]string{"w.one": {"w.two"}})
	y.same(y.run(), done(everyDataset...))
}
