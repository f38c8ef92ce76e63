package compile

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/library"
)

// portableData is two tables with what engines read differently: NULLs, ties,
// halves, letters of several languages. Both engines read this text.
var portableData = []string{
	"create schema shop",
	`create table shop.t (id integer, a integer, b bigint, x decimal(18,2), y decimal(18,4), f double precision, s varchar, u varchar, d date, e date, ts timestamp, tz timestamptz, ok boolean)`,
	`insert into shop.t values
		(1, 1, 10, 10.25, 3.3333, 2.5, 'apple', 'Straße', '2024-01-31', '2024-02-29', '2024-01-31 10:15:30.25', '2024-01-31 10:15:30+00', true),
		(2, 2, 20, 2.50, 0.1250, 3.5, 'Banana', 'İstanbul', '2024-02-29', '2023-12-31', '2024-03-31 01:30:00', '2024-03-31 00:30:00+00', false),
		(3, 3, 30, -7.05, 7.0000, -0.5, 'banana', ' Éclair', '2023-12-31', '2024-03-01', '2024-10-27 01:30:00', '2024-10-27 00:30:00+00', true),
		(4, null, 40, null, 1.0000, null, 'cherry', e'tab\t', '2025-01-01', '2024-01-01', '2024-05-05 23:59:59', '2024-07-01 23:30:00+00', null),
		(5, 5, 50, 0.01, 9.9999, 1e10, 'äpfel', 'i', null, '2024-02-01', null, null, true),
		(6, 0, 60, 99999.99, 0.0001, 0.1, 'Zebra', null, '2024-12-30', null, '2024-12-30 00:00:00', '2024-12-30 00:00:00+00', false),
		(7, 2, 70, 2.50, 2.0000, 1.0, null, 'e' || chr(769) || 'a', '2024-06-15', '2024-06-15', '2024-06-15 12:00:00', '2024-06-15 12:00:00+00', true)`,
	"create table shop.o (id integer, t_id integer, amount decimal(18,2))",
	`create table shop."Caps" ("OrderId" integer, place varchar)`,
	`insert into shop."Caps" values (1, 'x'), (2, 'y')`,
	"insert into shop.o values (1, 1, 5.00), (2, 1, 7.25), (3, 3, 1.10), (4, null, 2.00), (5, 9, 3.00)",
}

// snippet is one query with what both engines made of it.
type snippet struct {
	name, sql string
	verdict   string // same, differs, breaks
	detail    string
	findings  []Finding
}

func snippets(t testing.TB) []snippet {
	t.Helper()
	data, err := os.ReadFile("testdata/portability.sql")
	if err != nil {
		t.Fatal(err)
	}
	var out []snippet
	for _, part := range strings.Split("\n"+string(data), "\n-- ")[1:] {
		name, text, _ := strings.Cut(part, "\n")
		out = append(out, snippet{name: name, sql: strings.TrimSpace(text)})
	}
	return out
}

func portableTables(t testing.TB) []Table {
	return tables(t, `
shop.t: id integer, a integer, b bigint, x decimal(18,2), y decimal(18,4), f double, s varchar, u varchar, d date, e date, ts timestamp, tz timestamptz, ok boolean
shop.o: id integer, t_id integer, amount decimal(18,2)
shop.Caps: OrderId integer, place varchar
`)
}

// judged lints all snippets; those compile refuses for other reasons are linted
// all the same.
func judged(t testing.TB) []snippet {
	t.Helper()
	out := snippets(t)
	in := Input{TimeZone: "Europe/London", Tables: portableTables(t)}
	for i, s := range out {
		in.Models = append(in.Models, model(fmt.Sprintf("m.s%03d", i), s.sql))
	}
	r, _ := compileAll(t, in, Options{})
	for i := range out {
		found, err := r.Portability(context.Background(), fmt.Sprintf("m.s%03d", i), "postgres")
		if err != nil {
			t.Errorf("%s: %v", out[i].name, err)
		}
		out[i].findings = found
	}
	return out
}

func onDuckDB(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	functions, err := library.Statements(library.DuckDB)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(append([]string{"set timezone = 'Europe/London'"}, portableData...), functions...) {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%v\n%s", err, s)
		}
	}
	return db
}

// TestPortabilityIsWhatPostgresSays runs every snippet on both engines. What
// fails or differs in PostgreSQL must have a finding; what is the same must
// mostly have none.
func TestPortabilityIsWhatPostgresSays(t *testing.T) {
	all := judged(t)
	db, pg, r := onDuckDB(t), onPostgreSQL(t), renderer(t)
	counts := map[string]int{}
	var alarms []string
	for _, s := range all {
		params := renderParams(s.sql)
		ours, err := duckRows(db, must(r.Render(s.sql, library.DuckDB, params)))
		if err != nil {
			t.Errorf("%s: DuckDB: %s", s.name, firstLine(err.Error()))
			continue
		}
		theirs, err := postgresRows(pg, must(r.Render(s.sql, library.Postgres, params)))
		s.verdict = "same"
		if err != nil {
			s.verdict, s.detail = "breaks", firstLine(err.Error())
		} else if s.detail = difference(ours, theirs); s.detail != "" {
			s.verdict = "differs"
		}
		counts[s.verdict]++
		switch {
		case s.verdict != "same" && len(s.findings) == 0:
			t.Errorf("%s %s, and the lint is silent: %s\n%s", s.name, s.verdict, s.detail, s.sql)
		case s.verdict == "same" && len(s.findings) > 0:
			alarms = append(alarms, fmt.Sprintf("%s: %s", s.name, s.findings[0].What))
			if strings.HasPrefix(s.name, "same: ") {
				t.Errorf("%s is the same, and the lint says: %v", s.name, s.findings)
			}
		}
		if strings.HasPrefix(s.name, "same: ") && s.verdict != "same" {
			t.Errorf("%s is thought to be the same, and %s: %s", s.name, s.verdict, s.detail)
		}
	}
	t.Logf("%v; %d false alarms:\n%s", counts, len(alarms), strings.Join(alarms, "\n"))
	if len(all) < 150 || len(alarms)*10 > len(all) {
		t.Errorf("%d snippets, %d false alarms", len(all), len(alarms))
	}
}

// duckRows are a query's rows as psql would print them, sorted.
func duckRows(db *sql.DB, query string) ([]string, error) {
	rows, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	var out []string
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			return nil, err
		}
		var cells []string
		for i, v := range values {
			cells = append(cells, cellText(*v.(*any), columns[i].DatabaseTypeName()))
		}
		out = append(out, strings.Join(cells, "|"))
	}
	slices.Sort(out)
	return out, rows.Err()
}

func cellText(value any, kind string) string {
	switch v := value.(type) {
	case nil:
		return "~"
	case bool:
		return map[bool]string{true: "t", false: "f"}[v]
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32)
	case duckdb.Interval:
		switch {
		case v.Months != 0 || v.Micros != 0:
			return fmt.Sprint(v)
		case v.Days == 0:
			return "00:00:00"
		case v.Days == 1:
			return "1 day"
		}
		return fmt.Sprintf("%d days", v.Days)
	case duckdb.Decimal:
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.Scale)), nil)
		return new(big.Rat).SetFrac(v.Value, scale).FloatString(int(v.Scale))
	case time.Time:
		switch kind {
		case "DATE":
			return v.Format("2006-01-02")
		case "TIME":
			return v.Format("15:04:05.999999")
		case "TIMESTAMP":
			return v.Format("2006-01-02 15:04:05.999999")
		}
		zone, _ := time.LoadLocation("Europe/London")
		return v.In(zone).Format("2006-01-02 15:04:05.999999-07")
	}
	return fmt.Sprint(value)
}

// difference compares rows; numbers by value, floats to 15 digits.
func difference(ours, theirs []string) string {
	if len(ours) != len(theirs) {
		return fmt.Sprintf("%d rows and %d: %v and %v", len(ours), len(theirs), ours, theirs)
	}
	for i := range ours {
		a, b := strings.Split(ours[i], "|"), strings.Split(theirs[i], "|")
		if len(a) != len(b) {
			return fmt.Sprintf("%s and %s", ours[i], theirs[i])
		}
		for n := range a {
			x, isNumber := new(big.Rat).SetString(a[n])
			y, areNumbers := new(big.Rat).SetString(b[n])
			switch {
			case a[n] == b[n]:
			case isNumber && areNumbers && x.Cmp(y) == 0:
			case isNumber && areNumbers && strings.Contains(a[n], ".") && len(a[n]) > 15 && close15(x, y) && len(b[n]) <= 19:
			default:
				return fmt.Sprintf("%s and %s", ours[i], theirs[i])
			}
		}
	}
	return ""
}

func close15(x, y *big.Rat) bool {
	a, _ := x.Float64()
	b, _ := y.Float64()
	return math.Abs(a-b) <= 1e-15*math.Abs(a)
}

const portabilityHead = `# The portable subset

Models are DuckDB SQL. A project that builds on PostgreSQL too keeps to what both read alike. As soon as a target in ` + "`larder.yml`" + ` has
` + "`engine: postgres`" + `, every command holds the models against it, whatever target it works on:

- what *breaks* is refused by PostgreSQL: an error, unless an override, ` + "`name.postgres.sql`" + `, stands beside the model;
- what *differs* may return something else without a word: a warning of ` + "`larder validate`" + `, once for each model and difference.

` + "`larder validate --portable postgres`" + ` lists all places, also of a project that has no such target. A model that has SQL of its own for
PostgreSQL (see [models](models.md#other-engines)) is not looked at. A difference that does not matter is accepted in the model's
header, with the reason:
` + "```sql" + `
/* larder
portable:
  null_order: every order has a date
*/
` + "```" + `

Texts are the same in order and case: every column of text that Larder makes in PostgreSQL is collated by code point.

Functions are judged by a list of those that mean the same; any other is reported. What every retailer writes again is in the
schema ` + "`larder`" + `, equal on every engine: see [functions](functions.md).

Every line below, and more, is run on both engines by the tests: what PostgreSQL refuses or answers otherwise is never passed over.
This page is generated (` + "`go test ./internal/compile -run PortabilityDocumented -update`" + `).
`

// TestPortabilityDocumented keeps docs/portability.md.
func TestPortabilityDocumented(t *testing.T) {
	var b strings.Builder
	b.WriteString(portabilityHead)
	all := judged(t)
	for _, part := range []struct {
		severity    Severity
		title, head string
	}{
		{Breaks, "Refused by PostgreSQL", "| written | why | write instead |\n|---|---|---|\n"},
		{Differs, "Read otherwise by PostgreSQL", "| written | why | write instead | difference |\n|---|---|---|---|\n"},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n%s", part.title, part.head)
		told := map[string]bool{}
		for _, s := range all {
			for _, f := range s.findings {
				if key := f.What + f.Instead; f.Severity == part.severity && !told[key] {
					told[key] = true
					fmt.Fprintf(&b, "| %s | %s | %s |", code(s.sql), cell(f.What), code(f.Instead))
					if f.Rule != "" {
						fmt.Fprintf(&b, " %s |", code(f.Rule))
					}
					b.WriteByte('\n')
				}
			}
		}
	}
	b.WriteString("\n## Differences that may not matter\n\n| difference | does not matter where |\n|---|---|\n")
	for _, rule := range Rules() {
		fmt.Fprintf(&b, "| %s | %s |\n", code(rule), accepting[rule])
	}
	b.WriteString("\n## The same in both\n\nFunctions and operators, some with the exceptions above:\n\n" + code(strings.Join(append(sortedKeys(portable), sortedKeys(windows)...), " ")) + "\n\n")
	b.WriteString("```sql\n")
	for _, s := range all {
		if strings.HasPrefix(s.name, "same: ") {
			fmt.Fprintf(&b, "%s\n", s.sql)
		}
	}
	b.WriteString("```\n")
	golden(t, "../../docs/portability.md", b.String())
}

func code(text string) string {
	if strings.Contains(text, "`") {
		return cell("`` " + text + " ``")
	}
	return cell("`" + text + "`")
}

func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

// TestPortabilityPlaces holds findings to the place of what is written, behind
// parameters too.
func TestPortabilityPlaces(t *testing.T) {
	in := input(t, model("mart.m", "select order_id,\n    net / 2 as half,\n    strftime(ordered_on, '%Y') as y\nfrom shop.orders\nwhere ordered_at >= $start and $home = currency\n  and net % tax > 1"))
	r, err := compileAll(t, in, Options{})
	if err != nil {
		t.Fatal(pictureOfErrors(err))
	}
	found, err := r.Portability(t.Context(), "mart.m", "postgres")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, fmt.Sprintf("%s %s", f.Where, f.Severity))
		if f.What == "" || f.Instead == "" || f.Dataset != "mart.m" || !strings.Contains(f.Fault().Error(), f.What) {
			t.Errorf("not told whole: %+v", f)
		}
	}
	want := []string{"mart.m.sql:2:9 differs", "mart.m.sql:3:5 breaks", "mart.m.sql:6:11 differs"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q: %v", got, want, found)
	}
}

func TestPortabilityRefuses(t *testing.T) {
	r, err := compileAll(t, input(t, model("mart.m", "select order_id from shop.orders")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := r.Portability(t.Context(), "mart.m", "duckdb"); err != nil || found != nil {
		t.Errorf("duckdb: %v, %v", found, err)
	}
	if _, err := r.Portability(t.Context(), "mart.m", "oracle"); err == nil || !strings.Contains(err.Error(), "oracle") {
		t.Errorf("oracle: %v", err)
	}
	if _, err := r.Portability(t.Context(), "mart.none", "postgres"); err == nil || !strings.Contains(err.Error(), "mart.none") {
		t.Errorf("no model: %v", err)
	}
}

// BenchmarkPortability lints realistic models: CPU per model has to stay under
// five milliseconds.
func BenchmarkPortability(b *testing.B) {
	in := manyModels(b, 100, realisticSQL)
	r, err := Compile(context.Background(), in, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	before := cpu(b)
	n := 0
	for i := 0; b.Loop(); i++ {
		if _, err := r.Portability(context.Background(), in.Models[i%100].Dataset, "postgres"); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(n), "cpu-ms/model")
}
