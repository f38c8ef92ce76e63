package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// naive is a rule with the plainest SQL that answers it: rows that fail, or one
// value, or one value per segment, each in a statement of its own and written
// unlike the checker writes it. %w is the rule's own condition.
type naive struct {
	rule   string
	counts string // number of failing rows
	value  string // a value, "" when the rule counts
	by     string // evaluates value once for each of these
}

var naives = []naive{
	{rule: "required(a)", counts: "select count(*) - count(a) from t where %w"},
	{rule: "required(a, b)", counts: "select count(*) from t where %w and (a is null or b is null)"},
	{rule: "unique(a)", counts: "select count(a) - count(distinct a) from t where %w"},
	{rule: "unique(a, b)", counts: "select count(*) from (select row_number() over (partition by a, b) as i from t where %w and not (a is null and b is null)) where i > 1"},
	{rule: "unique(b, x, day)", counts: "select count(*) from (select row_number() over (partition by b, x, day) as i from t where %w and coalesce(b, x::varchar, day::varchar) is not null) where i > 1"},
	{rule: "accepted(b, 'p', 'q')", counts: "select count(*) from t where %w and b <> 'p' and b <> 'q'"},
	{rule: "accepted(a, 0, 1)", counts: "select count(*) from t where %w and a <> 0 and a <> 1"},
	{rule: "range(x, -1, 1)", counts: "select count(*) from t where %w and not x between -1 and 1"},
	{rule: "range(a, 1, )", counts: "select count(*) from t where %w and a < 1"},
	{rule: "range(day, '2011-01-02', '2011-01-03')", counts: "select count(*) from t where %w and day not in ('2011-01-02', '2011-01-03')"},
	{rule: "pattern(b, '^p')", counts: "select count(*) from t where %w and b is not null and b not like 'p%'"},
	{rule: "references(a, main.other.a)", counts: "select count(*) from t left join (select distinct a from other) o on t.a = o.a where %w and t.a is not null and o.a is null"},
	{rule: "references(a, b, main.other.a, main.other.b)", counts: "select count(*) from t where %w and a is not null and b is not null and not coalesce((a, b) in (select (a, b) from other where a is not null and b is not null), false)"},
	{rule: "rows a + x > 0", counts: "select sum(case when a + x > 0 then 0 when a + x <= 0 then 1 else 0 end) from t where %w"},
	{rule: "rows a = 1 or b = 'p'", counts: "select count(*) from t where %w and (a = 1 or b = 'p') is false"},
	{rule: "row_count > 3", value: "select count(*) from t where %w"},
	{rule: "sum(x) > 0", value: "select sum(x) from t where %w"},
	{rule: "count(distinct b) > 1", value: "select count(*) from (select distinct b from t where %w and b is not null)"},
	{rule: "max(x) - min(x) <= 2", value: "select (select x from t where %w and x is not null order by x desc limit 1) - (select x from t where %w and x is not null order by x limit 1)"},
	{rule: "row_count by b < 2", value: "select count(*) from t where %w and b is not distinct from %k", by: "select distinct b from t where %w"},
	{rule: "sum(coalesce(x, 0)) by b > 0", value: "select coalesce(sum(x), 0) from t where %w and b is not distinct from %k", by: "select distinct b from t where %w"},
	{rule: "count(x) by month(day) < 2", value: "select count(x) from t where %w and date_trunc('month', day)::date is not distinct from %k", by: "select distinct date_trunc('month', day)::date from t where %w"},
}

// answer is what is compared: how many fail, and a value where there is one.
type answer struct {
	status  state.Status
	failing int64
	value   string
}

// ask runs the naive statements of a rule.
func (n naive) ask(t *rapid.T, d *duck, c project.Check, where string) answer {
	one := func(sql string) any {
		batch, err := engine.ReadAll(t.Context(), d, strings.ReplaceAll(sql, "%w", "("+where+")"), 0)
		if err != nil || len(batch.Rows) != 1 {
			t.Fatalf("%s: %v %v", sql, err, batch.Rows)
		}
		return batch.Rows[0][0]
	}
	fails := func(value any) bool {
		text := table.Format(value, table.Type{Kind: table.Varchar})
		limit := c.Block
		return one("select " + text + "::decimal(38,2) " + limit.Op + " " + limit.Value + "::decimal(38,2)").(bool)
	}
	status := map[bool]state.Status{true: state.Block, false: state.Pass}
	switch {
	case n.counts != "":
		value := one(n.counts)
		if value == nil { // sum over no rows
			value = int64(0)
		}
		return answer{status[whole(value) > 0], whole(value), table.Format(value, table.Type{Kind: table.BigInt})}
	case n.by == "":
		value := one(n.value)
		if value == nil {
			return answer{status: state.Unevaluated}
		}
		failing := int64(0)
		if fails(value) {
			failing = 1
		}
		return answer{status[failing > 0], failing, table.Format(value, table.Type{Kind: table.Varchar})}
	default:
		batch, err := engine.ReadAll(t.Context(), d, strings.ReplaceAll(n.by, "%w", "("+where+")"), 0)
		if err != nil {
			t.Fatal(err)
		}
		var failing int64
		for _, row := range batch.Rows {
			key := "null"
			if row[0] != nil {
				key = "'" + table.Format(row[0], batch.Columns[0].Type) + "'"
			}
			if fails(one(strings.ReplaceAll(n.value, "%k", key))) {
				failing++
			}
		}
		return answer{status: status[failing > 0], failing: failing}
	}
}

// TestEveryPlanAgreesWithNaiveSQL: on random tables, whatever is fused, pruned
// or measured apart, each rule's result is that of the plainest SQL run alone.
func TestEveryPlanAgreesWithNaiveSQL(t *testing.T) {
	t.Parallel()
	d := openDuck(t)
	d.exec(t, "create table t (a integer, b varchar, x decimal(18,2), day date); create table other as from t")
	s := d.subject(t, "main.t", engine.ParseRelation("main.t"))
	s.Relations = func(dataset string) (engine.Relation, []table.Column, bool) {
		return engine.ParseRelation(dataset), s.Columns, dataset == "main.other"
	}
	cell := func(r *rapid.T, values ...string) string {
		return rapid.SampledFrom(append(values, "null")).Draw(r, "cell")
	}
	rapid.Check(t, func(r *rapid.T) {
		for _, name := range []string{"t", "other"} {
			d.exec(t, "truncate "+name)
			for range rapid.IntRange(0, 12).Draw(r, "rows") {
				d.exec(t, fmt.Sprintf("insert into %s values (%s, %s, %s, %s)", name, cell(r, "0", "1", "2"), cell(r, "'p'", "'q'", "'pq'", "''", "'P'"),
					cell(r, "-1.01", "-1", "0", "0.01", "1", "2.5"), cell(r, "'2011-01-02'", "'2011-01-04'", "'2011-02-02'")))
			}
		}
		rows := whole(func() any {
			batch, _ := engine.ReadAll(t.Context(), d, "select count(*) from t", 0)
			return batch.Rows[0][0]
		}())
		var checks []project.Check
		var want []answer
		for i, n := range rapid.SliceOfN(rapid.SampledFrom(naives), 1, 8).Draw(r, "rules") {
			c := line(t, n.rule)
			c.Name = fmt.Sprint(i, " ", n.rule)
			where := "true"
			if rapid.Bool().Draw(r, "restricted") {
				c.Rule.Where = rapid.SampledFrom([]string{"t.a > 0", "t.b = 'p' or t.x is null", "false"}).Draw(r, "where")
				where = "(" + c.Rule.Where + ") is true"
			}
			checks = append(checks, c)
			want = append(want, n.ask(r, d, c, where))
		}
		s.Checks = checks
		for _, plan := range []struct {
			name string
			rows int64
			form engine.Form
			caps engine.Capabilities
		}{
			{"few rows", rows, engine.Table, duckCapabilities},
			{"apart", -1, engine.Table, duckCapabilities},
			{"many rows", rows, engine.Table, engine.Capabilities{PrunesByStats: true}},
			{"a view", -1, engine.View, duckCapabilities},
			{"billed per scan", rows, engine.Table, engine.Capabilities{BillsPerScan: true}},
			{"plain", -1, engine.Table, engine.Capabilities{}},
		} {
			s.Rows, s.Form = plan.rows, plan.form
			results, err := (&Checker{Engine: d, Capabilities: plan.caps, Parallel: 2}).Check(t.Context(), s)
			if err != nil {
				r.Fatal(err)
			}
			for i, result := range results {
				got := answer{result.Status, result.Failing, result.Value}
				if len(checks[i].Rule.By) > 0 { // the naive statements know no order of segments
					got.value = ""
				}
				if diff := cmp.Diff(want[i], got, cmp.AllowUnexported(answer{})); diff != "" {
					r.Fatalf("%s, %s where %s: %s\n%s", plan.name, checks[i].Name, checks[i].Rule.Where, diff, result.Message)
				}
			}
		}
	})
}

// TestReconciliationAgreesWithNaiveSQL holds it against a full join.
func TestReconciliationAgreesWithNaiveSQL(t *testing.T) {
	t.Parallel()
	d := openDuck(t)
	d.exec(t, "create table t (b varchar, x decimal(18,2)); create table other as from t")
	s := d.subject(t, "main.t", engine.ParseRelation("main.t"))
	s.Relations = func(string) (engine.Relation, []table.Column, bool) {
		return engine.ParseRelation("main.other"), s.Columns, true
	}
	rapid.Check(t, func(r *rapid.T) {
		for _, name := range []string{"t", "other"} {
			d.exec(t, "truncate "+name)
			for range rapid.IntRange(0, 8).Draw(r, "rows") {
				d.exec(t, fmt.Sprintf("insert into %s values (%s, %s)", name, rapid.SampledFrom([]string{"null", "'p'", "'q'"}).Draw(r, "b"), rapid.SampledFrom([]string{"null", "1.00", "1.01", "-1.00"}).Draw(r, "x")))
			}
		}
		tolerance := rapid.SampledFrom([]string{"", "0", "0.01", "1.005"}).Draw(r, "tolerance")
		within := tolerance
		if within == "" {
			within = "0"
		}
		c := project.Check{Name: "ties", Block: &none, Rule: project.Rule{Kind: project.Reconcile, Expr: "sum(x)", By: []string{"b"}, Other: "main.other", Tolerance: tolerance}}
		got := check(t, d, s, c)[0]
		batch, err := engine.ReadAll(t.Context(), d, `select count(*) from (select b, sum(x) as v, 1 as here from t group by 1) l
			full join (select b, sum(x) as v, 1 as here from other group by 1) r on l.b is not distinct from r.b
			where l.here is null or r.here is null or abs(coalesce(l.v, 0) - coalesce(r.v, 0)) > `+within, 0)
		if err != nil {
			r.Fatal(err)
		}
		if want := whole(batch.Rows[0][0]); got.Failing != want || (got.Status == state.Pass) != (want == 0) {
			r.Fatalf("%s %d, want %d: %s", got.Status, got.Failing, want, got.Message)
		}
		if !slices.IsSortedFunc(got.Segments, func(a, b state.SegmentResult) int { return int(b.Number*100) - int(a.Number*100) }) {
			r.Fatalf("the worst comes first: %v", got.Segments)
		}
	})
}
