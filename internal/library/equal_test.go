package library

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/larder-data/larder/internal/pgtest"
	"github.com/larder-data/larder/internal/table"
)

// tuples is how many argument lists each function is tried with.
const tuples = 1200

// edges are the values that go wrong, by type; "" is NULL and “ (two quotes) the
// empty text.
var edges = map[string][]string{
	"decimal": {
		"", "0", "1", "-1", "0.005", "-0.005", "0.015", "0.025", "2.5", "-2.5", "2.675", "1.005", "0.0000000001", "-0.0000000001", "0.00000000005",
		"99999999999999999.9999999999", "-99999999999999999.9999999999", "12345678901234567", "3", "7", "-3", "10", "100.00", "19.99", "33.33", "66.665",
		"0.1", "0.2", "0.175", "1.175", "0.85655", "1000000", "999999999.99", "-999999999.995", "49.995", "0.4999999999", "0.5", "0.5000000001", "1e-10", "13", "1.5",
	},
	"double": {"", "0", "1", "-1", "0.1", "3", "1e100", "-1e100", "1e-100", "2.5", "7", "123456.789", "-0.3"},
	"date": {
		"", "2024-01-01", "2024-02-28", "2024-02-29", "2024-03-01", "2023-02-28", "2023-03-01", "1900-02-28", "1900-03-01", "2000-02-29", "2100-02-28", "2024-12-31", "2025-01-01",
		"2020-12-31", "2021-01-03", "2021-01-04", "2016-01-03", "2015-12-31", "2024-03-31", "2024-10-27", "2024-03-30", "2024-01-31", "2024-04-30", "2024-05-31", "2024-12-25",
		"2024-12-27", "2024-12-28", "2024-12-29", "2024-12-30", "1969-12-31", "1970-01-01", "0004-02-29", "0010-01-01", "9998-12-31", "2023-01-28", "2023-01-29", "2024-02-03", "2024-02-04",
		"2025-02-01", "2025-02-02", "2026-07-15", "1752-09-14", "2024-11-29", "2030-02-03",
	},
	"date[]": {"", "{}", "{2024-12-25,2024-12-26}", "{2024-12-25,2024-12-25,2024-12-28,2025-01-01}", "{2024-01-01,NULL,2024-02-29}", "{2020-12-31,2021-01-01,2021-01-04,2021-01-05}", "{1970-01-01}"},
	"timestamp": {
		"", "2024-03-31 00:59:59", "2024-03-31 01:00:00", "2024-03-31 02:00:00", "2024-10-27 00:30:00", "2024-10-27 01:30:00", "2024-10-27 02:30:00", "2024-02-29 23:59:59.999999",
		"2024-03-01 00:00:00", "2024-12-31 23:59:59", "2025-01-01 00:00:00", "2025-01-01 00:30:00", "2025-01-01 00:30:00.000001", "1969-12-31 23:45:00", "1970-01-01 00:00:00",
	},
	"bigint": {"", "0", "1", "-1", "2", "5", "-5", "6", "7", "-7", "12", "30", "100", "-100", "365", "1000", "-1000"},
	"varchar": {
		"", "``", " ", "a", "A", "  two  words ", "MARY o'neil", "Crème Brûlée", "ÉCLAIR ÀÇÑ", "straße", "ŁÓDŹ", "Žluťoučký kůň", "ΑΘΗΝΑ Σίσυφος", "МОСКВА ёлка", "İstanbul ıI", "日本 語", "😀 smile", "e\u0301", "ǅ", "ﬁ",
		"tab\there", "line\nbreak", "nb\u00a0sp", "zero\u200bwidth", "\ufeffbom", "a'b\"c\\d", "100%_x", "null", "0", "-0", "+1", "1.", "1.5", ".5", "1e5", "0042", "12345678901234567", "123456789012345678",
		"1234567890123456789", "12345678901234567.0123456789", "1.01234567890", "--1", "1,000", "2024-02-29", "2023-02-29", "2024-04-31", "0000-01-01", "2024-13-01", "2024-1-1", "9999-12-31", "2024-00-10",
		"ada@example.com", " Ada@Example.COM ", "a@b", "a@b.", "@b.c", "a b@c.de", "a@@b.c", "ÀÉ@EXÄMPLE.FR", "020 7946 0018", "+44 (0)20 7946 0018", "0044 20 7946 0018", "(0)20", "12", "+", "00", "1-800-555-0199",
		"4111111111111111", "4111111111111112", "79927398713", "00", "0000000000000000000", "18", "4006381333931", "4006381333932", "96385074", "036000291452", "10614141000415", "400638133393", "9638507", "03600029145", "1061414100041",
		"１２３", strings.Repeat("long Wörd ", 300), strings.Repeat("9", 400),
	},
	"any": {"", "0", "1", "-1", "99.99", "100", "0.0000000001"},
}

// named are the values of arguments that mean something special.
var named = map[string][]string{
	"scale":                 {"0", "1", "2", "2", "2", "3", "4", "6", "8", "10", "-1", "11", ""},
	"starts_on":             {"1", "2", "3", "4", "5", "6", "7", ""},
	"start_month":           {"1", "2", "4", "7", "10", "12", "0", "13", "-1", ""},
	"year":                  {"1900", "1999", "2000", "2012", "2017", "2022", "2023", "2024", "2025", "2026", "2028", "2100", "1", "9998", ""},
	"week":                  {"-1", "0", "1", "4", "5", "8", "9", "10", "13", "14", "26", "27", "39", "40", "48", "52", "53", "54", ""},
	"pattern":               {"445", "454", "544", "444", "``", ""},
	"country_code":          {"44", "1", "49", "+44", "0", "``", "", "420"},
	"months":                {"0", "1", "-1", "2", "11", "12", "13", "-12", "23", "-25", "48", ""},
	"gap_minutes":           {"0", "30", "1", "60", "-1", "1440", ""},
	"buckets":               {"1", "2", "10", "100", "1000", "0", "-1", "2147483647", ""},
	"place":                 {"1", "2", "3", "0", "10", ""},
	"total":                 {"100", "100.00", "0", "0.01", "-100", "-0.07", "1000000", "12345678901.23", "99.999", "5", "7", "-1", ""},
	"weight":                {"0", "1", "2", "3", "0.5", "0.333", "1000000", "19.99", "-1", ""},
	"weights":               {"3", "7", "1", "100.00", "12.5", "0", "33.333", "1000001", ""},
	"before":                {"0", "1", "2.5", "19.99", "1000", ""},
	"percent_change before": {"80", "0", "-20", "0.01", "3", "1000000", "99999999999999999", ""},
	"percent_of whole":      {"80", "0", "-20", "0.01", "3", "1000000", "99999999999999999", ""},
	"rate":                  {"0", "0.2", "0.175", "-0.5", "-1", "0.05", "1", "19.6", "0.85655", "1.17", ""},
}

// spread are days and months that keep within years 1 to 9999.
func valuesOf(f Function, p Param) []string {
	if f.Name == "add_months" || f.Name == "month_end" || f.Name == "add_business_days" || strings.HasPrefix(f.Name, "next_") || strings.HasPrefix(f.Name, "previous_") {
		if p.Type == "date" {
			return edges["date"][:31]
		}
	}
	if values := named[f.Name+" "+p.Name]; values != nil {
		return values
	}
	if values := named[strings.Trim(p.Name, `"`)]; values != nil {
		return values
	}
	if p.Type == "timestamptz" {
		return edges["timestamp"]
	}
	return edges[p.Type]
}

// arguments draws argument lists: each value of each argument at least once,
// then any mix.
func arguments(f Function) [][]string {
	random := rand.New(rand.NewPCG(1, 2))
	out := make([][]string, tuples)
	for i := range out {
		for _, p := range f.Params {
			values := valuesOf(f, p)
			n := random.IntN(len(values))
			if i < len(values) {
				n = i
			}
			value := values[n]
			if i >= len(values) {
				value = mutated(random, f, p, value)
			}
			out[i] = append(out[i], value)
		}
	}
	return out
}

// mutated makes other values of an edge, so that there are many.
func mutated(random *rand.Rand, f Function, p Param, value string) string {
	switch {
	case f.Name == "try_date" && random.IntN(2) == 0:
		return fmt.Sprintf("%04d-%02d-%02d", random.IntN(9999), random.IntN(14), random.IntN(33))
	case f.Name == "normal_email" && random.IntN(2) == 0:
		return fmt.Sprintf("%s%d@Shop%d.Example%s", []string{"", " ", "É", "a@", "Ada."}[random.IntN(5)], random.IntN(100), random.IntN(100), []string{"", ".", " ", ".Com"}[random.IntN(4)])
	case strings.HasPrefix(f.Name, "gtin") && random.IntN(2) == 0:
		return fmt.Sprintf("%0*d", []int{7, 8, 11, 12, 13, 14}[random.IntN(6)], random.IntN(10_000_000))
	}
	if value == "" || named[p.Name] != nil {
		return value
	}
	switch p.Type {
	case "decimal":
		if random.IntN(2) == 0 {
			return fmt.Sprintf("%d.%0*d", random.IntN(200000)-100000, 1+random.IntN(9), random.IntN(10))
		}
	case "varchar":
		switch random.IntN(6) {
		case 0:
			return strconv.Itoa(random.IntN(1_000_000_000)) + strconv.Itoa(random.IntN(10_000_000))
		case 1:
			return string([]rune{rune(0x20 + random.IntN(0x5e0)), 'x', rune(0x1e00 + random.IntN(0x200)), ' ', rune(0x370 + random.IntN(0x190))}) + value
		}
	}
	return value
}

// literal is a value as SQL, typed.
func literal(value, kind string) string {
	of := types[kind][DuckDB]
	if kind == "double" {
		of = "double precision"
	}
	if kind == "any" {
		of = "decimal(27,10)"
	}
	switch {
	case value == "":
		return "null::" + of
	case value == "``":
		value = ""
	case kind == "decimal" || kind == "any":
		return value + "::" + of
	case kind == "double":
		return "'" + value + "'::double precision"
	case kind == "date[]":
		days := strings.Trim(value, "{}")
		if days == "" {
			return "array[]::date[]"
		}
		return "array['" + strings.ReplaceAll(strings.ReplaceAll(days, ",", "','"), "'NULL'", "null") + "']::date[]"
	}
	return table.Literal(value) + "::" + of
}

// inputs is the FROM clause that holds the argument lists.
func inputs(f Function, rows [][]string) string {
	var b strings.Builder
	b.WriteString("(values ")
	for i, row := range rows {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, "(%d", i)
		for n, value := range row {
			b.WriteString(", " + literal(value, f.Params[n].Type))
		}
		b.WriteByte(')')
	}
	b.WriteString(") as t(i")
	for n := range f.Params {
		fmt.Fprintf(&b, ", a%d", n)
	}
	return b.String() + ")"
}

func call(f Function) string {
	var args []string
	for n := range f.Params {
		args = append(args, fmt.Sprintf("a%d", n))
	}
	return "larder." + f.Name + "(" + strings.Join(args, ", ") + ")"
}

// failed stands for an error as an answer.
const failed = "an error"

// onDuck evaluates the rows of the table input: those that are thought to be
// right at once, halved until it is known which are not, the others one by one.
func onDuck(t *testing.T, db *sql.DB, f Function, fails []bool) []*string {
	t.Helper()
	out := make([]*string, len(fails))
	var right func(from, to int)
	right = func(from, to int) {
		err := duckBatch(db, f, fmt.Sprintf("i >= %d and i < %d and not fails", from, to), out)
		switch {
		case err == nil:
		case to-from == 1:
			out[from] = failure(t, f, err)
		default:
			right(from, (from+to)/2)
			right((from+to)/2, to)
		}
	}
	right(0, len(fails))
	for i, yes := range fails {
		if !yes {
			continue
		}
		if err := duckBatch(db, f, fmt.Sprintf("i = %d", i), out); err != nil {
			out[i] = failure(t, f, err)
		}
	}
	return out
}

func failure(t *testing.T, f Function, err error) *string {
	t.Helper()
	for _, kind := range []string{"Binder", "Parser", "Catalog"} {
		if strings.Contains(err.Error(), kind) {
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
	text := failed
	return &text
}

func duckBatch(db *sql.DB, f Function, where string, out []*string) error {
	result, err := db.Query("select i, (" + call(f) + ")::varchar from input where " + where)
	if err != nil {
		return err
	}
	defer result.Close()
	for result.Next() {
		var i int
		var value sql.NullString
		if err := result.Scan(&i, &value); err != nil {
			return err
		}
		out[i] = nil
		if value.Valid {
			out[i] = &value.String
		}
	}
	return result.Err()
}

// prepareDuck makes the table input, with which rows are thought to fail.
func prepareDuck(t *testing.T, db *sql.DB, f Function, rows [][]string, fails []bool) {
	t.Helper()
	var list []string
	for i, yes := range fails {
		if yes {
			list = append(list, strconv.Itoa(i))
		}
	}
	query := "create or replace table input as select *, i in (-1" + strings.Join(append([]string{""}, list...), ", ") + ") as fails from " + inputs(f, rows)
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}

// onPostgres evaluates all rows, errors caught one by one.
func onPostgres(t *testing.T, pg *pgtest.Server, f Function, rows [][]string) []*string {
	t.Helper()
	lines, err := pg.Psql("postgres", evaluation(f, rows)...)
	if err != nil || len(lines) != len(rows) {
		t.Fatalf("PostgreSQL: %d answers, %v", len(lines), err)
	}
	out := make([]*string, len(rows))
	for i, line := range lines {
		if err := json.Unmarshal([]byte(line), &out[i]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func evaluation(f Function, rows [][]string) []string {
	return []string{
		"drop table if exists input", "create table input as select * from " + inputs(f, rows),
		fmt.Sprintf(`do $do$ declare r record; answer text; begin
			create temp table answers (i int, answer text);
			begin
				insert into answers select i, (%[1]s)::text from input;
			exception when others then
				for r in select * from input loop
					begin
						select (%[2]s)::text into answer;
						insert into answers values (r.i, answer);
					exception when others then insert into answers values (r.i, '%[3]s');
					end;
				end loop;
			end;
		end $do$`, call(f), strings.NewReplacer("(a", "(r.a", ", a", ", r.a").Replace(call(f)), failed),
		"select coalesce(to_json(answer)::text, 'null') from answers order by i", "drop table answers",
	}
}

func TestEqualOnEveryEngine(t *testing.T) {
	db, pg := duck(t), postgres(t)
	for _, f := range Functions() {
		if f.Form != Scalar {
			continue
		}
		t.Run(f.Name+"/"+strconv.Itoa(len(f.Params)), func(t *testing.T) {
			rows := arguments(f)
			fromPostgres := onPostgres(t, pg, f, rows)
			fails := make([]bool, len(rows))
			for i, answer := range fromPostgres {
				fails[i] = answer != nil && *answer == failed
			}
			prepareDuck(t, db, f, rows, fails)
			fromDuck := onDuck(t, db, f, fails)
			counts := map[string]int{}
			wrong := 0
			for i := range rows {
				a, b := shown(f, fromDuck[i]), shown(f, fromPostgres[i])
				counts[kindOf(a)]++
				if a != b {
					if wrong++; wrong <= 5 {
						t.Errorf("%s(%q): DuckDB %s, PostgreSQL %s", f.Name, rows[i], a, b)
					}
				}
				if want, known := modelled(f, rows[i]); known && want != a {
					if wrong++; wrong <= 5 {
						t.Errorf("%s(%q): %s, want %s", f.Name, rows[i], a, want)
					}
				}
			}
			t.Logf("%v", counts)
			if counts["a value"] < 100 {
				t.Errorf("too few answers are values: %v", counts)
			}
		})
	}
}

func kindOf(answer string) string {
	switch answer {
	case "NULL", failed:
		return answer
	}
	return "a value"
}

// shown is an answer as it is compared: floats as numbers.
func shown(f Function, answer *string) string {
	if answer == nil {
		return "NULL"
	}
	if f.Returns == "double" {
		if x, err := strconv.ParseFloat(*answer, 64); err == nil {
			return strconv.FormatFloat(x, 'g', -1, 64)
		}
	}
	return *answer
}
