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

var none = project.Limit{Op: ">", Value: "0"}

func fails(op, value string) *project.Limit { return &project.Limit{Op: op, Value: value} }

func failsShare(op, value string) *project.Limit {
	return &project.Limit{Op: op, Value: value, Share: true}
}

// line parses a rule as a project does; it blocks or warns by its kind.
func line(t testing.TB, text string) project.Check {
	t.Helper()
	rule, limit, err := project.ParseRule(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	c := project.Check{Name: text, Text: text, Rule: rule}
	if project.DefaultBlocks(rule.Kind) {
		c.Block = &limit
	} else {
		c.Warn = &limit
	}
	return c
}

const lines = `create table lines (id integer, "order" varchar, amount decimal(18,2), "unit price" double, country varchar,
	email varchar, sold_on date, sold_at timestamp, loaded_at timestamptz, "qu""ote" integer, big decimal(38,0));
insert into lines values
	(1, 'open',   10.00, 1.5, 'France',  'ann@example.com',  '2011-06-28', '2011-06-28 10:00', '2011-06-28 10:00:00+01', 1, 99999999999999999999999999999999999999),
	(2, 'closed', 20.10, 2.5, 'France',  'bob@example.com',  '2011-06-29', '2011-06-29 10:00', '2011-06-29 10:00:00+01', 1, 1),
	(2, 'closed', 30.20, 2.5, 'Germany', 'cyd@example.com',  '2011-06-29', '2011-06-29 11:00', '2011-06-29 11:00:00+01', 2, 2),
	(3, 'lost',   -5.00, NULL, NULL,     'dee@example.com',  '2011-06-29', '2011-06-29 12:00', '2011-06-29 12:00:00+01', NULL, 3),
	(NULL, NULL,  NULL,  NULL, 'Spain',  NULL,               NULL,         NULL,               NULL,                     NULL, NULL)`

func open(t testing.TB) (*duck, Subject) {
	d := openDuck(t)
	d.exec(t, "create schema warehouse; use warehouse")
	d.exec(t, "create schema staging")
	d.exec(t, lines)
	d.exec(t, "create table nothing as select * from lines limit 0")
	d.exec(t, "create table customers (code varchar, land varchar); insert into customers values ('open', 'France'), ('closed', 'France'), (NULL, NULL)")
	d.exec(t, "create table raw as select * from lines; update raw set amount = 20.11 where amount = 20.10; insert into raw (amount, country) values (7, 'Italy')")
	s := d.subject(t, "warehouse.lines", engine.ParseRelation("warehouse.lines"))
	s.Relations = func(dataset string) (engine.Relation, []table.Column, bool) {
		relation := engine.ParseRelation(dataset)
		columns, err := d.columnsOf(context.Background(), "select * from "+relation.String()+" limit 0")
		return relation, columns, err == nil
	}
	return d, s
}

func check(t testing.TB, d *duck, s Subject, checks ...project.Check) []state.Result {
	t.Helper()
	s.Checks = checks
	c := Checker{Engine: d, Capabilities: duckCapabilities}
	results, err := c.Check(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func TestRules(t *testing.T) {
	d, full := open(t)
	empty := d.subject(t, "warehouse.lines", engine.ParseRelation("warehouse.nothing"))
	empty.Relations = full.Relations
	for _, c := range []struct {
		rule, full, empty string
	}{
		{"required(id)", "block 1 | id is empty in 1 of 5 rows", "pass 0 | id is empty in 0 of 0 rows"},
		{"required(id, amount)", "block 1 | one of id, amount is empty in 1 of 5 rows", "pass 0 | one of id, amount is empty in 0 of 0 rows"},
		{"unique(id)", "block 1 | 1 of 5 rows repeat an earlier id", "pass 0 | 0 of 0 rows repeat an earlier id"},
		{`unique("unit price", country)`, "pass 0 | 0 of 5 rows repeat an earlier unit price, country", "pass 0 | 0 of 0 rows repeat an earlier unit price, country"},
		{"duplicates(id) < 10 %", "block 1 | 1 of 5 rows repeat an earlier id, expected less than 10 % of rows", "pass 0 | 0 of 0 rows repeat an earlier id"},
		{"duplicates(id) < 21 %", "pass 1 | 1 of 5 rows repeat an earlier id", "pass 0 | 0 of 0 rows repeat an earlier id"},
		{`accepted("order", 'open', 'closed')`, "block 1 | order is none of open, closed in 1 of 5 rows", "pass 0 | order is none of open, closed in 0 of 0 rows"},
		{"accepted(id, 1, 2)", "block 1 | id is none of 1, 2 in 1 of 5 rows", "pass 0 | id is none of 1, 2 in 0 of 0 rows"},
		{"range(amount, 0, )", "block 1 | amount is outside at least 0 in 1 of 5 rows", "pass 0 | amount is outside at least 0 in 0 of 0 rows"},
		{"range(sold_on, '2011-06-29', '2011-06-30')", "block 1 | sold_on is outside 2011-06-29 to 2011-06-30 in 1 of 5 rows", "pass 0 | sold_on is outside 2011-06-29 to 2011-06-30 in 0 of 0 rows"},
		{`pattern("order", '^[a-z]{4}$')`, "block 2 | order does not match ^[a-z]{4}$ in 2 of 5 rows", "pass 0 | order does not match ^[a-z]{4}$ in 0 of 0 rows"},
		{`references("order", warehouse.customers.code)`, "block 1 | order is not found in warehouse.customers in 1 of 5 rows", "pass 0 | order is not found in warehouse.customers in 0 of 0 rows"},
		{`references("order", country, warehouse.customers.code, warehouse.customers.land)`, "block 1 | order, country is not found in warehouse.customers in 1 of 5 rows", "pass 0 | order, country is not found in warehouse.customers in 0 of 0 rows"},
		{"references(id, warehouse.nowhere.id)", "error  | could not be evaluated: there is no dataset warehouse.nowhere", "error  | could not be evaluated: there is no dataset warehouse.nowhere"},
		{"row_count > 0", "pass 5 | row_count is 5", "block 0 | row_count is 0, expected more than 0"},
		{"row_count between 10 and 20", "block 5 | row_count is 5, expected 10 to 20", "block 0 | row_count is 0, expected 10 to 20"},
		{"row_count by country <= 1", "block 2 | row_count for country = 'France' is 2, expected at most 1", "pass  | row_count is as expected in 0 segments"},
		{"freshness(sold_on) < 1 day", "pass 9h0m0s | the newest sold_on is 9 hours old", "error  | could not be evaluated: no row has a sold_on"},
		{"freshness(sold_at) < 1 hour", "warn 21h0m0s | the newest sold_at is 21 hours old, expected at most 1 hour", "error  | could not be evaluated: no row has a sold_at"},
		{"freshness(loaded_at) < 1 day", "pass 21h0m0s | the newest loaded_at is 21 hours old", "error  | could not be evaluated: no row has a loaded_at"},
		{"freshness(id) < 1 day", "error  | could not be evaluated: id is INTEGER; freshness needs a date or a timestamp", "error  | could not be evaluated: id is INTEGER; freshness needs a date or a timestamp"},
		{"rows amount > 0 or country is null", "pass 0 | 0 of 5 rows break amount > 0 or country is null", "pass 0 | 0 of 0 rows break amount > 0 or country is null"},
		{"rows lines.amount >= 0", "block 1 | 1 of 5 rows break lines.amount >= 0", "pass 0 | 0 of 0 rows break lines.amount >= 0"},
		{"sum(amount) = 55.30", "pass 55.30 | sum(amount) is 55.30", "error  | could not be evaluated: sum(amount) has no value: there is nothing to aggregate"},
		{"max(big) = 99999999999999999999999999999999999999", "pass 99999999999999999999999999999999999999 | max(big) is 99,999,999,999,999,999,999,999,999,999,999,999,999", "error  | could not be evaluated: max(big) has no value: there is nothing to aggregate"},
		{"max(big) = 99999999999999999999999999999999999998", "block 99999999999999999999999999999999999999 | max(big) is 99,999,999,999,999,999,999,999,999,999,999,999,999, expected exactly 99,999,999,999,999,999,999,999,999,999,999,999,998", "error  | could not be evaluated: max(big) has no value: there is nothing to aggregate"},
		{`sum("qu""ote") > 3`, `pass 4 | sum("qu""ote") is 4`, `error  | could not be evaluated: sum("qu""ote") has no value: there is nothing to aggregate`},
		{"sum(amount) by country > 15", "error  | could not be evaluated: sum(amount) for country = 'Spain' has no value: there is nothing to aggregate", "pass  | sum(amount) is as expected in 0 segments"},
		{"sum(coalesce(amount, 0)) by country > 15", "block -5.00 | sum(coalesce(amount, 0)) for country is empty is -5.00, expected more than 15 (2 of 4 segments fail)", "pass  | sum(coalesce(amount, 0)) is as expected in 0 segments"},
		{"count(*) by month(sold_at) > 4", "block 1 | count(*) for month(sold_at) is empty is 1, expected more than 4 (2 of 2 segments fail)", "pass  | count(*) is as expected in 0 segments"},
		{"amount > 3", "error", "error"},
		{"max(country) > 3", "error  | could not be evaluated: max(country): the value is not a number", "error"},
		{"sum(1 / 0) > 3", "error  | could not be evaluated: sum(1 / 0): the value is +Inf, which is no number", "error  | could not be evaluated: sum(1 / 0) has no value: there is nothing to aggregate"},
		{"sum(amout) > 3", "error", "error"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			for _, rows := range []int64{-1, 5} {
				full.Rows = rows
				got := check(t, d, full, line(t, c.rule))[0]
				compare(t, "five rows", got, c.full)
			}
			got := check(t, d, empty, line(t, c.rule))[0]
			compare(t, "no rows", got, c.empty)
		})
	}
}

func compare(t *testing.T, what string, r state.Result, want string) {
	t.Helper()
	got := fmt.Sprintf("%s %s | %s", r.Status, r.Value, r.Message)
	if !strings.Contains(want, "|") {
		got = string(r.Status)
	}
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

func TestUniqueAndNull(t *testing.T) {
	d, _ := open(t)
	d.exec(t, "create table keys as select * from (values (1, NULL), (1, NULL), (1, NULL), (NULL, NULL), (NULL, NULL), (1, 2)) k(a, b)")
	s := d.subject(t, "warehouse.keys", engine.ParseRelation("warehouse.keys"))
	r := check(t, d, s, line(t, "unique(a, b)"))[0]
	compare(t, "a key with a NULL in it repeats, one of NULLs only is not judged", r, "block 2 | 2 of 6 rows repeat an earlier a, b")
	if got := fmt.Sprint(r.Samples.Rows); got != "[[1 <nil> 3]]" {
		t.Error(got)
	}
}

func TestLimits(t *testing.T) {
	d, full := open(t)
	base := line(t, "required(id)")
	for _, c := range []struct {
		name        string
		warn, block *project.Limit
		want        state.Status
	}{
		{"block overrules warn", fails(">", "0"), fails(">", "0"), state.Block},
		{"warn below block", fails(">", "0"), fails(">", "1"), state.Warn},
		{"neither", fails(">", "1"), fails(">", "1"), state.Pass},
		{"share just broken", nil, failsShare(">", "19.999999999999999999"), state.Block},
		{"share exactly kept", nil, failsShare(">", "20"), state.Pass},
		{"share exactly broken", nil, failsShare(">=", "20"), state.Block},
		{"share warns, count tolerates", failsShare(">", "0.1"), fails(">", "10"), state.Warn},
		{"no limit never fails", nil, nil, state.Pass},
		{"an operator nobody knows", nil, &project.Limit{Op: "~", Value: "1"}, state.Unevaluated},
		{"no number", nil, &project.Limit{Op: ">", Value: "NaN"}, state.Unevaluated},
	} {
		t.Run(c.name, func(t *testing.T) {
			rule := base
			rule.Warn, rule.Block = c.warn, c.block
			if got := check(t, d, full, rule)[0]; got.Status != c.want {
				t.Errorf("got %s (%s), want %s", got.Status, got.Message, c.want)
			}
		})
	}
}

func TestWhereRestrictsTheRowsJudged(t *testing.T) {
	d, s := open(t)
	var got []string
	for _, text := range []string{"required(country)", "unique(id)", `references("order", warehouse.customers.code)`, "sum(amount) > 10", "row_count > 2", "sum(amount) by country > 25"} {
		c := line(t, text)
		c.Rule.Where = "amount > 15 or country is null"
		r := check(t, d, s, c)[0]
		got = append(got, fmt.Sprintf("%s | %s", r.Status, r.Message))
	}
	want := []string{
		"block | country is empty in 1 of 3 rows",
		"block | 1 of 3 rows repeat an earlier id",
		"block | order is not found in warehouse.customers in 1 of 3 rows",
		"pass | sum(amount) is 45.30",
		"pass | row_count is 3",
		"block | sum(amount) for country is empty is -5.00, expected more than 25 (2 of 3 segments fail)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSamplesMaskPersonalColumns(t *testing.T) {
	d, s := open(t)
	for _, c := range []struct{ mask, want string }{
		{"hash", Hashed("dee@example.com")}, {"redact", "***"}, {"", "***"}, {"partial", "d***@example.com"},
	} {
		s.Masks = map[string]project.Column{"EMAIL": {Personal: "email", Mask: c.mask}}
		r := check(t, d, s, line(t, `accepted("order", 'open', 'closed')`))[0]
		if r.Samples == nil || len(r.Samples.Rows) != 1 {
			t.Fatalf("no sample: %+v", r)
		}
		if got := r.Samples.Rows[0][5]; got != c.want {
			t.Errorf("mask %q: got %v, want %s", c.mask, got, c.want)
		}
		if got := r.Samples.Rows[0][1]; got != "lost" {
			t.Errorf("a column that is not personal is shown: got %v", got)
		}
	}
	missing := check(t, d, s, line(t, "required(email)"))[0]
	if got := missing.Samples.Rows[0][5]; got != nil {
		t.Errorf("a missing value stays missing: got %v", got)
	}
}

func TestNothingPersonalLeaks(t *testing.T) {
	d, s := open(t)
	s.Masks = map[string]project.Column{"email": {Personal: "email"}}
	query := project.Check{Name: "q", Block: &none, Rule: project.Rule{
		Kind: project.Query,
		SQL:  "select id, email as contact, upper(email) as id2, email from warehouse.lines where email like 'ann%'",
	}}
	for _, c := range []project.Check{
		query, line(t, "row_count by email < 1"), line(t, "sum(cast(email as integer)) > 1"), line(t, "row_count by upper(email) < 1"),
	} {
		r := check(t, d, s, c)[0]
		if r.Status == state.Pass {
			t.Errorf("%s passes", c.Name)
		}
		if shown := strings.ToLower(fmt.Sprint(r, r.Samples)); strings.Contains(shown, "example.com") {
			t.Errorf("%s: %s", c.Name, shown)
		}
	}
}

func TestSamplesAreFewAndOrdered(t *testing.T) {
	d, _ := open(t)
	d.exec(t, "create table many as select (100 - i)::integer as i from range(100) r(i)")
	s := d.subject(t, "warehouse.many", engine.ParseRelation("warehouse.many"))
	r := check(t, d, s, line(t, "range(i, 51, )"))[0]
	if len(r.Samples.Rows) != 20 || r.Samples.Rows[0][0] != int64(1) || r.Samples.Rows[19][0] != int64(20) || r.Failing != 50 {
		t.Errorf("got %d failing, sample %v", r.Failing, r.Samples.Rows)
	}
	r = check(t, d, s, line(t, "row_count by i < 1"))[0]
	if r.Failing != 100 || len(r.Segments) != 100 {
		t.Errorf("got %d failing, %d segments", r.Failing, len(r.Segments))
	}
	d.statements.Store(0)
	check(t, d, s, line(t, "range(i, 0, )"))
	if n := d.statements.Load(); n != 2 {
		t.Errorf("a rule that passes takes %d statements (its own and the count), no sample", n)
	}
}

func TestRulesReadStagedRows(t *testing.T) {
	d, s := open(t)
	d.exec(t, "create table staging.tmp as select * from warehouse.lines where id = 1")
	s.Relation = engine.Relation{Schema: "staging", Name: "tmp"}
	for _, sql := range []string{
		"select * from warehouse.lines where id = 2",
		`select l.* from "warehouse"."lines" l where l.id = 2`,
		"select lines.id from warehouse.lines where warehouse.lines.id = 2",
		"with x as (select * from Warehouse.Lines) select * from x join warehouse . lines using (id) where x.id = 2",
		"select * from (warehouse.lines cross join warehouse.customers) where id = 2",
		"select 1 from warehouse.customers c, warehouse.lines where id = 2 -- warehouse.lines",
	} {
		c := project.Check{Name: "q", Rule: project.Rule{Kind: project.Query, SQL: sql}, Block: &none}
		if r := check(t, d, s, c)[0]; r.Status != state.Pass {
			t.Errorf("%s reads the published rows: %s %s\n%s", sql, r.Status, r.Message, r.SQL)
		}
	}
	inside := line(t, "rows id = (select max(id) from warehouse.lines)")
	if r := check(t, d, s, inside)[0]; r.Status != state.Pass || r.Value != "0" {
		t.Errorf("%s %s", r.Status, r.Message)
	}
}

func TestExpressionsCannotEscape(t *testing.T) {
	d, s := open(t)
	for _, sql := range []string{
		"amount > 0); drop table warehouse.lines; --", "amount > 0 ; select 1", "1=1) or (1=1", "(1=1", "'open", `"open`,
		"/* open", "amount in [1", "{'a': 1", "$x$ open", "amount > 0)", "", "   ", "-- only a comment", "e'\\'",
	} {
		for _, rule := range []project.Rule{
			{Kind: project.RowRule, Expr: sql},
			{Kind: project.Metric, Expr: sql},
			{Kind: project.Query, SQL: sql},
			{Kind: project.Metric, Expr: "count(*)", By: []string{sql}},
			{Kind: project.Reconcile, Expr: "count(*)", Other: "warehouse.raw", OtherExpr: sql + " "},
		} {
			c := project.Check{Name: "hostile", Rule: rule, Block: &none}
			if r := check(t, d, s, c)[0]; r.Status != state.Unevaluated {
				t.Errorf("%s %q: %s %s", rule.Kind, sql, r.Status, r.Message)
			}
		}
	}
	for _, sql := range []string{"amount > 0 -- a comment", "amount > 0 /* ) */", "country <> ');--'", "country <> $$;)$$", "e'\\';' <> country"} {
		r := check(t, d, s, project.Check{Name: "ok", Rule: project.Rule{Kind: project.RowRule, Expr: sql}, Block: &none})[0]
		if r.Status == state.Unevaluated {
			t.Errorf("%q is harmless: %s", sql, r.Message)
		}
	}
}

func TestQueriesOnlyRead(t *testing.T) {
	d, s := open(t)
	for _, sql := range []string{"delete from warehouse.lines", "drop table warehouse.lines", "insert into warehouse.customers values (1, 2) returning *", "copy warehouse.lines to '/tmp/x'", "pragma version"} {
		c := project.Check{Name: "q", Rule: project.Rule{Kind: project.Query, SQL: sql}, Block: &none}
		if r := check(t, d, s, c)[0]; r.Status != state.Unevaluated {
			t.Errorf("%q: %s", sql, r.Status)
		}
	}
	if r := check(t, d, s, line(t, "row_count = 5"))[0]; r.Status != state.Pass {
		t.Error(r.Message)
	}
}

func TestOneWrongRuleDoesNotSpoilTheOthers(t *testing.T) {
	d, s := open(t)
	checks := []project.Check{line(t, "required(id)"), line(t, "sum(amout) > 0"), line(t, "sum(amount) > 0"), line(t, "unique(id)"), line(t, "sum(cast(country as integer)) > 0"), line(t, "row_count > 0")}
	for _, rows := range []int64{-1, 5} {
		s.Rows = rows
		var got []state.Status
		for _, r := range check(t, d, s, checks...) {
			got = append(got, r.Status)
		}
		want := []state.Status{state.Block, state.Unevaluated, state.Pass, state.Block, state.Unevaluated, state.Pass}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("rows %d: %s", rows, diff)
		}
	}
}

func TestSchema(t *testing.T) {
	d, s := open(t)
	s.Declared = []project.Column{{Name: "ID", Type: table.Type{Kind: table.Integer}}, {Name: "country"}}
	r := check(t, d, s, line(t, "schema"))[0]
	compare(t, "as declared", r, "pass 0 | the columns are as declared")
	s.Declared = append(s.Declared, project.Column{Name: "vat"}, project.Column{Name: "amount", Type: table.Type{Kind: table.Double}})
	r = check(t, d, s, line(t, "schema"))[0]
	compare(t, "drifted", r, "block 2 | vat is missing; amount is DECIMAL(18,2), declared DOUBLE")
}

func TestFreshnessOfPublication(t *testing.T) {
	d, s := open(t)
	c := project.Check{Name: "fresh", Rule: project.Rule{Kind: project.Freshness, Within: time.Hour}, Warn: &none}
	compare(t, "never", check(t, d, s, c)[0], "learning  | it was never published before")
	s.LastPublished = s.AsOf.Add(-90 * time.Minute)
	compare(t, "old", check(t, d, s, c)[0], "warn 1h30m0s | the last publication is 1 hour 30 minutes old, expected at most 1 hour")
	s.LastPublished = s.AsOf.Add(time.Minute)
	compare(t, "clock went back", check(t, d, s, c)[0], "pass 0s | the last publication is 0 seconds old")
}

func TestReconcile(t *testing.T) {
	d, s := open(t)
	rule := project.Rule{Kind: project.Reconcile, Expr: "sum(amount)", Other: "warehouse.raw"}
	with := func(change func(*project.Rule)) project.Check {
		r := rule
		change(&r)
		return project.Check{Name: "ties", Rule: r, Block: &none}
	}
	for _, c := range []struct {
		name  string
		check project.Check
		want  string
	}{
		{"total", with(func(*project.Rule) {}), "block 55.30 | sum(amount) is 55.30, warehouse.raw says 62.31"},
		{"segments", with(func(r *project.Rule) { r.By = []string{"country"} }), "block missing | sum(amount) for country = 'Italy' is missing, warehouse.raw says 7.00 (2 segments differ)"},
		{"a penny", with(func(r *project.Rule) {
			r.By, r.Tolerance, r.OtherWhere = []string{"country"}, "0.01", "country <> 'Italy' or country is null"
		}), "pass 0 | sum(amount) agrees with warehouse.raw"},
		{"less than a penny", with(func(r *project.Rule) {
			r.By, r.Tolerance, r.OtherWhere = []string{"country"}, "0.0099999", "country <> 'Italy' or country is null"
		}), "block 30.10 | sum(amount) for country = 'France' is 30.10, warehouse.raw says 30.11"},
		{"percent", with(func(r *project.Rule) { r.Tolerance, r.Percent = "12", true }), "pass 0 | sum(amount) agrees with warehouse.raw"},
		{"other names", with(func(r *project.Rule) {
			r.By, r.OtherBy, r.OtherExpr, r.OtherWhere = []string{"sold_on"}, []string{"cast(sold_at as date)"}, "sum(amount * 1)", "country <> 'Italy' or country is null"
			r.Tolerance = "0.01"
		}), "pass 0 | sum(amount) agrees with warehouse.raw"},
		{"texts", with(func(r *project.Rule) { r.Expr = "max(country)" }), "pass 0 | max(country) agrees with warehouse.raw"},
		{"different texts", with(func(r *project.Rule) { r.Expr = "min(country)"; r.OtherExpr = "max(country)" }), "block France | min(country) is France, warehouse.raw says Spain"},
		{"nobody", with(func(r *project.Rule) { r.Other = "warehouse.nobody" }), "error  | could not be evaluated: there is no dataset warehouse.nobody"},
		{"nothing with nothing", with(func(r *project.Rule) { r.Other, r.Where = "warehouse.nothing", "id = 99" }), "pass 0 | sum(amount) agrees with warehouse.nothing"},
		{"uneven segments", with(func(r *project.Rule) { r.By, r.OtherBy = []string{"id"}, []string{"id", "country"} }), "error  | could not be evaluated: 1 segments are compared with 2"},
	} {
		t.Run(c.name, func(t *testing.T) { compare(t, c.name, check(t, d, s, c.check)[0], c.want) })
	}
	r := check(t, d, s, with(func(r *project.Rule) { r.By = []string{"country"} }))[0]
	want := [][]any{{"country = 'Italy'", "missing", "7.00"}, {"country = 'France'", "30.10", "30.11"}}
	if diff := cmp.Diff(want, r.Samples.Rows); diff != "" {
		t.Error(diff)
	}
}

func TestBlocked(t *testing.T) {
	checks := []project.Check{{Name: "hard", Block: &none}, {Name: "soft", Warn: &none}}
	for _, c := range []struct {
		results []state.Result
		blocked bool
		overall state.Status
	}{
		{nil, false, state.Pass},
		{[]state.Result{{Check: "soft", Status: state.Unevaluated}, {Check: "hard", Status: state.Warn}}, false, state.Unevaluated},
		{[]state.Result{{Check: "hard", Status: state.Unevaluated}}, true, state.Unevaluated},
		{[]state.Result{{Check: "stranger", Status: state.Unevaluated}}, true, state.Unevaluated},
		{[]state.Result{{Check: "hard", Status: state.Block}, {Check: "soft", Status: state.Unevaluated}}, true, state.Block},
		{[]state.Result{{Check: "hard", Status: state.Learning}}, false, state.Learning},
	} {
		if got := Blocked(checks, c.results); got != c.blocked {
			t.Errorf("%v: blocked %v", c.results, got)
		}
		if got := Overall(c.results); got != c.overall {
			t.Errorf("%v: overall %s", c.results, got)
		}
	}
}

func TestCheckStopsWithItsContext(t *testing.T) {
	d, s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.Checks = []project.Check{line(t, "required(id)")}
	c := Checker{Engine: d, Capabilities: duckCapabilities}
	if _, err := c.Check(ctx, s); fault.KindOf(err) != fault.Interrupted {
		t.Errorf("got %v", err)
	}
}

func TestAnEngineThatIsGoneIsNoVerdict(t *testing.T) {
	_, s := open(t)
	s.Checks = []project.Check{line(t, "required(id)")}
	c := Checker{Engine: gone{}, Capabilities: duckCapabilities}
	if _, err := c.Check(t.Context(), s); fault.KindOf(err) != fault.Unreachable {
		t.Errorf("got %v", err)
	}
}

type gone struct{}

func (gone) Query(context.Context, string) (engine.Rows, error) {
	return nil, fault.New(fault.Unreachable, "no answer")
}
