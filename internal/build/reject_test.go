package build

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// newRejectingYard has, beside the rest, w.many of two numbers in a row, of which
// the odd one is rejected.
func newRejectingYard(t *testing.T) *yard {
	y := newYard(t)
	y.model("w.many", engine.Table, "select n from lake.a union all select n + 1 from lake.a", "lake.a")
	y.rules["w.many"], y.rejects["w.many"] = "v1", "n % 2 = 1"
	for _, lake := range []string{"lake.a", "lake.b"} {
		y.news[lake] = "1 new file"
	}
	return y
}

// parts are the rows published and rejected, by dataset.
func (y *yard) parts(dataset string) string {
	y.Helper()
	var out []string
	for _, relation := range []string{dataset, dataset + "__rejects"} {
		batch, err := engine.ReadAll(y.Context(), y.duck, "select n from "+relation+" order by 1", 0)
		if err != nil {
			out = append(out, fault.KindOf(err).String())
			continue
		}
		out = append(out, fmt.Sprint(batch.Rows))
	}
	return strings.Join(out, " | ")
}

func TestRejectedRowsArePublishedBeside(t *testing.T) {
	y := newRejectingYard(t)
	report, err := y.execute(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	y.same(y.parts("w.many"), "[[2]] | [[1]]")
	y.agree()
	for _, s := range report.Steps {
		if r, ok := Rejected(s); ok != (s.Dataset == "w.many") || ok && (r != Rejection{1, "w.many__rejects"} || s.Rows != 1) {
			t.Errorf("%s: %+v", s.Dataset, r)
		}
	}

	y.blocks["w.many"], y.news["lake.a"] = true, "1 new file"
	y.same(y.run()["w.many"], state.HeldBack)
	y.same(y.parts("w.many"), "[[2]] | [[1]]")

	clear(y.blocks)
	y.same(y.run()["w.many"], state.Done)
	y.same(y.parts("w.many"), "[[2]] | [[3]]")

	y.change("w.many", "select 2 * n as n from lake.a")
	y.same(y.run()["w.many"], state.Done)
	y.same(y.parts("w.many"), "[[4]] | []")
	y.agree()

	delete(y.rejects, "w.many") // no rule rejects any more
	y.change("w.many", "select 2 * n + 1 as n from lake.a")
	y.same(y.run()["w.many"], state.Done)
	y.same(y.parts("w.many"), "[[5]] | "+fault.Invalid.String())
	y.agree()
	if swept, err := y.duck.Sweep(t.Context()); err != nil || swept > 0 {
		t.Errorf("%d staging relations were left, %v", swept, err)
	}
}

// TestRejectedRowsAreRolledBackToo: with the version they belong to, also when the
// rules of the version between reject none.
func TestRejectedRowsAreRolledBackToo(t *testing.T) {
	y := newRejectingYard(t)
	y.keep("w.many", 3)
	y.run()
	first := y.parts("w.many")
	y.news["lake.a"] = "1 new file"
	y.run()
	second := y.parts("w.many")
	y.same([]string{first, second}, []string{"[[2]] | [[1]]", "[[2]] | [[3]]"})
	y.rolledBack("w.many")
	y.same(y.parts("w.many"), first)

	y.release("w.many")
	delete(y.rejects, "w.many")
	delete(y.rules, "w.many")
	y.news["lake.a"] = "1 new file"
	y.same(y.run()["w.many"], state.Done)
	y.same(y.parts("w.many"), "[[3] [4]] | []")
	y.agree()
	y.rolledBack("w.many")
	y.same(y.parts("w.many"), first)
	y.rolledBack("w.many") // and back to the one without rules
	y.same(y.parts("w.many"), "[[3] [4]] | []")
	if swept, err := y.duck.Sweep(t.Context()); err != nil || swept > 0 {
		t.Errorf("%d staging relations were left, %v", swept, err)
	}
}

// TestRowsThatCannotBeToldApart: the check says which rule it is; when it does
// not, the reason does.
func TestRowsThatCannotBeToldApart(t *testing.T) {
	y := newRejectingYard(t)
	y.rejects["w.many"] = "(n || 'x')::integer > 1"
	report, err := y.execute(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range report.Steps {
		if s.Dataset == "w.many" && (s.Outcome != state.Errored || !strings.Contains(s.Error, "Could not convert")) {
			t.Errorf("%s: %s", s.Outcome, s.Error)
		}
	}
	y.same(y.judged["w.many"], 1)
	y.same(y.parts("w.many"), fault.Invalid.String()+" | "+fault.Invalid.String())

	y.rejects["w.many"] = "n % 2 = 1 and random() < 2"
	y.same(y.run()["w.many"], state.Done)
}

// oneByOne is an engine that publishes one relation at a time.
type oneByOne struct{ engine.Engine }

func TestAnEngineThatCannotPublishBothRefuses(t *testing.T) {
	y := newRejectingYard(t)
	y.b.Engine = oneByOne{y.duck}
	report, err := y.execute(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range report.Steps {
		if s.Dataset == "w.many" && (s.Outcome != state.Errored || !strings.Contains(s.Error, "cannot publish two tables in one act")) {
			t.Errorf("%s: %s", s.Outcome, s.Error)
		}
	}
}

// TestRulesThatSayDifferentThings: rows are neither lost nor doubled when what a
// rule compares with changes between two looks.
func TestRulesThatSayDifferentThings(t *testing.T) {
	y := newRejectingYard(t)
	if _, err := engine.ReadAll(t.Context(), y.duck, "create sequence looks", 0); err != nil {
		t.Fatal(err)
	}
	y.rejects["w.many"] = "nextval('looks') = 1" // the first row of the first look
	report, err := y.execute(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	y.same(outcomes(report)["w.many"], state.Done)
	y.same(y.parts("w.many"), "[[1] [2]] | []")
	if swept, err := y.duck.Sweep(t.Context()); err != nil || swept > 0 {
		t.Errorf("%d staging relations were left, %v", swept, err)
	}
}

// TestDeathLeavesBothOrNeither: wherever the process dies, published and rejected
// rows are of one version, as what was computed says; after the next start and
// run they are the newest.
func TestDeathLeavesBothOrNeither(t *testing.T) {
	y := newRejectingYard(t)
	y.b.Graph.Order = []string{"lake.a", "w.many"} // nothing else: each call is then met often
	y.run()
	rapid.Check(t, func(r *rapid.T) {
		y.news["lake.a"] = "1 new file"
		rejects := rapid.IntRange(0, 3).Draw(r, "rejects") > 0
		if rejects {
			y.rejects["w.many"] = rapid.SampledFrom([]string{"n % 2 = 1", "n % 2 = 0", "n < 0"}).Draw(r, "rule")
		} else {
			delete(y.rejects, "w.many")
		}
		y.keep("w.many", rapid.IntRange(0, 2).Draw(r, "keep"))
		y.b.Now = func() time.Time { return y.clock }
		if rapid.IntRange(0, 3).Draw(r, "slow") > 0 { // too slow to be built among others
			var ticks atomic.Int64
			y.b.Now = func() time.Time { return y.clock.Add(time.Duration(ticks.Add(1)) * time.Second) }
		}
		d := &death{left: rapid.IntRange(1, 11).Draw(r, "calls"), after: rapid.Bool().Draw(r, "after")}
		y.b.Engine, y.b.Store = &dyingEngine{y.duck, y.duck, d}, &dyingStore{y.store, d}
		_, _ = y.execute(t.Context(), rapid.IntRange(1, 2).Draw(r, "workers")) // how it ended nobody heard

		y.b.Engine, y.b.Store = y.duck, y.store
		y.oneVersion(r, rejects)
		if _, err := y.store.Abandon(t.Context(), Production, func(state.Run) bool { return false }); err != nil {
			r.Fatal(err)
		}
		if _, err := y.b.Reconcile(t.Context()); err != nil {
			r.Fatal(err)
		}
		y.agree()
		y.run()
		y.agree()
		y.oneVersion(r, rejects)
		newest := y.rows(r, "select n from lake.a")[0]
		if got := fmt.Sprint(y.rows(r, "select min(n) from (select n from w.many union all select n from "+y.apart()+")")); got != "["+newest+"]" {
			r.Fatalf("%s, but the newest is %s", got, newest)
		}
		if t.Failed() {
			r.FailNow()
		}
	})
}

// apart is where w.many's rejected rows are, or an empty table of its form.
func (y *yard) apart() string {
	if _, err := y.duck.Columns(y.Context(), engine.ParseRelation("w.many__rejects")); err != nil {
		return "(select 1 as n where false)"
	}
	return "w.many__rejects"
}

// oneVersion wants w.many and its rejected rows to be two numbers in a row. When
// rules stopped rejecting, the rejected rows of the version before may be there
// until they are dropped.
func (y *yard) oneVersion(r *rapid.T, rejects bool) {
	kept, rejected := y.rows(r, "select n from w.many"), []string{}
	if y.apart() == "w.many__rejects" {
		rejected = y.rows(r, "select n from w.many__rejects")
	}
	if len(kept) == 2 && !rejects {
		return
	}
	together := y.rows(r, "select max(n) - min(n), count(*) from (select n from w.many union all select n from "+y.apart()+")")
	if fmt.Sprint(together) != "[1 2]" {
		r.Fatalf("%v are published and %v rejected", kept, rejected)
	}
}
