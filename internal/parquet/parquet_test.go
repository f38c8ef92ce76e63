package parquet_test

import (
	"database/sql"
	"fmt"
	"math"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/parquet"
	"github.com/larder-data/larder/internal/table"
)

func typed(t testing.TB, text string) table.Type {
	t.Helper()
	of, err := table.ParseType(text)
	if err != nil {
		t.Fatal(err)
	}
	return of
}

// read returns the file's types and rows as DuckDB tells them.
func read(t testing.TB, path string) (types []string, rows [][]string) {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := db.Query("SELECT * FROM read_parquet('" + path + "')")
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	shown, err := found.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	var casts []string
	for _, c := range shown {
		types = append(types, c.DatabaseTypeName())
		casts = append(casts, "coalesce(CAST("+table.Quote(c.Name())+" AS VARCHAR), 'NULL')")
	}
	texts, err := db.Query("SET TimeZone = 'UTC'; SELECT " + strings.Join(casts, ", ") + " FROM read_parquet('" + path + "')")
	if err != nil {
		t.Fatal(err)
	}
	defer texts.Close()
	for texts.Next() {
		row, targets := make([]string, len(types)), make([]any, len(types))
		for i := range row {
			targets[i] = &row[i]
		}
		if err := texts.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return types, rows
}

func TestValuesOfEveryTypeComeBack(t *testing.T) {
	nines, _ := new(big.Int).SetString("99999999999999999999999999999999999999", 10)
	for _, c := range []struct {
		of     string
		put    func(c *parquet.Column)
		want   string
		column string
	}{
		{"boolean", func(c *parquet.Column) { c.Bool(true) }, "true", "BOOLEAN"},
		{"tinyint", func(c *parquet.Column) { c.Int(-128) }, "-128", "TINYINT"},
		{"smallint", func(c *parquet.Column) { c.Int(-32768) }, "-32768", "SMALLINT"},
		{"integer", func(c *parquet.Column) { c.Int(math.MinInt32) }, "-2147483648", "INTEGER"},
		{"bigint", func(c *parquet.Column) { c.Int(math.MinInt64) }, "-9223372036854775808", "BIGINT"},
		{"utinyint", func(c *parquet.Column) { c.Int(255) }, "255", "UTINYINT"},
		{"usmallint", func(c *parquet.Column) { c.Int(65535) }, "65535", "USMALLINT"},
		{"uinteger", func(c *parquet.Column) { c.Int(math.MaxUint32) }, "4294967295", "UINTEGER"},
		{"ubigint", func(c *parquet.Column) { c.Int(-1) }, "18446744073709551615", "UBIGINT"},
		{"float", func(c *parquet.Column) { c.Float(0.5) }, "0.5", "FLOAT"},
		{"double", func(c *parquet.Column) { c.Float(math.NaN()) }, "nan", "DOUBLE"},
		{"decimal(4,2)", func(c *parquet.Column) { c.Int(-5) }, "-0.05", "DECIMAL(4,2)"},
		{"decimal(18,18)", func(c *parquet.Column) { c.Int(-999999999999999999) }, "-.999999999999999999", "DECIMAL(18,18)"},
		{"decimal(38,0)", func(c *parquet.Column) { c.Wide(new(big.Int).Neg(nines)) }, "-99999999999999999999999999999999999999", "DECIMAL(38,0)"},
		{"decimal(38,38)", func(c *parquet.Column) { c.Wide128(0, 7) }, ".00000000000000000000000000000000000007", "DECIMAL(38,38)"},
		{"varchar", func(c *parquet.Column) { c.Bytes([]byte("é\x00😀")) }, "é\x00😀", "VARCHAR"},
		{"json", func(c *parquet.Column) { c.Bytes([]byte(`{"a":[1]}`)) }, `{"a":[1]}`, "JSON"},
		{"blob", func(c *parquet.Column) { c.Bytes([]byte{0, 255}) }, `\x00\xFF`, "BLOB"},
		{"date", func(c *parquet.Column) { c.Int(-1) }, "1969-12-31", "DATE"},
		{"time", func(c *parquet.Column) { c.Int(86_399_999_999) }, "23:59:59.999999", "TIME"},
		{"timestamp", func(c *parquet.Column) { c.Int(-1) }, "1969-12-31 23:59:59.999999", "TIMESTAMP"},
		{"timestamptz", func(c *parquet.Column) { c.Int(1) }, "1970-01-01 00:00:00.000001+00", "TIMESTAMPTZ"},
		{"uuid", func(c *parquet.Column) { c.Bytes([]byte("0123456789abcdef")) }, "30313233-3435-3637-3839-616263646566", "UUID"},
	} {
		t.Run(c.of, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "rows.parquet")
			w, err := parquet.Create(path, []table.Column{{Name: `a "b"`, Type: typed(t, c.of)}, {Name: "n", Type: typed(t, c.of)}})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				c.put(w.Column(0))
				w.Column(1).Null()
				if err := w.Row(); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			types, rows := read(t, path)
			if diff := cmp.Diff([]string{c.column, c.column}, types); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([][]string{{c.want, "NULL"}, {c.want, "NULL"}}, rows); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := parquet.Create(filepath.Join(t.TempDir(), "x"), []table.Column{{Name: "h", Type: typed(t, "hugeint")}}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v", err)
	}
}

// However many rows, of whatever length, in however many groups: all come back
// in order, and nothing of one row is in another.
func TestRowsOverManyGroups(t *testing.T) {
	for _, c := range []struct{ rows, length int }{{0, 1}, {1, 300}, {1023, 1}, {122_880, 1}, {122_881, 300}, {250_000, 1}} {
		path := filepath.Join(t.TempDir(), "rows.parquet")
		w, err := parquet.Create(path, []table.Column{{Name: "i", Type: typed(t, "integer")}, {Name: "s", Type: typed(t, "varchar")}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.rows {
			w.Column(0).Int(int64(i))
			if i%3 == 0 {
				w.Column(1).Null()
			} else {
				w.Column(1).Bytes(fmt.Appendf(nil, "%d%s", i, strings.Repeat("x", c.length)))
			}
			if err := w.Row(); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("duckdb", "")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var count, wrong int
		question := fmt.Sprintf(`SELECT count(*), count(*) FILTER (i <> file_row_number OR s IS DISTINCT FROM CASE WHEN i %% 3 <> 0 THEN i || repeat('x', %d) END)
			FROM read_parquet('%s', file_row_number = true)`, c.length, path)
		if err := db.QueryRow(question).Scan(&count, &wrong); err != nil || count != c.rows || wrong != 0 {
			t.Errorf("%d of %d rows, %d wrong: %v", count, c.rows, wrong, err)
		}
	}
}
