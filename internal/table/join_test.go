package table_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/table"
)

func TestTypesJoin(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"integer", "bigint", "BIGINT"},
		{"bigint", "integer", "BIGINT"},
		{"utinyint", "smallint", "SMALLINT"},
		{"integer", "decimal(18,2)", "DECIMAL(18,2)"},
		{"bigint", "decimal(18,2)", "DECIMAL(21,2)"},
		{"decimal(18,2)", "decimal(20,6)", "DECIMAL(22,6)"},
		{"decimal(38,0)", "decimal(10,9)", "VARCHAR"},
		{"date", "integer", "VARCHAR"},
		{"double", "decimal(4,2)", "VARCHAR"},
		{"hugeint", "decimal(4,2)", "VARCHAR"},
		{"date", "date", "DATE"},
		{"ubigint", "bigint", "DECIMAL(20,0)"},
	} {
		a, errA := table.ParseType(c.a)
		b, errB := table.ParseType(c.b)
		if got := table.Join(a, b); errA != nil || errB != nil || got.String() != c.want {
			t.Errorf("%s and %s: got %s, want %s", c.a, c.b, got, c.want)
		}
	}
}

// Whatever is joined in whatever order holds the same, and once more changes
// nothing.
func TestJoiningIsOrderless(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		draw := func(name string) table.Type {
			of := table.Type{Kind: table.Kind(rapid.IntRange(int(table.Unknown), int(table.JSON)).Draw(r, name))}
			if of.Kind == table.Decimal {
				of.Precision = rapid.IntRange(1, 38).Draw(r, "precision")
				of.Scale = rapid.IntRange(0, of.Precision).Draw(r, "scale")
			}
			return of
		}
		a, b := draw("a"), draw("b")
		joined := table.Join(a, b)
		if back := table.Join(b, a); back != joined {
			r.Fatalf("%s and %s: %s one way, %s the other", a, b, joined, back)
		}
		if again := table.Join(joined, a); again != joined {
			r.Fatalf("%s joined with %s again became %s", joined, a, again)
		}
	})
}
