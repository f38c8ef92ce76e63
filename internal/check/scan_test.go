package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

func planned(t *testing.T, s Subject, c engine.Capabilities, rules ...string) []Scan {
	t.Helper()
	for _, r := range rules {
		s.Checks = append(s.Checks, line(t, r))
	}
	scans, err := Plan(s, c)
	if err != nil {
		t.Fatal(err)
	}
	return scans
}

func TestPlanTakesTheCheapestStatements(t *testing.T) {
	_, s := open(t)
	rules := []string{
		"required(id)", "range(amount, 0, )", "sum(amount) > 0", "avg(amount) > 0", "row_count > 0", "unique(id)",
		"sum(amount) by country > 0", "count(*) by country > 0", "max(amount) by id > 0",
	}
	for _, c := range []struct {
		name string
		rows int64
		form engine.Form
		caps engine.Capabilities
		want []string
	}{
		{"many rows", 1_000_000, engine.Table, duckCapabilities, []string{
			"required(id)", "range(amount, 0, )", "sum(amount) by country > 0,count(*) by country > 0", "max(amount) by id > 0",
			"sum(amount) > 0,avg(amount) > 0", "unique(id)",
		}},
		{"many rows, no statistics", 1_000_000, engine.Table, engine.Capabilities{}, []string{
			"sum(amount) by country > 0,count(*) by country > 0", "max(amount) by id > 0",
			"required(id),range(amount, 0, ),sum(amount) > 0,avg(amount) > 0", "unique(id)",
		}},
		{"few rows", 1000, engine.Table, duckCapabilities, []string{
			"sum(amount) by country > 0,count(*) by country > 0", "max(amount) by id > 0",
			"required(id),range(amount, 0, ),sum(amount) > 0,avg(amount) > 0,unique(id)",
		}},
		{"billed per scan", 1_000_000, engine.Table, engine.Capabilities{BillsPerScan: true, PrunesByStats: true}, []string{
			"sum(amount) by country > 0,count(*) by country > 0", "max(amount) by id > 0",
			"required(id),range(amount, 0, ),sum(amount) > 0,avg(amount) > 0,unique(id)",
		}},
		{"view", -1, engine.View, duckCapabilities, []string{
			"sum(amount) by country > 0,count(*) by country > 0", "max(amount) by id > 0",
			"required(id),range(amount, 0, ),sum(amount) > 0,avg(amount) > 0,row_count > 0,unique(id)",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.Rows, s.Form = c.rows, c.form
			var got []string
			for _, scan := range planned(t, s, c.caps, rules...) {
				got = append(got, strings.Join(scan.Checks, ","))
				if scan.Why == "" || scan.SQL == "" {
					t.Errorf("unexplained: %+v", scan)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	s.Rows, s.Form = 12, engine.Table
	if scans := planned(t, s, duckCapabilities, "row_count > 0", "schema"); len(scans) != 0 {
		t.Errorf("what staging counted costs no scan: %+v", scans)
	}
}

func TestPlanTellsWhatCannotBeMeasured(t *testing.T) {
	_, s := open(t)
	s.Checks = []project.Check{line(t, "required(amuont)"), line(t, "required(id)")}
	s.Checks[0].Where = fault.Place{File: "models/lines.sql", Line: 7, Column: 5}
	scans, err := Plan(s, duckCapabilities)
	if len(scans) == 0 || err == nil || err.Error() != "models/lines.sql:7:5: check required(amuont): warehouse.lines has no column amuont" {
		t.Errorf("%v %v", scans, err)
	}
}

// TestPlansAgree: whatever is fused, split or pruned, the results are equal.
func TestPlansAgree(t *testing.T) {
	t.Parallel()
	d, full := open(t)
	empty := d.subject(t, "warehouse.lines", engine.ParseRelation("warehouse.nothing"))
	empty.Relations = full.Relations
	rules := []string{
		"required(id)", "required(country, amount)", "unique(id)", "unique(country, id)", "duplicates(id) < 10 %", "accepted(country, 'France')",
		"range(amount, 0, 20)", `range("unit price", 2, )`, "pattern(country, '^F')", "row_count > 3", "row_count by country < 2", "sum(amount) > 60",
		"avg(amount) by country > 20", "sum(coalesce(amount, 0)) by country, id > 0", "freshness(sold_at) < 1 hour", "rows amount > 0",
		`references("order", warehouse.customers.code)`, "sum(nowhere) > 0", "sum(cast(country as integer)) > 0", "max(big) > 1", "schema",
		"sum(amount) over sold_on within 2 stddev of last 14 days",
	}
	wheres := []string{"", "amount > 10", "country = 'France'", "false"}
	rapid.Check(t, func(r *rapid.T) {
		var checks []project.Check
		for i, text := range rapid.SliceOfN(rapid.SampledFrom(rules), 1, 12).Draw(r, "rules") {
			c := line(t, text)
			c.Name = fmt.Sprint(i)
			if c.Rule.Kind != project.SchemaRule {
				c.Rule.Where = rapid.SampledFrom(wheres).Draw(r, "where")
			}
			if rapid.Bool().Draw(r, "share") && c.Block != nil {
				c.Block.Share = true
			}
			checks = append(checks, c)
		}
		s, rows := full, int64(5)
		if rapid.Bool().Draw(r, "empty") {
			s, rows = empty, 0
		}
		run := func(rows int64, form engine.Form, caps engine.Capabilities, checks ...project.Check) []state.Result {
			s.Rows, s.Form, s.Checks = rows, form, checks
			results, err := (&Checker{Engine: d, Capabilities: caps, Parallel: 2}).Check(t.Context(), s)
			if err != nil {
				r.Fatal(err)
			}
			return results
		}
		var want []state.Result
		for _, c := range checks {
			want = append(want, run(-1, engine.Table, engine.Capabilities{}, c)...)
		}
		ignore := cmpopts.IgnoreFields(state.Result{}, "SQL", "Took")
		for name, got := range map[string][]state.Result{
			"few":    run(rows, engine.Table, duckCapabilities, checks...),
			"apart":  run(-1, engine.Table, duckCapabilities, checks...),
			"plain":  run(-1, engine.Table, engine.Capabilities{}, checks...),
			"view":   run(-1, engine.View, duckCapabilities, checks...),
			"billed": run(rows, engine.Table, engine.Capabilities{BillsPerScan: true}, checks...),
		} {
			if diff := cmp.Diff(want, got, ignore, cmp.Comparer(equalBatches)); diff != "" {
				r.Fatalf("%s: %s", name, diff)
			}
		}
	})
}

func equalBatches(a, b *table.Batch) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

func TestValidate(t *testing.T) {
	d, s := open(t)
	for _, c := range []struct {
		check string
		where string
		want  string // message | hint, "" for none
	}{
		{"required(id)", "", ""},
		{"sum(amount) by country > 0", "amount > 0", ""},
		{"sum(amount) over sold_on within 2.5 stddev of last 14 days", "", ""},
		{"required(amuont)", "", "warehouse.lines has no column amuont | did you mean amount?"},
		{"references(id, warehouse.customers.cod)", "", "warehouse.customers has no column cod | did you mean code?"},
		{"references(id, warehouse.custmers.code)", "", "there is no dataset warehouse.custmers | "},
		{"sum(amuont) > 0", "", `Binder Error: Referenced column "amuont" not found in FROM clause! | did you mean amount?`},
		{"amount > 0", "", "amount is no aggregate: it has a value for every row | write an aggregate such as sum(...), or a row rule: rows amount"},
		{"max(country) > 0", "", "max(country) is VARCHAR, not a number | "},
		{"max(country) by id within 2 stddev of last 14 days", "", "max(country) is VARCHAR, not a number | "},
		{"rows amount + 1", "", "amount + 1 is DECIMAL(18,2), not true or false | "},
		{"required(id)", "amount", "amount is DECIMAL(18,2), not true or false | "},
		{"sum(amount) within 2.5 stddev of last 3 days", "", "a deviation needs a number of stddev above 0 and at least 7 days | "},
		{"sum(amount) over country within 2 stddev of last 14 days", "", "country is VARCHAR; days are taken from a date or a timestamp | "},
		{"range(id, 'a', )", "", `"a" is not a number | `},
	} {
		t.Run(c.check+" "+c.where, func(t *testing.T) {
			k := line(t, c.check)
			k.Rule.Where, k.Where = c.where, fault.Place{File: "checks/a.yml", Line: 3}
			s.Checks = []project.Check{k}
			problems := Validate(t.Context(), d.columnsOf, s, duckCapabilities)
			got := ""
			for _, p := range problems {
				got += fmt.Sprintf("%v | %s", p.Err, p.Hint)
				if p.Where.Line != 3 || p.Kind != fault.Invalid {
					t.Errorf("place %v, kind %v", p.Where, p.Kind)
				}
			}
			if got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	base := []project.Check{line(t, "required(id)"), line(t, "sum( amount )  > 1000")}
	want := Version(base)
	same := []project.Check{line(t, "sum( amount ) > 1_000.00"), line(t, "required(id)")}
	same[0].Name, same[0].Rule.Expr = base[1].Name, "sum( /* all */  amount )"
	same[1].Tell, same[1].Description = "growth", "no order without a number"
	if got := Version(same); got != want {
		t.Errorf("order, format, receiver and comments make no difference: %s, %s", got, want)
	}
	for name, change := range map[string]func([]project.Check){
		"limit":    func(c []project.Check) { c[1].Block.Value = "1001" },
		"severity": func(c []project.Check) { c[0].Warn, c[0].Block = c[0].Block, nil },
		"name":     func(c []project.Check) { c[0].Name = "other" },
		"rule":     func(c []project.Check) { c[0].Rule.Columns = []string{"country"} },
		"where":    func(c []project.Check) { c[0].Rule.Where = "id > 0" },
		"share":    func(c []project.Check) { c[1].Block.Share = true },
	} {
		changed := slices.Clone(base)
		for i := range changed {
			limit := *changed[i].Block
			changed[i].Block = &limit
		}
		change(changed)
		if Version(changed) == want {
			t.Errorf("a changed %s is another version", name)
		}
	}
	if Version(nil) != "" {
		t.Error("no checks, no version")
	}
}
