package check

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

func replayOf(t testing.TB, d *duck, s Subject, past Past, history History, rules ...project.Check) Replay {
	t.Helper()
	s.Checks = rules
	found, err := (&Checker{Engine: d, Capabilities: duckCapabilities, History: history, Parallel: 2}).Replay(t.Context(), s, past)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// told is a replayed rule on one line.
func told(r Replayed) string {
	if r.NotReplayed != "" {
		return "not replayed: " + r.NotReplayed
	}
	out := fmt.Sprintf("%d evaluated, %d warned, %d held, %d learning, %d empty", r.Evaluated, r.Warned, r.Held, r.Learning, r.Empty)
	for _, d := range r.Days {
		out += fmt.Sprintf("; %s %s %s/%s", d.Day, d.Status, d.Value, d.Expected)
	}
	return out
}

// TestReplayJudgesAsCheckDoes: on random tables, each day's verdict is that of
// Check on a table of the day's rows alone; of a deviation, that of Check on
// the next day; of unique, that of the rows up to the day less those before it.
func TestReplayJudgesAsCheckDoes(t *testing.T) {
	t.Parallel()
	d := openDuck(t)
	d.exec(t, "create table t (a integer, b varchar, x decimal(18,2), day date); create table other as from t")
	s := d.subject(t, "main.t", engine.ParseRelation("main.t"))
	s.Relations = func(dataset string) (engine.Relation, []table.Column, bool) {
		return engine.ParseRelation(dataset), s.Columns, dataset == "main.other"
	}
	rules := []string{
		"required(a)", "required(a, b)", "accepted(b, 'p')", "range(x, 0, 1)", "rows a + x > 0", "row_count > 1", "sum(x) > 0",
		"sum(coalesce(x, 0)) by b > 0", "max(a) = 2", "references(a, main.other.a)", "pattern(b, '^p')",
		"row_count over day within 2 stddev of last 7 days", "sum(x) by b over day within 2 stddev of last 7 days",
	}
	ties := project.Check{Name: "ties", Block: &none, Rule: project.Rule{
		Kind: project.Reconcile, Expr: "sum(x)", By: []string{"b", "day"}, Other: "main.other", Tolerance: "0.5",
	}}
	rapid.Check(t, func(r *rapid.T) {
		const days = 3
		for _, name := range []string{"t", "other"} {
			d.exec(t, "truncate "+name)
			var rows []string
			for range rapid.IntRange(1, 40).Draw(r, "rows") {
				rows = append(rows, fmt.Sprintf("(%s, %s, %s, date '2011-06-01' + %d)", rapid.SampledFrom([]string{"0", "1", "2", "null"}).Draw(r, "a"),
					rapid.SampledFrom([]string{"'p'", "'q'", "null"}).Draw(r, "b"), rapid.SampledFrom([]string{"-1", "0.5", "2", "null"}).Draw(r, "x"),
					rapid.IntRange(8, 18).Draw(r, "day")))
			}
			d.exec(t, "insert into "+name+" values "+strings.Join(rows, ", "))
		}
		d.exec(t, "insert into t values (9, 'none', 9, null)")
		var checks []project.Check
		for i, text := range rapid.SliceOfN(rapid.SampledFrom(rules), 1, 3).Draw(r, "rules") {
			c := line(t, text)
			c.Name = fmt.Sprint(i, " ", text)
			if rapid.Bool().Draw(r, "restricted") {
				c.Rule.Where = "t.a > 0"
			}
			if rapid.Bool().Draw(r, "tolerant") && rowKind(c) {
				c.Block, c.Warn = failsShare(">", "50"), failsShare(">", "20")
			}
			checks = append(checks, c)
		}
		checks = append(checks, ties, line(t, "unique(a, b)"))
		s.AsOf = time.Date(2011, 6, 18, 0, 0, 0, 0, s.TimeZone)
		got := replayOf(t, d, s, Past{Days: days}, nil, checks...)
		want := make([]Replayed, len(checks))
		for back := days; back > 0; back-- {
			day := time.Date(2011, 6, 18-back, 0, 0, 0, 0, time.UTC)
			for _, name := range []string{"t", "other"} {
				d.exec(t, "create or replace table day_"+name+" as select * from "+name+" where day = "+dayLiteral(day))
			}
			for i, c := range checks {
				onItsOwn(t, d, s, c, day, &want[i])
			}
		}
		for i, c := range checks {
			want[i].Check, want[i].Rule, want[i].Over = c.Name, c.Text, "day"
			if diff := cmp.Diff(want[i], got.Rules[i], cmpopts.EquateEmpty()); diff != "" {
				r.Fatalf("%s where %s: %s", c.Name, c.Rule.Where, diff)
			}
		}
		if got.Undated != 1 {
			r.Fatalf("%d rows have no day", got.Undated)
		}
	})
}

func rowKind(c project.Check) bool {
	switch c.Rule.Kind {
	case project.Required, project.Accepted, project.Range, project.RowRule, project.References, project.Pattern:
		return true
	default:
		return false
	}
}

// onItsOwn judges a day with Check on the tables day_t and day_other.
func onItsOwn(t *testing.T, d *duck, s Subject, c project.Check, day time.Time, want *Replayed) {
	t.Helper()
	on := dayLiteral(day)
	count := func(sql string) int64 {
		batch, err := engine.ReadAll(t.Context(), d, sql, 0)
		if err != nil {
			t.Fatal(err)
		}
		return whole(batch.Rows[0][0])
	}
	where := "true"
	if c.Rule.Where != "" {
		where = c.Rule.Where
	}
	rows := count("select count(*) from t where day = " + on + " and (" + where + ")")
	s.AsOf = day.AddDate(0, 0, 1).Add(time.Hour)
	switch c.Rule.Kind {
	case project.Deviation:
	case project.Unique: // rows beyond the first of each key, up to the day less those up to the day before
		surplus := "select count(*) - count(distinct (a, b)) from t where (a is not null or b is not null) and day "
		n := count(surplus+"<= "+on) - count(surplus+"< "+on)
		if rows > 0 {
			result := state.Result{Status: state.Pass, Value: fmt.Sprint(n), Expected: "at most 0", Message: fmt.Sprintf("%d of %d rows repeat an earlier a, b", n, rows)}
			if n > 0 {
				result.Status = state.Block
			}
			want.count(c, day, &dayResult{result, rows})
		} else {
			want.Empty++
		}
		return
	default:
		if c.Rule.Kind == project.Reconcile {
			rows += count("select count(*) from other where day = " + on)
		}
		s.Relation = engine.ParseRelation("main.day_t")
		s.Relations = func(dataset string) (engine.Relation, []table.Column, bool) {
			relation := "main.day_other"
			if c.Rule.Kind != project.Reconcile {
				relation = dataset
			}
			return engine.ParseRelation(relation), s.Columns, true
		}
	}
	result := check(t, d, s, c)[0]
	switch {
	case rows == 0:
		want.Empty++
	case result.Status == state.Learning:
		want.Learning++
	case rowKind(c):
		want.count(c, day, &dayResult{result, rows})
	default:
		want.count(c, day, &dayResult{result, -1})
	}
}

func TestOneScanForAllDaysAndRules(t *testing.T) {
	d, s := open(t)
	s.AsOf = time.Date(2011, 6, 30, 9, 0, 0, 0, s.TimeZone)
	rules := []project.Check{
		line(t, "required(id)"), line(t, "range(amount, 0, 100)"), line(t, "accepted(country, 'France')"), line(t, "row_count > 1"), line(t, "sum(amount) > 0"),
	}
	before := d.statements.Load()
	found := replayOf(t, d, s, Past{Days: 90, Over: "sold_on"}, nil, rules...)
	if n := d.statements.Load() - before; n != 1 {
		t.Errorf("%d statements for 90 days and 5 rules", n)
	}
	if found.Undated != 1 {
		t.Errorf("%d rows have no day, want 1", found.Undated)
	}
	for i, want := range []string{
		"2 evaluated, 0 warned, 0 held, 0 learning, 88 empty",
		"2 evaluated, 0 warned, 1 held, 0 learning, 88 empty; 2011-06-29 block 1/at most 0",
		"2 evaluated, 0 warned, 1 held, 0 learning, 88 empty; 2011-06-29 block 1/at most 0",
		"2 evaluated, 0 warned, 1 held, 0 learning, 88 empty; 2011-06-28 block 1/more than 1",
		"2 evaluated, 0 warned, 0 held, 0 learning, 88 empty",
	} {
		if got := told(found.Rules[i]); got != want {
			t.Errorf("%s:\n got %s\nwant %s", found.Rules[i].Check, got, want)
		}
	}
}

func TestWhatCannotBeReplayedSaysWhy(t *testing.T) {
	d, s := open(t)
	for _, c := range []struct{ rule, want string }{
		{"required(id)", "not replayed: warehouse.lines has several columns that could tell the day of its rows: sold_on, sold_at, loaded_at"},
		{"freshness(loaded_at) < 1 day", "not replayed: when the rows of warehouse.lines arrived is not recorded, only what they hold"},
		{"schema", "not replayed: columns are declared once, not by day"},
		{"row_count within 2.5 stddev of last 14 days", "not replayed: it is held against its own earlier results, and none is recorded"},
		{"range(nothing, 0, 1)", "not replayed: warehouse.lines has no column nothing"},
	} {
		if got := told(replayOf(t, d, s, Past{Days: 5}, nil, line(t, c.rule)).Rules[0]); got != c.want {
			t.Errorf("%s: %s", c.rule, got)
		}
	}
	query := project.Check{Name: "q", Block: &none, Rule: project.Rule{Kind: project.Query, SQL: "select 1"}}
	never := project.Check{Name: "f", Warn: &none, Rule: project.Rule{Kind: project.Freshness, Within: time.Hour}}
	totals := project.Check{Name: "r", Block: &none, Rule: project.Rule{Kind: project.Reconcile, Expr: "sum(amount)", By: []string{"country"}, Other: "warehouse.raw"}}
	ungrouped := line(t, "sum(1 / (id - id)) < 1")
	found := replayOf(t, d, s, Past{Days: 5, Over: "sold_on"}, nil, query, never, totals, line(t, "amount > 3"), ungrouped)
	for i, want := range []string{
		"not replayed: a query of your own has no days",
		"not replayed: no publication of warehouse.lines is recorded",
		"not replayed: it compares no days with each other",
		"not replayed: ",
		"2 evaluated, 0 warned, 2 held, 0 learning, 3 empty; 2011-06-28 error /; 2011-06-29 error /",
	} {
		if got := told(found.Rules[i]); !strings.HasPrefix(got, want) {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
	s.Checks = []project.Check{line(t, "required(id)")}
	for _, over := range []string{"id", "nowhere"} {
		if _, err := (&Checker{Engine: d, Capabilities: duckCapabilities}).Replay(t.Context(), s, Past{Days: 5, Over: over}); err == nil {
			t.Errorf("days are taken from %s", over)
		}
	}
	s.Columns = s.Columns[:3]
	if got := told(replayOf(t, d, s, Past{Days: 5}, nil, line(t, "required(id)")).Rules[0]); got != "not replayed: warehouse.lines has no date or timestamp that tells the day of its rows" {
		t.Error(got)
	}
}

// TestTheColumnThatRulesNameTellsTheDay: of several columns, the only one that
// rules take days from.
func TestTheColumnThatRulesNameTellsTheDay(t *testing.T) {
	d, s := open(t)
	found := replayOf(t, d, s, Past{Days: 5}, nil, line(t, "required(id)"), line(t, "row_count over sold_at within 2.5 stddev of last 14 days"))
	if found.Over != "sold_at" || found.Rules[0].Over != "sold_at" || found.Rules[0].Evaluated != 2 || found.Rules[1].Learning != 2 {
		t.Errorf("%+v", found)
	}
}

// TestDaysAreThoseOfTheZone: shortly before midnight in UTC it is the next day
// in a London summer.
func TestDaysAreThoseOfTheZone(t *testing.T) {
	d := openDuck(t)
	d.exec(t, "create table late as select 1 as n, timestamptz '2011-06-27 23:30:00Z' as sold_at union all select 2, timestamptz '2011-06-28 23:30:00Z'")
	s := d.subject(t, "shop.late", engine.Relation{Schema: "main", Name: "late"})
	found := replayOf(t, d, s, Past{Days: 3}, nil, line(t, "max(n) > 5"))
	if got := told(found.Rules[0]); got != "2 evaluated, 0 warned, 2 held, 0 learning, 1 empty; 2011-06-28 block 1/more than 5; 2011-06-29 block 2/more than 5" {
		t.Error(got)
	}
}

func TestReplayOfFreshness(t *testing.T) {
	d := openDuck(t)
	d.exec(t, "create table x (sold_on date, _loaded_at timestamptz); create table x__loads as from x")
	d.exec(t, `insert into x__loads values ('2011-06-20', '2011-06-21 08:00:00+01'), ('2011-06-24', '2011-06-25 08:00:00+01'),
		('2011-06-25', '2011-06-28 08:00:00+01'), ('2011-06-28', '2011-06-29 08:00:00+01')`)
	s := d.subject(t, "lake.x", engine.Relation{Schema: "main", Name: "x"})
	fresh := line(t, "freshness(sold_on) < 1 day")
	past := Past{Days: 9, Arrivals: engine.Relation{Schema: "main", Name: "x__loads"}}
	for _, at := range []string{"2011-06-22T07:00:00Z", "2011-06-25T07:00:00Z", "2011-06-27T07:00:00Z"} {
		published, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		past.Publications = append(past.Publications, published)
	}
	published := project.Check{Name: "f", Block: &none, Rule: project.Rule{Kind: project.Freshness, Within: 30 * time.Hour}}
	found := replayOf(t, d, s, past, nil, fresh, published)
	for i, want := range []string{
		"9 evaluated, 6 warned, 0 held, 0 learning, 0 empty; 2011-06-22 warn 48h0m0s/at most 1 day; 2011-06-23 warn 72h0m0s/at most 1 day; " +
			"2011-06-24 warn 96h0m0s/at most 1 day; 2011-06-26 warn 48h0m0s/at most 1 day; 2011-06-27 warn 72h0m0s/at most 1 day; 2011-06-28 warn 72h0m0s/at most 1 day",
		"8 evaluated, 0 warned, 5 held, 1 learning, 0 empty; 2011-06-23 block 40h0m0s/at most 1 day 6 hours; 2011-06-24 block 64h0m0s/at most 1 day 6 hours; " +
			"2011-06-26 block 40h0m0s/at most 1 day 6 hours; 2011-06-28 block 40h0m0s/at most 1 day 6 hours; 2011-06-29 block 64h0m0s/at most 1 day 6 hours",
	} {
		if got := told(found.Rules[i]); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

// TestReplayOfADeviationWithoutAColumn: the check's own results of a day
// against those of the days before, as Check would have judged.
func TestReplayOfADeviationWithoutAColumn(t *testing.T) {
	d, s := open(t)
	rule := line(t, "sum(amount) within 2.5 stddev of last 14 days")
	history := &past{}
	for i := 30; i > 0; i-- {
		if i == 4 { // a day on which nothing ran
			continue
		}
		at := s.AsOf.AddDate(0, 0, -i)
		value := 50 + float64(i%3)
		if i == 2 {
			value = 500
		}
		history.values = append(history.values, state.Value{At: at.Add(-time.Hour), Number: 1e6}, state.Value{At: at, Number: value})
	}
	found := replayOf(t, d, s, Past{Days: 24}, history, rule)
	got := told(found.Rules[0])
	if want := "22 evaluated, 1 warned, 0 held, 1 learning, 1 empty; 2011-06-28 warn 500/"; !strings.HasPrefix(got, want) {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if found.Rules[0].Over != "" {
		t.Errorf("days of %s", found.Rules[0].Over)
	}
}
