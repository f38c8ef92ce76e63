package table_test

import (
	"encoding/json"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/table"
)

func TestTypesAreReadAsPeopleSpellThem(t *testing.T) {
	for text, want := range map[string]string{
		"int": "INTEGER", "Decimal(18, 2)": "DECIMAL(18,2)", "numeric": "DECIMAL(18,3)", "text": "VARCHAR", "varchar(10)": "VARCHAR",
		"timestamptz": "TIMESTAMP WITH TIME ZONE", "timestamp  with time   zone": "TIMESTAMP WITH TIME ZONE", "double precision": "DOUBLE",
		"integer[]": "integer[]", "STRUCT(a INTEGER)": "STRUCT(a INTEGER)", "decimal(38)": "DECIMAL(38,0)", "bytea": "BLOB",
	} {
		if got, err := table.ParseType(text); err != nil || got.String() != want {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "integr", "decimal(39,2)", "decimal(2,3)", "decimal(x)", "decimal(0)", "money"} {
		if got, err := table.ParseType(text); err == nil {
			t.Errorf("%q was taken for %s", text, got)
		}
	}
}

// Every type is read back from its own spelling, and from JSON.
func TestTypesSurviveTheirSpelling(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		of := table.Type{Kind: table.Kind(rapid.IntRange(int(table.Unknown), int(table.JSON)).Draw(r, "kind"))}
		if of.Kind == table.Decimal {
			of.Precision = rapid.IntRange(1, 38).Draw(r, "precision")
			of.Scale = rapid.IntRange(0, of.Precision).Draw(r, "scale")
		}
		text, err := json.Marshal(of)
		var back table.Type
		if err == nil && of.Kind != table.Unknown {
			err = json.Unmarshal(text, &back)
		} else {
			back = of
		}
		if err != nil || back != of {
			r.Fatalf("%s became %s: %v", of, back, err)
		}
	})
}

func TestValuesAreWrittenExactly(t *testing.T) {
	kind := func(k table.Kind) table.Type { return table.Type{Kind: k} }
	huge, _ := new(big.Int).SetString("170141183460469231731687303715884105727", 10)
	at := time.Date(2024, 3, 31, 1, 30, 0, 500_000_000, time.UTC)
	for _, c := range []struct {
		value any
		of    table.Type
		text  string
		plain string // as JSON
	}{
		{nil, kind(table.Integer), "", "null"},
		{true, kind(table.Boolean), "true", "true"},
		{int64(7), kind(table.Integer), "7", "7"},
		{int64(math.MaxInt64), kind(table.BigInt), "9223372036854775807", `"9223372036854775807"`},
		{huge, kind(table.HugeInt), huge.String(), `"` + huge.String() + `"`},
		{apd.New(150, -2), table.Type{Kind: table.Decimal, Precision: 18, Scale: 2}, "1.50", `"1.50"`},
		{0.1, kind(table.Double), "0.1", "0.1"},
		{math.Inf(-1), kind(table.Double), "-Inf", `"-Inf"`},
		{[]byte{0, 255}, kind(table.Blob), "00ff", `"00ff"`},
		{at, kind(table.Date), "2024-03-31", `"2024-03-31"`},
		{at, kind(table.Timestamp), "2024-03-31 01:30:00.5", `"2024-03-31 01:30:00.5"`},
		{at, kind(table.TimestampTZ), "2024-03-31T01:30:00.5Z", `"2024-03-31T01:30:00.5Z"`},
		{`{"a":[1]}`, kind(table.JSON), `{"a":[1]}`, `{"a":[1]}`},
		{`not json`, kind(table.JSON), "not json", `"not json"`},
	} {
		plain, err := json.Marshal(table.Plain(c.value, c.of))
		if got := table.Format(c.value, c.of); got != c.text || string(plain) != c.plain || err != nil {
			t.Errorf("%v: got %s and %s, want %s and %s", c.value, got, plain, c.text, c.plain)
		}
	}
}

func TestNamesAndTextsAreQuoted(t *testing.T) {
	if got := table.Quote(`a"b`) + table.Literal("it's"); got != `"a""b"'it''s'` {
		t.Error(got)
	}
	if _, ok := table.Find([]table.Column{{Name: "Net"}}, "nET"); !ok {
		t.Error("names are found whatever their case")
	}
}
