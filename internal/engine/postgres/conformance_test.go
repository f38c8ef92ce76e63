package postgres_test

import (
	"fmt"
	"testing"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/enginetest"
	"github.com/larder-data/larder/internal/engine/postgres"
	"github.com/larder-data/larder/internal/pgtest"
	"github.com/larder-data/larder/internal/table"
)

// dialect is what PostgreSQL says in its own way.
var dialect = enginetest.Dialect{
	SlowQuery: "SELECT SUM(a::numeric * b) AS n FROM generate_series(1, 100000) AS a, generate_series(1, 100000) AS b",
	ManyRows: func(n int) string {
		return fmt.Sprintf("SELECT n FROM generate_series(CAST(1 AS BIGINT), %d) AS g(n)", n)
	},
	Values: []enginetest.Value{
		{SQL: `'\x00ff27'::bytea`, Kind: table.Blob, Text: "00ff27"},
		{SQL: "''::bytea", Kind: table.Blob, Text: ""},
		{SQL: "170141183460469231731687303715884105727::numeric", Kind: table.Decimal, Text: "170141183460469231731687303715884105727"},
		{SQL: "(-0.00012345678901234567890)::numeric", Kind: table.Decimal, Text: "-0.00012345678901234567890"},
		{SQL: "10000::numeric(9,0)", Kind: table.Decimal, Text: "10000"},
		{SQL: "100000000000000000000::numeric", Kind: table.Decimal, Text: "100000000000000000000"},
		{SQL: "'NaN'::numeric", Kind: table.Decimal, Text: "NaN"},
		{SQL: "INTERVAL '1 year 2 months 3 days 04:05:06.000007'", Kind: table.Interval, Text: "1 year 2 months 3 days 04:05:06.000007"},
		{SQL: "INTERVAL '-1 month -26:00:00'", Kind: table.Interval, Text: "-1 month -26:00:00"},
		{SQL: "TIME '23:59:59.999999'", Kind: table.Time, Text: "23:59:59.999999"},
		{SQL: "TIME '24:00:00'", Kind: table.Time, Text: "24:00:00"},
		{SQL: `'{"b": 1.10, "a": [null]}'::json`, Kind: table.JSON, Text: `{"b": 1.10, "a": [null]}`},
		{SQL: `'{"b": 1.10, "a": [null]}'::jsonb`, Kind: table.JSON, Text: `{"a": [null], "b": 1.10}`},
		{SQL: "ARRAY[1.10, NULL]", Kind: table.Nested, Text: "{1.10,NULL}"},
		{SQL: "DATE 'infinity'", Kind: table.Date, Text: "infinity"},
		{SQL: "TIMESTAMP '-infinity'", Kind: table.Timestamp, Text: "-infinity"},
		{SQL: "TIMESTAMPTZ 'infinity'", Kind: table.TimestampTZ, Text: "infinity"},
		{SQL: "DATE '0044-03-15 BC'", Kind: table.Date, Text: "-0043-03-15"},
		{SQL: "'x'::char(3)", Kind: table.Varchar, Text: "x  "},
		{SQL: "CAST(0.1 AS real)", Kind: table.Float, Text: "0.10000000149011612"},
	},
}

// TestConformance begins each case with the same warehouse, emptied: to create
// a database takes longer than most cases.
func TestConformance(t *testing.T) {
	p := placeOn(t, pgtest.Start(t))
	known := map[string]bool{}
	enginetest.Run(t, dialect, func(t *testing.T, place string) engine.Engine {
		t.Helper()
		if !known[place] && len(known) > 0 {
			p.empty(t)
		}
		known[place] = true
		e, err := postgres.Open(t.Context(), p.settings())
		if err != nil {
			t.Fatal(err)
		}
		return e
	})
}

// empty takes everything out of a warehouse but the function library.
func (p *place) empty(t *testing.T) {
	t.Helper()
	p.psql(t, `DO $$ DECLARE r record; BEGIN
		FOR r IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('larder', 'public', 'information_schema')
		LOOP EXECUTE format('DROP SCHEMA %I CASCADE', r.nspname); END LOOP;
		FOR r IN SELECT relname FROM pg_class WHERE relnamespace = 'larder'::regnamespace AND relkind = 'r' AND relname NOT IN ('published', 'loads')
		LOOP EXECUTE format('DROP TABLE larder.%I', r.relname); END LOOP;
		END $$`, "DELETE FROM larder.published", "DELETE FROM larder.loads")
}
