package statetest

import (
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"

	"github.com/larder-data/larder/internal/table"
)

// columns reads "name TYPE" pairs; a type that is not known is a defect of the suite.
func columns(described ...string) []table.Column {
	out := make([]table.Column, len(described))
	for i, d := range described {
		name, spelled, _ := strings.Cut(d, " ")
		of, err := table.ParseType(spelled)
		if err != nil {
			panic(err)
		}
		out[i] = table.Column{Name: name, Type: of}
	}
	return out
}

// everyType is a batch with a column of every kind, and rows of ordinary,
// extreme and missing values.
func everyType() table.Batch {
	huge, _ := new(big.Int).SetString("-170141183460469231731687303715884105728", 10)
	type column struct {
		spelled string
		values  [3]any
	}
	kinds := []column{
		{"b BOOLEAN", [3]any{true, false, nil}},
		{"i1 TINYINT", [3]any{int64(-128), int64(127), nil}},
		{"i8 BIGINT", [3]any{int64(math.MinInt64), int64(math.MaxInt64), nil}},
		{"u4 UINTEGER", [3]any{int64(math.MaxUint32), int64(0), nil}},
		{"u8 UBIGINT", [3]any{new(big.Int).SetUint64(math.MaxUint64), big.NewInt(0), nil}},
		{"i16 HUGEINT", [3]any{huge, big.NewInt(1), nil}},
		{"f4 FLOAT", [3]any{1.5, math.NaN(), nil}},
		{"f8 DOUBLE", [3]any{0.1, math.Inf(-1), nil}},
		{"tiny DOUBLE", [3]any{math.SmallestNonzeroFloat64, math.MaxFloat64, nil}},
		{"money DECIMAL(18,2)", [3]any{apd.New(150, -2), apd.New(-1, -2), nil}},
		{"zero DECIMAL(18,4)", [3]any{apd.New(0, -4), apd.New(10, -4), nil}},
		{"wide DECIMAL(38,0)", [3]any{decimal("99999999999999999999999999999999999999"), apd.New(0, 0), nil}},
		{"deep DECIMAL(38,38)", [3]any{decimal("0.00000000000000000000000000000000000001"), apd.New(1, -38), nil}},
		{"s VARCHAR", [3]any{"", "a'b\"c\\\n<&>\u2028é漢🛒\x00", nil}},
		{"raw VARCHAR", [3]any{"not \xff UTF-8", "null", nil}},
		{"bytes BLOB", [3]any{[]byte{0, 255, 1}, []byte{}, nil}},
		{"d DATE", [3]any{day(1), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), nil}},
		{"ts TIMESTAMP", [3]any{noon, time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC), nil}},
		{"tz TIMESTAMPTZ", [3]any{noon, time.Date(-4712, 1, 1, 0, 0, 0, 1000, time.UTC), nil}},
		{"far TIMESTAMP", [3]any{time.Date(290000, 1, 1, 0, 0, 0, 0, time.UTC), day(2), nil}},
		{"t TIME", [3]any{"12:00:00", "23:59:59.999999", nil}},
		{"iv INTERVAL", [3]any{"1 day", "-3 months", nil}},
		{"id UUID", [3]any{"6ba7b810-9dad-11d1-80b4-00c04fd430c8", "00000000-0000-0000-0000-000000000000", nil}},
		{"j JSON", [3]any{`{"a": [1, 2.50]}`, `"x"`, nil}},
		{"list INTEGER[]", [3]any{`[1, null]`, `[]`, nil}},
	}
	batch := table.Batch{Rows: make([][]any, 3)}
	for _, c := range kinds {
		batch.Columns = append(batch.Columns, columns(c.spelled)...)
		for i, v := range c.values {
			batch.Rows[i] = append(batch.Rows[i], v)
		}
	}
	return batch
}

func decimal(text string) *apd.Decimal {
	d, _, err := apd.NewFromString(text)
	if err != nil {
		panic(err)
	}
	return d
}

// sameDecimal holds 1.5 and 1.50 apart: the scale is part of the value.
func sameDecimal(a, b *apd.Decimal) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Form == b.Form && a.Negative == b.Negative && a.Exponent == b.Exponent && a.Coeff.Cmp(&b.Coeff) == 0
}

func sameBig(a, b *big.Int) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Cmp(b) == 0
}

func contains[T comparable](list []T, wanted T) bool { return slices.Contains(list, wanted) }
