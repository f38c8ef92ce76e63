package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

func rejecting(t testing.TB, text string) project.Check {
	c := line(t, text)
	c.Dataset, c.Reject, c.Block = "main.t", true, nil
	return c
}

// halve makes tables of the two halves.
func halve(t testing.TB, d *duck, s Subject) {
	t.Helper()
	halves, rejects, err := Split(s, duckCapabilities)
	if err != nil || !rejects {
		t.Fatal(rejects, err)
	}
	d.exec(t, "create or replace table kept as "+halves.Kept)
	d.exec(t, "create or replace table apart as "+halves.Rejected)
}

// asked returns rows as text, in order of it.
func asked(t testing.TB, d *duck, sql string) []string {
	t.Helper()
	batch, err := engine.ReadAll(t.Context(), d, sql, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, row := range batch.Rows {
		out = append(out, fmt.Sprint(row...))
	}
	slices.Sort(out)
	return out
}

// TestEveryRowIsKeptOrRejected: on random rows and rules, what is published and
// what is rejected are together what was computed, row by row as often; a
// rejected row names exactly the rules it breaks; and on what is published the
// rules hold, where the plainest SQL judges.
func TestEveryRowIsKeptOrRejected(t *testing.T) {
	t.Parallel()
	d := openDuck(t)
	d.exec(t, "create table t (a integer, b varchar, x decimal(18,2)); create table other as from t")
	s := d.subject(t, "main.t", engine.ParseRelation("main.t"))
	s.Relations = func(dataset string) (engine.Relation, []table.Column, bool) {
		return engine.ParseRelation(dataset), s.Columns, dataset == "main.other"
	}
	breaking := map[string]string{ // in words of its own, NULL breaking nothing but required
		"required(a)": "a is null", "required(a, b)": "a is null or b is null", "accepted(b, 'p')": "b <> 'p'",
		"range(x, 0, 1)": "x < 0 or x > 1", "pattern(b, '^p')": "b not like 'p%'", "rows a + x > 0": "a + x <= 0",
		"references(a, main.other.a)":                  "a is not null and a not in (select a from other where a is not null)",
		"references(a, b, main.other.a, main.other.b)": "a is not null and b is not null and (a, b) not in (select (a, b) from other where a is not null and b is not null)",
	}
	rules := slices.Sorted(func(yield func(string) bool) {
		for text := range breaking {
			if !yield(text) {
				return
			}
		}
	})
	rapid.Check(t, func(r *rapid.T) {
		cell := func(values ...string) string { return rapid.SampledFrom(append(values, "null")).Draw(r, "cell") }
		for _, name := range []string{"t", "other"} {
			d.exec(t, "truncate "+name)
			for range rapid.IntRange(0, 12).Draw(r, "rows") {
				d.exec(t, fmt.Sprintf("insert into %s values (%s, %s, %s)", name, cell("0", "1", "2"), cell("'p'", "'q'", "'pq'"), cell("-1", "0", "0.5", "2")))
			}
		}
		s.Checks = nil
		broken := map[string]string{}
		for i, text := range rapid.SliceOfN(rapid.SampledFrom(rules), 1, 4).Draw(r, "rules") {
			c := rejecting(t, text)
			c.Name = fmt.Sprintf("r%d", i)
			broken[c.Name] = "coalesce(" + breaking[text] + ", false)"
			if rapid.Bool().Draw(r, "restricted") {
				c.Rule.Where = "t.a > 0"
				broken[c.Name] = "coalesce(a > 0, false) and " + broken[c.Name]
			}
			s.Checks = append(s.Checks, c)
		}
		halve(t, d, s)
		if got, want := asked(t, d, "select a, b, x from kept union all select a, b, x from apart"), asked(t, d, "from t"); !slices.Equal(got, want) {
			r.Fatalf("together %v, computed were %v", got, want)
		}
		for name, wrong := range broken {
			if left := asked(t, d, "from kept t where "+wrong); len(left) > 0 {
				r.Fatalf("%s (%s) is broken by %v, which is published", name, wrong, left)
			}
			named := "list_contains(string_split(_rule, ', '), '" + name + "')"
			if odd := asked(t, d, "from apart t where ("+wrong+") <> "+named); len(odd) > 0 {
				r.Fatalf("%s (%s) is not told right: %v", name, wrong, odd)
			}
		}
		if odd := asked(t, d, "from apart where _rule = '' or _run <> 'r1' or _rejected_at <> timestamptz '2011-06-30 09:00:00 Europe/London'"); len(odd) > 0 {
			r.Fatalf("no reason, run or time: %v", odd)
		}
		judged := s
		judged.Relation, judged.Rejected = engine.Relation{Schema: "main", Name: "kept"}, engine.Relation{Schema: "main", Name: "apart"}
		blocking := line(t, "required(b)") // judges what is left
		blocking.Name = "blocking"
		computed, kept := len(asked(t, d, "from t")), len(asked(t, d, "from kept"))
		for _, rows := range []int64{-1, int64(kept)} {
			judged.Rows = rows
			for _, result := range check(t, d, judged, append(s.Checks[:len(s.Checks):len(s.Checks)], blocking)...) {
				if result.Check == "blocking" {
					if want := int64(len(asked(t, d, "from kept where b is null"))); result.Failing != want || !strings.HasSuffix(result.Message, fmt.Sprintf(" of %d rows", kept)) {
						r.Fatalf("%s, %d are left, %d of them without b", result.Message, kept, want)
					}
					continue
				}
				if c := s.Checks[slices.IndexFunc(s.Checks, func(c project.Check) bool { return c.Name == result.Check })]; c.Rule.Where == "" &&
					!strings.Contains(result.Message, fmt.Sprintf(" of %d rows", computed)) {
					r.Fatalf("%s, %d were computed", result.Message, computed)
				}
				want := int64(len(asked(t, d, "from t where "+broken[result.Check])))
				if result.Failing != want || (result.Status == state.Rejected) != (want > 0) {
					r.Fatalf("%s: %s %d, want %d", result.Check, result.Status, result.Failing, want)
				}
			}
		}
	})
}

func TestTooManyRejectedHold(t *testing.T) {
	d := openDuck(t)
	d.exec(t, "create table t as select i::integer as a, date '2011-06-01' as day, 1.00 as x from range(10) r(i)")
	s := d.subject(t, "main.t", engine.ParseRelation("main.t"))
	rule := rejecting(t, "range(a, 2, )")
	for _, c := range []struct {
		block *project.Limit
		want  string
	}{
		{nil, "rejected 2 | a is outside at least 2 in 2 of 10 rows, set apart in main.t__rejects"},
		{failsShare(">", "20"), "rejected 2 | a is outside at least 2 in 2 of 10 rows, set apart in main.t__rejects"},
		{failsShare(">", "19.9"), "block 2 | a is outside at least 2 in 2 of 10 rows, expected at most 19.9 % of rows"},
		{fails(">", "1"), "block 2 | a is outside at least 2 in 2 of 10 rows, expected at most 1"},
	} {
		rule.Block = c.block
		s.Checks = []project.Check{rule}
		halve(t, d, s)
		judged := s
		judged.Relation, judged.Rejected = engine.Relation{Schema: "main", Name: "kept"}, engine.Relation{Schema: "main", Name: "apart"}
		results := check(t, d, judged, rule)
		compare(t, "a rule that rejects", results[0], c.want)
		if results[0].Samples == nil || len(results[0].Samples.Rows) != 2 {
			t.Errorf("the rejected rows are no sample: %+v", results[0].Samples)
		}
		if blocked := Blocked(judged.Checks, results); blocked != strings.HasPrefix(c.want, "block") {
			t.Errorf("%s: blocked %v", c.want, blocked)
		}
	}
	if unknown := (state.Result{Check: rule.Name, Status: state.Unevaluated}); !Blocked([]project.Check{rejecting(t, rule.Name)}, []state.Result{unknown}) {
		t.Error("rows that cannot be told apart are published")
	}
}

// TestRejectedRowsCountInReconciliations: on either side, and nowhere else.
func TestRejectedRowsCountInReconciliations(t *testing.T) {
	d := openDuck(t)
	d.exec(t, "create table kept as select 1 as a, 10.00 as x; create table apart as select 2 as a, 5.00 as x, 'r' as _rule, 'run' as _run, now() as _rejected_at")
	d.exec(t, "create table raw as select unnest([1, 2]) as a, unnest([10.00, 5.00]) as x")
	kept := d.subject(t, "main.t", engine.ParseRelation("main.kept"))
	kept.Rejected = engine.ParseRelation("main.apart")
	raw := d.subject(t, "main.raw", engine.ParseRelation("main.raw"))
	kept.Relations = func(dataset string) (engine.Relation, []table.Column, bool) {
		return engine.ParseRelation(dataset), raw.Columns, dataset == "main.raw"
	}
	raw.Relations = func(string) (engine.Relation, []table.Column, bool) { return kept.Relation, kept.Columns, true }
	raw.Rejects = func(string) (engine.Relation, bool) { return kept.Rejected, true }
	ties := project.Check{Name: "ties", Block: &none, Rule: project.Rule{Kind: project.Reconcile, Expr: "sum(x)", Other: "main.raw", By: []string{"a"}}}
	compare(t, "its own rejects", check(t, d, kept, ties)[0], "pass 0 | sum(x) agrees with main.raw")
	ties.Rule.Expr, ties.Rule.By = "count(*)", nil
	compare(t, "counts", check(t, d, kept, ties)[0], "pass 0 | count(*) agrees with main.raw")
	ties.Rule.Other = "main.t"
	compare(t, "the other's", check(t, d, raw, ties)[0], "pass 0 | count(*) agrees with main.t")
	raw.Rejects = nil
	compare(t, "where they do not count", check(t, d, raw, ties)[0], "block 2 | count(*) is 2, main.t says 1")
	compare(t, "a rule about the whole", check(t, d, kept, line(t, "row_count = 1"))[0], "pass 1 | row_count is 1")
	query := project.Check{Name: "q", Block: &none, Rule: project.Rule{Kind: project.Query, SQL: "select * from main.t__rejects where a > 1"}}
	compare(t, "a query of its own", check(t, d, kept, query)[0], "block 1 | the query returns 1 row")
}

func TestRulesThatCannotReject(t *testing.T) {
	d, s := open(t)
	for _, c := range []struct{ rule, want string }{
		{"rows amount <= (select max(amount) from warehouse.lines)", "depends on other rows of warehouse.lines"},
		{"references(id, warehouse.lines.id)", "depends on other rows of warehouse.lines"},
		{"references(country, warehouse.customers.land)", ""},
		{"rows lines.amount > 0", ""},
	} {
		if err := CanReject(s, duckCapabilities, line(t, c.rule)); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.rule, err)
		}
	}
	d.exec(t, "create table taken as select 1 as a, 2 as _RUN")
	taken := d.subject(t, "warehouse.taken", engine.ParseRelation("warehouse.taken"))
	if err := CanReject(taken, duckCapabilities, line(t, "required(a)")); err == nil || !strings.Contains(err.Error(), "has a column _run") {
		t.Error(err)
	}
	if _, rejects, err := Split(s, duckCapabilities); rejects || err != nil {
		t.Errorf("without a rule: %v %v", rejects, err)
	}
}
