package mysql_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/mariadbtest"
)

const columnsOf = `SELECT column_name, data_type FROM (DESCRIBE lake.db_rows) AS d(column_name, data_type) WHERE column_name NOT LIKE '\_%' ESCAPE '\'`

func TestEveryTypeArrivesAsItIs(t *testing.T) {
	y := newYard(t, mariadbtest.Start(t), "table: everything")
	y.client("SET sql_mode = ''", `CREATE TABLE everything (
		t1 tinyint, t1u tinyint unsigned, t2 smallint, t2u smallint unsigned, t3 mediumint, t3u mediumint unsigned, t4 int, t4u int unsigned,
		t8 bigint, t8u bigint unsigned, yes boolean, b1 bit(1), b64 bit(64), n decimal(12,2), nu decimal(5,2) unsigned, wide decimal(38,10), wider decimal(65,30),
		f float, d double, y year, day date, clock time(6), at datetime(6), whole datetime, instant timestamp(6) NULL,
		c char(4), v varchar(20), t text, raw varbinary(10), fixed binary(3), big longblob, e enum('glad', 'sad'), s set('a', 'b'), js json, u uuid, net inet6, spot point)`,
		`INSERT INTO everything VALUES (-128, 255, -32768, 65535, -8388608, 16777215, -2147483648, 4294967295, -9223372036854775808, 18446744073709551615,
		true, b'1', 0xFFFFFFFFFFFFFFFF, -0.05, 999.99, -1234567890123456789012345678.0123456789, -12345678901234567890123456789012345.000000000000000000000000000001,
		16777.217, 1e300, 2155, '9999-12-31', '23:59:59.999999', '1000-01-01 00:00:00.000001', '1969-12-31 23:59:59', '2026-03-29 01:30:00.5',
		'c', 'it''s é 🛒', 'line
two', 0x00ff, 0x0102, 0x00, 'sad', 'a,b', '{"a": 1.10}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '::1', POINT(1, 2))`,
		`INSERT INTO everything (t8, t8u, yes, b1, b64, n, nu, wide, f, d, y, day, clock, at, whole, instant, v) VALUES (9223372036854775807, 0, false, b'0', 5, 9999999999.99, 0, 0,
		0.1, 0.1, 0, '0000-00-00', '00:00:00', '2026-00-10 01:02:03', '0000-00-00 00:00:00', '2038-01-19 03:14:07', '')`,
		"INSERT INTO everything () VALUES ()")
	l := y.landed()
	for _, note := range []string{"day: 1 date that is no day such as 0000-00-00 left empty", "at: 1 date", "whole: 1 date"} {
		if !slices.ContainsFunc(l.Notes, func(n string) bool { return strings.HasPrefix(n, note) }) {
			t.Errorf("%q is not told: %q", note, l.Notes)
		}
	}
	y.same(y.rows(columnsOf), "at|TIMESTAMP", "b1|BOOLEAN", "b64|UBIGINT", "big|BLOB", "c|VARCHAR", "clock|TIME", "d|DOUBLE", "day|DATE", "e|VARCHAR", "f|FLOAT", "fixed|BLOB",
		"instant|TIMESTAMP WITH TIME ZONE", "js|JSON", "n|DECIMAL(12,2)", "net|VARCHAR", "nu|DECIMAL(5,2)", "raw|BLOB", "s|VARCHAR", "spot|BLOB", "t1u|UTINYINT", "t1|TINYINT",
		"t2u|USMALLINT", "t2|SMALLINT", "t3u|UINTEGER", "t3|INTEGER", "t4u|UINTEGER", "t4|INTEGER", "t8u|UBIGINT", "t8|BIGINT", "t|VARCHAR", "u|UUID", "v|VARCHAR",
		"whole|TIMESTAMP", "wider|VARCHAR", "wide|DECIMAL(38,10)", "yes|BOOLEAN", "y|SMALLINT")
	y.same(y.rows("SELECT t1, t1u, t2, t2u, t3, t3u, t4, t4u FROM lake.db_rows WHERE t1 < 0"), "-128|255|-32768|65535|-8388608|16777215|-2147483648|4294967295")
	y.same(y.rows("SELECT t8, t8u, yes, b1, b64, n, nu, wide, wider FROM lake.db_rows"),
		"-9223372036854775808|18446744073709551615|true|true|18446744073709551615|-0.05|999.99|-1234567890123456789012345678.0123456789|-12345678901234567890123456789012345.000000000000000000000000000001",
		"9223372036854775807|0|false|false|5|9999999999.99|0.00|0.0000000000|", "||||||||")
	y.same(y.rows(`SELECT f = 16777.217::FLOAT, d, "y", "day", clock, "at", whole, instant FROM lake.db_rows`),
		"false|0.1|0||00:00:00|||2038-01-18T21:44:07Z", // the session that wrote it was in +05:30
		"true|1e+300|2155|9999-12-31|23:59:59.999999|1000-01-01 00:00:00.000001|1969-12-31 23:59:59|2026-03-28T20:00:00.5Z", "|||||||")
	y.same(y.rows("SELECT c, v, t, raw, fixed, big, e, s, js, u, net, octet_length(spot) FROM lake.db_rows WHERE t1 < 0"),
		"c|it's é 🛒|line\ntwo|00ff|010200|00|sad|a,b|{\"a\": 1.10}|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|::1|25")
	y.same(y.rows("SELECT _file, _row FROM lake.db_rows"), "snapshot|1", "snapshot|2", "snapshot|3")
	if l := y.landed(); l.Changed {
		t.Error("nothing was new")
	}
	y.same(y.loads(), "snapshot: 3 rows, count 3 of 3")
}

// What people declare is what they get, exactly, or the load is held.
func TestDeclaredTypesAreKept(t *testing.T) {
	y := newYard(t, mariadbtest.Start(t), `table: odd
columns:
  id: bigint
  stars: {from: flag, type: smallint}
  price: decimal(10,3)
  born: {from: day, type: varchar}
  took: {from: span, type: varchar}
  counted: {from: words, type: integer}
  clear: {from: price, type: varchar}`)
	y.client("SET sql_mode = ''", "CREATE TABLE odd (id int, flag boolean, price decimal(8,2), day date, span time, words varchar(10), other int)",
		"INSERT INTO odd VALUES (1, 5, 1.25, '0000-00-00', '-838:59:59', '12', 7)")
	y.landed()
	y.same(y.rows(columnsOf), "born|VARCHAR", "clear|VARCHAR", "counted|INTEGER", "id|BIGINT", "price|DECIMAL(10,3)", "stars|SMALLINT", "took|VARCHAR")
	y.same(y.rows("SELECT * EXCLUDE (_load, _loaded_at) FROM lake.db_rows"), "1|5|1.250|0000-00-00|-838:59:59|12|1.25|snapshot|1")
	y.client("UPDATE odd SET words = 'twelve'")
	y.refused(fault.Held, "counted")
	y.describe("table: odd")
	y.refused(fault.Held, "column flag has a value that is no boolean")
	for _, wrong := range []struct{ column, says string }{
		{"flag: boolean", "column flag has a value that is no boolean"},
		{"span: time", "column span has a value that is no time"},
		{"price: decimal(2,1)", "column price has a value that is no decimal(2,1)"},
		{"flag: utinyint\n  id: utinyint", ""},
	} {
		other := newYard(t, y.server, "table: "+y.base+".odd\ncolumns:\n  "+wrong.column)
		if wrong.says == "" {
			other.landed()
			continue
		}
		other.refused(fault.Held, wrong.says)
	}
}

func TestASnapshotReplacesTheOneBefore(t *testing.T) {
	y := newYard(t, mariadbtest.Start(t), "query: SELECT id, price FROM goods WHERE id < 100;\ncolumns:\n  id: bigint\n  cost: {from: price, type: 'decimal(18,3)'}")
	y.client("CREATE TABLE goods (id integer, price decimal(20,5) unsigned)", "INSERT INTO goods VALUES (1, 1.25), (2, 0.333), (100, 5)")
	y.landed()
	y.same(y.rows("SELECT id, cost FROM lake.db_rows"), "1|1.250", "2|0.333")
	y.client("DELETE FROM goods WHERE id = 1", "UPDATE goods SET price = 7")
	y.landed()
	y.same(y.rows("SELECT id, cost FROM lake.db_rows"), "2|7.000")
	y.client("UPDATE goods SET price = 1.2345")
	y.refused(fault.Held, "column price has a value that is no decimal(18,3)")
	y.same(y.rows("SELECT id, cost FROM lake.db_rows"), "2|7.000")
	y.client("DELETE FROM goods")
	y.landed()
	y.same(y.rows("SELECT id, cost FROM lake.db_rows"))
}

// Columns that come, go and change do what the table says follows.
func TestColumnsDrift(t *testing.T) {
	y := newYard(t, mariadbtest.Start(t), "table: goods")
	y.client("CREATE TABLE goods (id integer, price decimal(8,2))", "INSERT INTO goods VALUES (1, 1.25)")
	y.landed()
	y.client("ALTER TABLE goods ADD name varchar(10), MODIFY id bigint")
	y.landed()
	y.same(y.rows(columnsOf), "id|BIGINT", "name|VARCHAR", "price|DECIMAL(8,2)")
	y.client("ALTER TABLE goods CHANGE name title varchar(10)")
	y.refused(fault.Held, "column name (VARCHAR) is missing")
	y.client("ALTER TABLE goods CHANGE title name varchar(10), MODIFY price varchar(20)", "UPDATE goods SET price = 'dear'")
	y.refused(fault.Held, "price")
	y.describe("table: goods\ndrift: {retyped: evolve}")
	y.landed()
	y.same(y.rows("SELECT id, price FROM lake.db_rows"), "1|dear")
	y.client("ALTER TABLE goods ADD more int")
	y.describe("table: goods\ndrift: {added: ignore}")
	y.landed()
	y.same(y.rows(columnsOf), "id|BIGINT", "name|VARCHAR", "price|VARCHAR")
}

// Whatever is inserted, changed and deleted between the runs, also by
// transactions that commit late: the lake has what the table has, except what
// was deleted since everything was read.
func TestChangesArrive(t *testing.T) {
	server := mariadbtest.Start(t)
	const settings = "table: orders\nkey: [id]\nversion: changed_at\nsince: {column: changed_at, lookback: 10 seconds}\nreread: 1 hour"
	rapid.Check(t, func(r *rapid.T) {
		y := newYard(t, server, settings)
		kind := rapid.SampledFrom([]string{"timestamp(6)", "datetime(6)"}).Draw(r, "kind")
		y.client("CREATE TABLE orders (id integer PRIMARY KEY, amount decimal(10,2) NOT NULL, changed_at " + kind + " NOT NULL)")
		second := 1_000_000
		deleted := map[int]bool{}
		for range rapid.IntRange(1, 4).Draw(r, "runs") {
			var changes []string
			for range rapid.IntRange(0, 4).Draw(r, "changes") {
				second += rapid.IntRange(0, 3).Draw(r, "seconds")
				late := rapid.IntRange(0, 9).Draw(r, "late") // committed after newer ones, within the lookback
				id := rapid.IntRange(1, 6).Draw(r, "id")
				if rapid.IntRange(0, 5).Draw(r, "what") == 0 {
					changes = append(changes, fmt.Sprintf("DELETE FROM orders WHERE id = %d", id))
					deleted[id] = true
					continue
				}
				if deleted[id] { // that it was gone is not seen: what comes back must be newer
					second, late = second+1, 0
				}
				delete(deleted, id)
				changes = append(changes, fmt.Sprintf(`INSERT INTO orders VALUES (%d, %d.50, from_unixtime(%d)) ON DUPLICATE KEY UPDATE amount = VALUES(amount),
					changed_at = greatest(VALUES(changed_at), orders.changed_at + interval 1 microsecond)`, id, rapid.IntRange(0, 99).Draw(r, "amount"), second-late))
			}
			y.client(changes...)
			y.landed()
			truth := y.client("SELECT concat(id, '|', amount) FROM orders ORDER BY 1")
			got := y.rows("SELECT id, amount FROM lake.db_rows")
			got = slices.DeleteFunc(got, func(row string) bool { return deleted[int(row[0]-'0')] && !slices.Contains(truth, row) })
			if diff := cmp.Diff(strings.Join(truth, " "), strings.Join(got, " ")); diff != "" {
				r.Fatal(diff)
			}
		}
		before := len(y.loads())
		if l := y.landed(); l.Changed || len(y.loads()) != before {
			r.Fatalf("nothing was new: %+v", l)
		}
		y.clock = y.clock.Add(time.Hour)
		y.landed()
		truth := y.client("SELECT concat(id, '|', amount) FROM orders ORDER BY 1")
		if diff := cmp.Diff(strings.Join(truth, " "), strings.Join(y.rows("SELECT id, amount FROM lake.db_rows"), " ")); diff != "" {
			r.Fatalf("after everything was read again: %s", diff)
		}
	})
}

// Days and numbers tell what changed, too, and rows without either are told.
func TestSinceADayOrANumber(t *testing.T) {
	server := mariadbtest.Start(t)
	for kind, values := range map[string][]string{"date": {"'2026-02-27'", "'2026-02-28'"}, "bigint": {"41", "42"}, "int unsigned": {"1", "4294967295"}} {
		lookback := ""
		if kind == "date" {
			lookback = ", lookback: 1 day"
		}
		y := newYard(t, server, "table: orders\nkey: [id]\nsince: {column: stamp"+lookback+"}")
		y.client("CREATE TABLE orders (id int PRIMARY KEY, stamp "+kind+")", "INSERT INTO orders VALUES (1, "+values[0]+"), (2, NULL)")
		if l := y.landed(); !slices.Contains(l.Notes, "1 row has no stamp: changes to them are seen only when everything is read again") {
			t.Error(l.Notes)
		}
		y.client("INSERT INTO orders VALUES (3, " + values[0] + "), (4, " + values[1] + ")")
		y.landed()
		y.same(y.rows("SELECT id FROM lake.db_rows"), "1", "2", "3", "4")
		if l := y.landed(); l.Changed {
			t.Errorf("%s: nothing was new: %v", kind, y.loads())
		}
	}
}
