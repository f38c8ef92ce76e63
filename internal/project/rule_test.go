package project

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/fault"
)

func TestParseRule(t *testing.T) {
	kept := Limit{Op: ">", Value: "0"}
	for _, c := range []struct {
		text  string
		rule  Rule
		limit Limit
		name  string
	}{
		{"required(a)", Rule{Kind: Required, Columns: []string{"a"}}, kept, "required_a"},
		{`Required( a , "unit ""price" )`, Rule{Kind: Required, Columns: []string{"a", `unit "price`}}, kept, "required_a_unit_price"},
		{"unique(invoice_no, line_no)", Rule{Kind: Unique, Columns: []string{"invoice_no", "line_no"}}, kept, "unique_invoice_no_line_no"},
		{"unique(select)", Rule{Kind: Unique, Columns: []string{"select"}}, kept, "unique_select"},
		{"duplicates(a, b) = 0", Rule{Kind: Duplicates, Columns: []string{"a", "b"}}, Limit{Op: "!=", Value: "0"}, "duplicates_a_b"},
		{"duplicates(a) < 1 %", Rule{Kind: Duplicates, Columns: []string{"a"}}, Limit{Op: ">=", Value: "1", Share: true}, "duplicates_a"},
		{"duplicates(a)", Rule{Kind: Duplicates, Columns: []string{"a"}}, Limit{Op: "!=", Value: "0"}, "duplicates_a"},
		{"accepted(status, 'open', 'it''s', 3, -1.5, TRUE)", Rule{Kind: Accepted, Columns: []string{"status"}, Values: []string{"open", "it's", "3", "-1.5", "true"}}, kept, "accepted_status"},
		{"range(price, 0, 100)", Rule{Kind: Range, Columns: []string{"price"}, Min: "0", Max: "100"}, kept, "range_price"},
		{"range(price, 0, )", Rule{Kind: Range, Columns: []string{"price"}, Min: "0"}, kept, "range_price"},
		{"range(day, , '2024-01-01')", Rule{Kind: Range, Columns: []string{"day"}, Max: "2024-01-01"}, kept, "range_day"},
		{"pattern(sku, '^[A-Z0-9]+(,|;)$')", Rule{Kind: Pattern, Columns: []string{"sku"}, Regex: "^[A-Z0-9]+(,|;)$"}, kept, "pattern_sku"},
		{"references(customer_id, warehouse.customers.id)", Rule{Kind: References, Columns: []string{"customer_id"}, Other: "warehouse.customers", OtherColumns: []string{"id"}}, kept, "references_customer_id"},
		{"references(a, b, w.c.x, w.c.y)", Rule{Kind: References, Columns: []string{"a", "b"}, Other: "w.c", OtherColumns: []string{"x", "y"}}, kept, "references_a_b"},
		{"references(id, w.c)", Rule{Kind: References, Columns: []string{"id"}, Other: "w.c", OtherColumns: []string{"id"}}, kept, "references_id"},
		{"row_count > 0", Rule{Kind: RowCount}, Limit{Op: "<=", Value: "0"}, "row_count"},
		{"ROW_COUNT by country >= 1_000", Rule{Kind: RowCount, By: []string{"country"}}, Limit{Op: "<", Value: "1000"}, "row_count_by_country"},
		{"row_count between 10 and 20", Rule{Kind: RowCount, Min: "10", Max: "20"}, kept, "row_count"},
		{"freshness(loaded_at) < 1 day 12 hours", Rule{Kind: Freshness, Columns: []string{"loaded_at"}, Within: 36 * time.Hour}, kept, "freshness_loaded_at"},
		{"schema", Rule{Kind: SchemaRule}, kept, "schema"},
		{"rows quantity <> 0 or price = 0", Rule{Kind: RowRule, Expr: "quantity <> 0 or price = 0"}, kept, "rows_quantity_ne_0_or_price_eq_0"},
		{"sum(amount) > 0", Rule{Kind: Metric, Expr: "sum(amount)"}, Limit{Op: "<=", Value: "0"}, "sum_amount"},
		{"sum(a) - sum(b) == 0", Rule{Kind: Metric, Expr: "sum(a) - sum(b)"}, Limit{Op: "!=", Value: "0"}, "sum_a_minus_sum_b"},
		{"sum(a) <> 5", Rule{Kind: Metric, Expr: "sum(a)"}, Limit{Op: "=", Value: "5"}, "sum_a"},
		{"sum(a) <= -1.5", Rule{Kind: Metric, Expr: "sum(a)"}, Limit{Op: ">", Value: "-1.5"}, "sum_a"},
		{"avg(price) by country, day(sold_at) between 1 and 100", Rule{Kind: Metric, Expr: "avg(price)", By: []string{"country", "day(sold_at)"}, Min: "1", Max: "100"}, kept, "avg_price_by_country_day_sold_at"},
		{"sum(case when by_hand > 3 then 1 else 0 end) by case when x > 1 then 'a, by' end < 4", Rule{Kind: Metric, Expr: "sum(case when by_hand > 3 then 1 else 0 end)", By: []string{"case when x > 1 then 'a, by' end"}}, Limit{Op: ">=", Value: "4"}, "sum_case_when_by_hand_gt_3_then_1_else_0_end_by_cas_"},
		{"count(*) filter (where a between 1 and 2) > 0", Rule{Kind: Metric, Expr: "count(*) filter (where a between 1 and 2)"}, Limit{Op: "<=", Value: "0"}, "count_filter_where_a_between_1_and_2"},
		{"percentile_cont(0.5) within group (order by price) > 1", Rule{Kind: Metric, Expr: "percentile_cont(0.5) within group (order by price)"}, Limit{Op: "<=", Value: "1"}, "percentile_cont_0_5_within_group_order_by_price"},
		{`max("over by > 3") > 1`, Rule{Kind: Metric, Expr: `max("over by > 3")`}, Limit{Op: "<=", Value: "1"}, "max_over_by_3"},
		{"sum(amount) by country within 2.5 stddev of last 14 days", Rule{Kind: Deviation, Expr: "sum(amount)", By: []string{"country"}, K: 2.5, Days: 14}, kept, "sum_amount_by_country_deviation"},
		{"sum(amount) over invoice_on within 3 stddev of last 4 weeks", Rule{Kind: Deviation, Expr: "sum(amount)", Over: "invoice_on", K: 3, Days: 28}, kept, "sum_amount_over_invoice_on_deviation"},
		{`row_count by c over "the day" within 2.5 stddev of last 28 days`, Rule{Kind: Deviation, Expr: "count(*)", By: []string{"c"}, Over: "the day", K: 2.5, Days: 28}, kept, "row_count_by_c_over_the_day_deviation"},
	} {
		rule, limit, err := ParseRule(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if diff := cmp.Diff(c.rule, rule); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
		if limit != c.limit {
			t.Errorf("%s fails at %v, want %v", c.text, limit, c.limit)
		}
		if name := autoName(rule); name != c.name && !(strings.HasSuffix(c.name, "_") && strings.HasPrefix(name, c.name)) {
			t.Errorf("%s is called %s, want %s", c.text, name, c.name)
		}
		again, limitAgain, err := ParseRule(FormatRule(rule, limit))
		if err != nil || cmp.Diff(rule, again) != "" || limit != limitAgain {
			t.Errorf("%s is written %s, which reads as %+v %v %v", c.text, FormatRule(rule, limit), again, limitAgain, err)
		}
	}
}

func TestParseRuleTellsWhere(t *testing.T) {
	for text, column := range map[string]int{
		"required(a b)": 10, "rows é > 'x": 10, "row_count": 10, "sum(é) > x": 10, "": 1, "sum(a)) > 1": 7,
	} {
		_, _, err := ParseRule(text)
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Where.Column != column {
			t.Errorf("%q: %+v, want an Invalid fault at column %d", text, f, column)
		}
	}
}

// anyRule draws a rule that has a line of its own, with its limit.
func anyRule(t *rapid.T) (Rule, Limit) {
	column := rapid.OneOf(rapid.StringMatching(`[a-zA-Z_][a-z0-9_]{0,8}`), rapid.StringMatching(`[ -~é]{1,6}`), rapid.SampledFrom([]string{"case", "End", "select", "by", "over"}))
	columns := rapid.SliceOfNDistinct(column, 1, 3, strings.ToLower)
	expr := rapid.SampledFrom([]string{"sum(amount)", "avg(a + b)", "count(distinct x)", "max(case when a > 1 then 2 end)", "sum(a) / nullif(sum(b), 0)", `min("by")`})
	number := rapid.StringMatching(`-?[1-9][0-9]{0,5}(\.[0-9]{1,4})?`)
	plain := rapid.StringN(1, 6, 20)
	kind := rapid.SampledFrom([]RuleKind{Required, Unique, Duplicates, Accepted, Range, Pattern, References, RowCount, Freshness, SchemaRule, RowRule, Metric, Deviation}).Draw(t, "kind")
	rule, limit := Rule{Kind: kind}, broken
	compare := Limit{Op: rapid.SampledFrom([]string{">", ">=", "<", "<=", "=", "!="}).Draw(t, "op"), Value: number.Draw(t, "limit")}
	switch kind {
	case Required, Unique:
		rule.Columns = columns.Draw(t, "columns")
	case Duplicates:
		rule.Columns, limit = columns.Draw(t, "columns"), compare
		limit.Share = rapid.Bool().Draw(t, "share")
	case Accepted:
		rule.Columns, rule.Values = []string{column.Draw(t, "column")}, rapid.SliceOfN(rapid.String(), 1, 3).Draw(t, "values")
	case Range:
		rule.Columns, rule.Min = []string{column.Draw(t, "column")}, rapid.OneOf(number, plain).Draw(t, "min")
	case Pattern:
		rule.Columns, rule.Regex = []string{column.Draw(t, "column")}, rapid.StringMatching(`[a-z' ]{1,8}`).Draw(t, "regex")
	case References:
		rule.Columns, rule.Other = columns.Draw(t, "columns"), "schema.table"
		rule.OtherColumns = rapid.SliceOfN(column, len(rule.Columns), len(rule.Columns)).Draw(t, "other")
	case Freshness:
		rule.Columns = []string{column.Draw(t, "column")}
		rule.Within = time.Duration(rapid.IntRange(1, 1e6).Draw(t, "seconds")) * time.Second
	case RowRule:
		rule.Expr = "a > 1 and " + expr.Draw(t, "expr")
	case RowCount, Metric, Deviation:
		if kind != RowCount {
			rule.Expr = expr.Draw(t, "expr")
		}
		if rapid.Bool().Draw(t, "segmented") {
			rule.By = rapid.SliceOfN(rapid.SampledFrom([]string{"country", "day(x)", "coalesce(a, 'b, by c')"}), 1, 2).Draw(t, "by")
		}
		switch {
		case kind == Deviation:
			rule.K, rule.Days = float64(rapid.IntRange(1, 100).Draw(t, "k"))/10, rapid.IntRange(2, 400).Draw(t, "days")
			if rapid.Bool().Draw(t, "overs") {
				rule.Over = column.Draw(t, "over")
			}
		case rapid.Bool().Draw(t, "bounded"):
			rule.Min, rule.Max = "-1", number.Filter(func(n string) bool { return n[0] != '-' }).Draw(t, "max")
		default:
			limit = compare
		}
	}
	return rule, limit
}

func TestFormattedRulesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule, limit := anyRule(t)
		if strings.Contains(rule.Min+strings.Join(rule.Values, ""), "\x00") {
			t.Skip()
		}
		line := FormatRule(rule, limit)
		again, limitAgain, err := ParseRule(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if diff := cmp.Diff(rule, again); diff != "" || limit != limitAgain {
			t.Fatalf("%s (-want +got) %v %v:\n%s", line, limit, limitAgain, diff)
		}
		if name := autoName(rule); len(name) > longestName || !isCheckName(strings.Map(ascii, name)) {
			t.Fatalf("the name %q of %s", name, line)
		}
	})
}

// ascii stands in for letters of other scripts.
func ascii(r rune) rune {
	if r >= 0x80 {
		return 'x'
	}
	return r
}

func FuzzParseRule(f *testing.F) {
	for _, text := range []string{
		"required(a)", "row_count between 1 and 2", "sum(a) by b over c within 2 stddev of last 3 days", "rows 'x", "range(a, , 1e400)",
		"references(a.b.c)", "duplicates(a) < 1 %", "sum(a) > 1e99999999999", "$a$ > 1", "case end > 1", "freshness(a) < 1e300 days", "pattern(a, '(((((((')",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rule, limit, err := ParseRule(text)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		line := FormatRule(rule, limit)
		if again, _, err := ParseRule(line); err != nil || cmp.Diff(rule, again) != "" {
			t.Errorf("%q is written %q: %v\n%s", text, line, err, cmp.Diff(rule, again))
		}
		_ = autoName(rule)
	})
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"15 minutes": 15 * time.Minute, "1 hour": time.Hour, "3 Days": 72 * time.Hour, "2 weeks": 14 * 24 * time.Hour,
		"1 day 6 hours": 30 * time.Hour, "1.5 hours": 90 * time.Minute, "90 seconds": 90 * time.Second,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%s is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "1", "hour", "1 fortnight", "-1 hours", "0 days", "1 hour 2", "NaN days", "1e300 weeks", "1h"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		want := time.Duration(rapid.Int64Range(1, 1e7).Draw(t, "seconds")) * time.Second
		if got, err := ParseDuration(FormatDuration(want)); err != nil || got != want {
			t.Fatalf("%v is written %q and read %v, %v", want, FormatDuration(want), got, err)
		}
	})
}
