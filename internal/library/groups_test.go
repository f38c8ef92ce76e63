package library

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// group is the rows an aggregate sees.
type group struct {
	decimals []string // "" is NULL
	days     []string
	texts    []string
}

// manyGroups are 1,000 groups of 0 to 8 rows, full of ties and NULLs.
func manyGroups() []group {
	random := rand.New(rand.NewPCG(3, 4))
	pick := func(values []string) string { return values[random.IntN(len(values))] }
	out := make([]group, 1000)
	for i := range out {
		for range 1 + random.IntN(8) {
			out[i].decimals = append(out[i].decimals, pick(edges["decimal"][:20]))
			out[i].days = append(out[i].days, pick(edges["date"][:5+random.IntN(20)]))
			out[i].texts = append(out[i].texts, pick(edges["varchar"][:20]))
		}
	}
	return out
}

func groupRows(groups []group) string {
	var rows []string
	for i, g := range groups {
		for n := range g.decimals {
			rows = append(rows, fmt.Sprintf("(%d, %s, %s, %s, %s)", i, literal(g.decimals[n], "decimal"), literal(g.days[n], "date"),
				literal(g.days[n], "timestamp"), literal(g.texts[n], "varchar")))
		}
	}
	return "(values " + strings.Join(rows, ",\n") + ") as t(g, x, d, ts, s)"
}

// answers asks for one text a group.
func answers(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		out = append(out, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAggregatesAreEqualOnEveryEngine(t *testing.T) {
	db, pg := duck(t), postgres(t)
	groups := manyGroups()
	from := groupRows(groups)
	calls := []string{
		"larder.median(x)", "larder.percentile(x, 0)", "larder.percentile(x, 0.1)", "larder.percentile(x, 0.5)", "larder.percentile(x, 0.75)", "larder.percentile(x, 1)", "larder.percentile(x, 1.5)",
		"larder.first_by(x, d)", "larder.last_by(x, d)", "larder.first_by(s, d)", "larder.last_by(s, ts)", "larder.first_by(s, x)", "larder.last_by(d, x)", "larder.last_by(x > 0, ts)",
		"larder.first_by(s, ts::timestamptz)", "larder.last_by(x, x)",
	}
	for _, call := range calls {
		query := "select md5(coalesce((" + call + ")::varchar, 'NULL')) || ' ' || g::varchar from " + from + " group by g order by g"
		lines, err := pg.Psql("postgres", query)
		if diff := cmp.Diff(answers(t, db, query), lines); diff != "" || err != nil || len(lines) != len(groups) {
			t.Errorf("%s (-DuckDB +PostgreSQL): %v\n%s", call, err, diff)
		}
	}
	for i, got := range answers(t, db, "select coalesce(larder.median(x)::varchar, 'NULL') from "+from+" group by g order by g") {
		if want := medianModel(groups[i].decimals); got != want {
			t.Errorf("median of %v: %s, want %s", groups[i].decimals, got, want)
		}
	}
}

func medianModel(values []string) string {
	values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
	if len(values) == 0 {
		return "NULL"
	}
	slices.SortFunc(values, func(a, b string) int { return rat(a).Cmp(rat(b)) })
	low, high := rat(values[(len(values)-1)/2]), rat(values[len(values)/2])
	sum := low.Add(low, high)
	return rounded(sum.Quo(sum, rat("2")), 10, false).FloatString(10)
}

func TestSpinesAreEqualOnEveryEngine(t *testing.T) {
	db, pg := duck(t), postgres(t)
	random := rand.New(rand.NewPCG(5, 6))
	var queries, wants []string
	for _, name := range []string{"date_spine", "month_spine"} {
		for range 1000 {
			from := date("2023-11-15").AddDate(0, 0, random.IntN(500))
			to := from.AddDate(0, 0, random.IntN(100)-5)
			if random.IntN(2) == 0 {
				from = date(edges["date"][1+random.IntN(20)])
				to = from.AddDate(0, 0, random.IntN(60)-5)
			}
			queries = append(queries, fmt.Sprintf("select coalesce(string_agg(day::varchar, ',' order by day), '') from larder.%s(date '%s', date '%s')",
				name, from.Format("2006-01-02"), to.Format("2006-01-02")))
			var days []string
			for d := from; name == "date_spine" && !d.After(to); d = d.AddDate(0, 0, 1) {
				days = append(days, d.Format("2006-01-02"))
			}
			for d := from.AddDate(0, 0, 1-from.Day()); name == "month_spine" && !d.After(to); d = d.AddDate(0, 1, 0) {
				days = append(days, d.Format("2006-01-02"))
			}
			wants = append(wants, strings.Join(days, ","))
		}
	}
	lines, err := pg.Psql("postgres", queries...)
	if diff := cmp.Diff(wants, lines); diff != "" || err != nil {
		t.Errorf("PostgreSQL (-want +got): %v\n%.2000s", err, diff)
	}
	for i, query := range queries {
		if got, err := ask(t, db, query); got != wants[i] || err != nil {
			t.Errorf("DuckDB %s: %s, want %s (%v)", query, got, wants[i], err)
		}
	}
}

// TestAllocationLosesNothing holds both methods to their promises over random
// totals and weights: shares add up, and none is a penny away from its due.
func TestAllocationLosesNothing(t *testing.T) {
	db := duck(t)
	random := rand.New(rand.NewPCG(7, 8))
	var rows []string
	for g := range 1000 {
		total := fmt.Sprintf("%d.%02d", random.IntN(20000)-10000, random.IntN(100))
		for n := range 1 + random.IntN(12) {
			rows = append(rows, fmt.Sprintf("(%d, %d, %s::decimal(18,2), %d.%03d::decimal(18,3))", g, n, total, random.IntN(100), 1+random.IntN(999)))
		}
	}
	query := `with lines as (select g, n, total, weight, sum(weight) over (partition by g) as weights,
			coalesce(sum(weight) over (partition by g order by n rows between unbounded preceding and 1 preceding), 0) as before
		from (values ` + strings.Join(rows, ",") + `) as t(g, n, total, weight)),
		cut as (select *, larder.allocate(total, weight, before, weights, 2) as running,
			larder.allocate_floor(total, weight, weights, 2) as floor, larder.allocate_rest(total, weight, weights, 2) as rest from lines),
		ranked as (select *, row_number() over (partition by g order by rest desc, n) as place, sum(floor) over (partition by g) as floors from cut),
		shared as (select *, larder.allocate_top(total, floor, floors, 2, place) as largest from ranked)
		select count(*)::varchar || ' of ' || sum(case when total = running and total = largest and near then 1 else 0 end)::varchar from (
			select g, any_value(total) as total, sum(running) as running, sum(largest) as largest,
				bool_and(abs(running - total::double * weight / weights) < 0.0101 and abs(largest - total::double * weight / weights) < 0.0101) as near
			from shared group by g)`
	if got := answers(t, db, query); !slices.Equal(got, []string{"1000 of 1000"}) {
		t.Errorf("%v are right", got)
	}
}
