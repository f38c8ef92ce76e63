package duckdb

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/enginetest"
	"github.com/larder-data/larder/internal/table"
)

// dialect is what DuckDB says in its own way.
var dialect = enginetest.Dialect{
	SlowQuery: "SELECT SUM(a.range * b.range) AS n FROM range(10000000) a, range(10000000) b",
	ManyRows: func(n int) string {
		return fmt.Sprintf("SELECT CAST(range AS BIGINT) AS n FROM range(1, %d)", n+1)
	},
	Values: []enginetest.Value{
		{SQL: `'\x00\xFF\x27'::BLOB`, Kind: table.Blob, Text: "00ff27"},
		{SQL: "''::BLOB", Kind: table.Blob, Text: ""},
		{SQL: "170141183460469231731687303715884105727::HUGEINT", Kind: table.HugeInt, Text: "170141183460469231731687303715884105727"},
		{SQL: "'-170141183460469231731687303715884105728'::HUGEINT", Kind: table.HugeInt, Text: "-170141183460469231731687303715884105728"},
		{SQL: "18446744073709551615::UBIGINT", Kind: table.UBigInt, Text: "18446744073709551615"},
		{SQL: "340282366920938463463374607431768211455::UHUGEINT", Kind: table.UHugeInt, Text: "340282366920938463463374607431768211455"},
		{SQL: "255::UTINYINT", Kind: table.UTinyInt, Text: "255"},
		{SQL: "(-128)::TINYINT", Kind: table.TinyInt, Text: "-128"},
		{SQL: "4294967295::UINTEGER", Kind: table.UInteger, Text: "4294967295"},
		{SQL: "INTERVAL '1 year 2 months 3 days 04:05:06.000007'", Kind: table.Interval, Text: "1 year 2 months 3 days 04:05:06.000007"},
		{SQL: "TIME '23:59:59.999999'", Kind: table.Time, Text: "23:59:59.999999"},
		{SQL: "TIME '24:00:00'", Kind: table.Time, Text: "24:00:00"},
		{SQL: `'{"b": 1.10, "a": [null]}'::JSON`, Kind: table.JSON, Text: `{"b": 1.10, "a": [null]}`},
		{SQL: "[1.10::DECIMAL(4,2), NULL]", Kind: table.Nested, Text: `["1.10",null]`},
		{SQL: "{'a': 99999999999999999999.99::DECIMAL(38,2), 'b \"q\"': [DATE '2024-02-29']}", Kind: table.Nested, Text: `{"a":"99999999999999999999.99","b \"q\"":["2024-02-29"]}`},
		{SQL: "MAP {'x': 170141183460469231731687303715884105727::HUGEINT}", Kind: table.Nested, Text: `{"x":"170141183460469231731687303715884105727"}`},
		{SQL: "'two'::ENUM('one', 'two')", Kind: table.Nested, Text: `"two"`},
		{SQL: "array_value(1, 2, 3)", Kind: table.Nested, Text: "[1,2,3]"},
		{SQL: "'10101'::BIT", Kind: table.Nested, Text: "10101"},
		{SQL: "DATE 'infinity'", Kind: table.Date, Text: "infinity"},
		{SQL: "TIMESTAMP '-infinity'", Kind: table.Timestamp, Text: "-infinity"},
		{SQL: "TIMESTAMPTZ 'infinity'", Kind: table.TimestampTZ, Text: "infinity"},
		{SQL: "TIMESTAMP_NS '2024-01-01 00:00:00.123456789'", Kind: table.Timestamp, Text: "2024-01-01 00:00:00.123456"},
		{SQL: "DATE '0044-03-15 (BC)'", Kind: table.Date, Text: "-0043-03-15"},
	},
}

// TestConformance begins each case with a copy of one new warehouse: to install
// the function library a few hundred times would take longer than the suite.
func TestConformance(t *testing.T) {
	fresh := filepath.Join(t.TempDir(), "fresh.duckdb")
	e, err := Open(t.Context(), Settings{Path: fresh})
	if err == nil {
		err = e.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	enginetest.Run(t, dialect, func(t *testing.T, place string) engine.Engine {
		t.Helper()
		path := filepath.Join(place, "w.duckdb")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			if err := move(fresh, path); err != nil {
				t.Fatal(err)
			}
		}
		e, err := Open(t.Context(), Settings{Path: path, TimeZone: "Europe/London"})
		if err != nil {
			t.Fatal(err)
		}
		return e
	})
}
