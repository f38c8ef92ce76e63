package check

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// hostile are column names that could be taken for something else: keywords,
// the names the statements use themselves, quotes, blanks, the table's name.
var hostile = []string{
	"select", "order", "rows", "v", "n", "k0", "k", "d", "l", "r", "a", "b", "_0", "_1", "_a", "_b", "_p0", "_s", "u", "q",
	`qu"ote`, "it's", "a b", "semi;colon", "--", "/*", "hostile", "naïve", "count", "99", "warehouse",
}

// TestHostileNames holds every kind of rule about a column of each name.
func TestHostileNames(t *testing.T) {
	d, _ := open(t)
	var columns []string
	for _, name := range hostile {
		columns = append(columns, engine.Quote(name)+" integer")
	}
	d.exec(t, "create table hostile ("+strings.Join(columns, ", ")+", day date)")
	values := strings.Repeat("%[1]s, ", len(hostile)) + "date '2011-06-%[2]d'"
	for i, v := range []string{"1", "1", "2", "null"} {
		d.exec(t, fmt.Sprintf("insert into hostile values ("+values+")", v, 20+i))
	}
	s := d.subject(t, "warehouse.hostile", engine.ParseRelation("warehouse.hostile"))
	for _, name := range hostile {
		c := func(rule project.Rule) project.Check {
			return project.Check{Name: fmt.Sprint(rule.Kind), Rule: rule, Block: &none}
		}
		one, quoted := []string{name}, engine.Quote(name)
		checks := []project.Check{
			c(project.Rule{Kind: project.Required, Columns: one}), c(project.Rule{Kind: project.Unique, Columns: one}),
			c(project.Rule{Kind: project.Accepted, Columns: one, Values: []string{"1"}}), c(project.Rule{Kind: project.Range, Columns: one, Min: "2"}),
			c(project.Rule{Kind: project.Pattern, Columns: one, Regex: "^1$"}),
			c(project.Rule{Kind: project.References, Columns: one, Other: "warehouse.hostile", OtherColumns: one}),
			c(project.Rule{Kind: project.RowRule, Expr: quoted + " = 1"}), c(project.Rule{Kind: project.Metric, Expr: "sum(" + quoted + ")"}),
			c(project.Rule{Kind: project.Metric, Expr: "count(" + quoted + ")", By: []string{quoted}}),
			c(project.Rule{Kind: project.Reconcile, Expr: "sum(" + quoted + ")", By: []string{quoted}, Other: "warehouse.hostile", OtherExpr: "sum(" + quoted + ") + 1"}),
			c(project.Rule{Kind: project.Deviation, Expr: "sum(" + quoted + ")", By: []string{quoted}, Over: "day", K: 2.5, Days: 14}),
		}
		for _, rows := range []int64{-1, 4} {
			s.Rows = rows
			var got []string
			for _, r := range check(t, d, s, checks...) {
				got = append(got, fmt.Sprintf("%s %d", r.Status, r.Failing))
				if strings.Contains(r.Message, "no sample") {
					t.Errorf("%s: %s", name, r.Message)
				}
			}
			want := []string{"block 1", "block 1", "block 1", "block 2", "block 1", "pass 0", "block 1", "block 1", "block 2", "block 2", "learning 0"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %d rows known: %s", name, rows, diff)
			}
		}
	}
}

// TestValuesThatAreNoNumbers: NaN and the infinities are in no range that
// leaves them out, and no aggregate of them passes.
func TestValuesThatAreNoNumbers(t *testing.T) {
	d, _ := open(t)
	d.exec(t, "create table odd as select unnest([1.5, 'nan'::double, 'inf'::double, '-inf'::double, null]) as x, unnest([1, 0, 0, 0, 0]) as y")
	s := d.subject(t, "warehouse.odd", engine.ParseRelation("warehouse.odd"))
	for rule, want := range map[string]string{
		"range(x, 0, 10)":       "block 3 | x is outside 0 to 10 in 3 of 5 rows",
		"range(x, 0, )":         "block 2 | x is outside at least 0 in 2 of 5 rows",
		"range(x, , 10)":        "block 2 | x is outside at most 10 in 2 of 5 rows",
		"unique(x)":             "pass 0 | 0 of 5 rows repeat an earlier x",
		"required(x)":           "block 1 | x is empty in 1 of 5 rows",
		"sum(x) >= 0":           "error  | could not be evaluated: sum(x): the value is NaN, which is no number",
		"max(x) by y >= 0":      "error  | could not be evaluated: max(x) for y = 0: the value is NaN, which is no number",
		"sum(y) / 0 >= 0":       "error  | could not be evaluated: sum(y) / 0: the value is +Inf, which is no number",
		"rows y / y > 0":        "pass 0 | 0 of 5 rows break y / y > 0", // 0 / 0 is NULL, about which a rule says nothing
		"sum(y // (y - y)) > 0": "error  | could not be evaluated: sum(y // (y - y)) has no value: there is nothing to aggregate",
		"max(90000000000000000000000000000000000000) > 0": "pass",
	} {
		compare(t, rule, check(t, d, s, line(t, rule))[0], want)
	}
}

// TestRulesThatOverflow: a sum beyond 38 digits is an error of that rule alone.
func TestRulesThatOverflow(t *testing.T) {
	d, _ := open(t)
	d.exec(t, "create table big as select 99999999999999999999999999999999999999::decimal(38,0) as x, 0.00000000000000000000000000000000000001::decimal(38,38) as small from range(2)")
	s := d.subject(t, "warehouse.big", engine.ParseRelation("warehouse.big"))
	s.Rows = 2
	got := check(t, d, s, line(t, "sum(x) > 0"), line(t, "max(x) = 99999999999999999999999999999999999999"),
		line(t, "max(small) > 0.00000000000000000000000000000000000000999"), line(t, "sum(small) = 0.00000000000000000000000000000000000002"), line(t, "unique(x)"))
	var statuses []state.Status
	for _, r := range got {
		statuses = append(statuses, r.Status)
	}
	if diff := cmp.Diff([]state.Status{state.Unevaluated, state.Pass, state.Pass, state.Pass, state.Block}, statuses); diff != "" {
		t.Errorf("%s\n%v", diff, got)
	}
}

// failing is an engine that refuses statements with a text in them.
type failing struct {
	engine.Queryer
	text string
	err  error
}

func (f failing) Query(ctx context.Context, sql string) (engine.Rows, error) {
	if strings.Contains(sql, f.text) {
		return nil, f.err
	}
	return f.Queryer.Query(ctx, sql)
}

// TestOneRuleWithoutRoom: a rule that takes too much memory, or too long, is
// not evaluated; its neighbours in the same statement are.
func TestOneRuleWithoutRoom(t *testing.T) {
	d, s := open(t)
	s.Rows = 5
	s.Checks = []project.Check{line(t, "required(id)"), line(t, "unique(email)"), line(t, "row_count > 0"), line(t, "sum(amount) > 0")}
	for _, kind := range []fault.Kind{fault.OutOfRoom, fault.Late, fault.Denied} {
		c := Checker{Engine: failing{d, "group by \"email\"", fault.New(kind, "failed to allocate 12 GB")}, Capabilities: duckCapabilities}
		results, err := c.Check(t.Context(), s)
		if err != nil {
			t.Fatal(kind, err)
		}
		var got []string
		for _, r := range results {
			got = append(got, string(r.Status))
		}
		if diff := cmp.Diff([]string{"block", "error", "pass", "pass"}, got); diff != "" {
			t.Errorf("%v: %s", kind, diff)
		}
		if !strings.Contains(results[1].Message, "failed to allocate 12 GB") || !Blocked(s.Checks, results[1:2]) {
			t.Errorf("%v: %s", kind, results[1].Message)
		}
	}
	for _, kind := range []fault.Kind{fault.Unreachable, fault.Busy, fault.Broken, fault.Interrupted} {
		c := Checker{Engine: failing{d, "email", fault.New(kind, "gone")}, Capabilities: duckCapabilities}
		if _, err := c.Check(t.Context(), s); fault.KindOf(err) != kind {
			t.Errorf("%v: got %v", kind, err)
		}
	}
}

// TestARealMemoryLimit runs a rule that cannot fit beside one that does.
func TestARealMemoryLimit(t *testing.T) {
	d, s := open(t)
	d.exec(t, "set memory_limit = '30MB'; set temp_directory = ''")
	hungry := project.Check{Name: "hungry", Block: &none, Rule: project.Rule{Kind: project.Query, SQL: "select * from (select list(i) as l from range(20000000) r(i)) where len(l) = 0"}}
	got := check(t, d, s, hungry, line(t, "required(country)"))
	if got[0].Status != state.Unevaluated || !strings.Contains(got[0].Message, "Out of Memory") || got[1].Status != state.Block {
		t.Errorf("%v", got)
	}
}

// slow ends its context in the middle of a statement.
type slow struct {
	engine.Queryer
	stop context.CancelFunc
}

func (q slow) Query(ctx context.Context, sql string) (engine.Rows, error) {
	time.AfterFunc(time.Millisecond, q.stop)
	return q.Queryer.Query(ctx, sql)
}

func TestCancelledInTheMiddle(t *testing.T) {
	d, s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.Checks = []project.Check{{Name: "endless", Block: &none, Rule: project.Rule{Kind: project.Query, SQL: "select 1 from range(100000000000) where random() > 2"}}}
	if results, err := (&Checker{Engine: slow{d, cancel}, Capabilities: duckCapabilities}).Check(ctx, s); fault.KindOf(err) != fault.Interrupted {
		t.Errorf("got %v, %v", results, err)
	}
}

// TestManySegments: ten thousand segments are judged, the worst told, and no
// more than a hundred kept.
func TestManySegments(t *testing.T) {
	d, _ := open(t)
	d.exec(t, "create table many as select i as shop, date '2011-06-01' + j::integer as day, case when i < 150 and j = 28 then 900 else 100 + (i + j * 7) % 11 end as amount from range(10000) s(i), range(29) r(j)")
	s := d.subject(t, "warehouse.many", engine.ParseRelation("warehouse.many"))
	r := check(t, d, s, line(t, "max(amount) by shop > 900"))[0]
	if len(r.Segments) != 100 || r.Failing != 10000 {
		t.Errorf("%d kept of %d", len(r.Segments), r.Failing)
	}
	r = check(t, d, s, line(t, "sum(amount) by shop over day within 2.5 stddev of last 28 days"))[0]
	if r.Status != state.Warn || r.Failing != 150 || len(r.Segments) != 100 {
		t.Errorf("%s %d of 150, %d kept: %s", r.Status, r.Failing, len(r.Segments), r.Message)
	}
}

// TestNullSegments: rows without a segment are one, told apart from the text
// they would look like, in every kind of rule that has segments.
func TestNullSegments(t *testing.T) {
	d, _ := open(t)
	d.exec(t, `create table shops as select case j % 3 when 0 then null when 1 then 'empty' else 'is empty' end as shop, date '2011-06-01' + (j // 3)::integer as day, 100 as amount from range(87) r(j)`)
	d.exec(t, "update shops set amount = 900 where shop is null and day = '2011-06-29'; create table other as select * from shops where shop is not null or day < '2011-06-29'")
	s := d.subject(t, "warehouse.shops", engine.ParseRelation("warehouse.shops"))
	s.Relations = func(dataset string) (engine.Relation, []table.Column, bool) {
		return engine.ParseRelation(dataset), s.Columns, true
	}
	ties := project.Check{Name: "ties", Block: &none, Rule: project.Rule{Kind: project.Reconcile, Expr: "sum(amount)", By: []string{"shop"}, Other: "warehouse.other"}}
	for _, c := range []struct {
		check project.Check
		want  string
	}{
		{line(t, "max(amount) by shop < 500"), "block 900 | max(amount) for shop is empty is 900, expected less than 500"},
		{line(t, "sum(amount) by shop over day within 2.5 stddev of last 28 days"), "warn 900 | sum(amount) on 2011-06-29 for shop is empty is 900, usual is 100.00 to 100.00 (mean 100.00, 2.5 stddev, 28 days)"},
		{ties, "block 3700 | sum(amount) for shop is empty is 3,700, warehouse.other says 2,800"},
	} {
		compare(t, c.check.Name, check(t, d, s, c.check)[0], c.want)
	}
}
