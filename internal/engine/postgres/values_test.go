package postgres

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/duckdb"
	"github.com/larder-data/larder/internal/pgtest"
)

// digits draws a number of at most so many digits as text, of which scale stand
// behind the point; many of them are zeros, or end in some.
func digits(precision, scale int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		text := rapid.StringMatching(fmt.Sprintf("[0-9]{0,%d}", precision)).Draw(t, "digits")
		zeros := rapid.IntRange(0, precision-len(text)).Draw(t, "zeros")
		text += strings.Repeat("0", zeros)
		text = strings.Repeat("0", max(0, scale+1-len(text))) + text
		sign := rapid.SampledFrom([]string{"", "-"}).Draw(t, "sign")
		return sign + text[:len(text)-scale] + "." + text[len(text)-scale:]
	})
}

// whole draws a whole number between two, both included.
func whole(low, high int64) *rapid.Generator[string] {
	return rapid.Map(rapid.OneOf(rapid.Int64Range(low, high), rapid.SampledFrom([]int64{low, high, 0})),
		func(n int64) string { return strconv.FormatInt(n, 10) })
}

// written puts a drawn text into DuckDB's SQL.
func written[T any](format string, g *rapid.Generator[T]) *rapid.Generator[string] {
	return rapid.Map(g, func(v T) string { return fmt.Sprintf(format, v) })
}

const day = 24 * int64(time.Hour/time.Microsecond)

// drawn are DuckDB's types with expressions of any value PostgreSQL can hold.
var drawn = []struct {
	of    string
	value *rapid.Generator[string]
}{
	{"BOOLEAN", rapid.SampledFrom([]string{"true", "false"})},
	{"TINYINT", whole(math.MinInt8, math.MaxInt8)},
	{"UTINYINT", whole(0, math.MaxUint8)},
	{"SMALLINT", whole(math.MinInt16, math.MaxInt16)},
	{"USMALLINT", whole(0, math.MaxUint16)},
	{"INTEGER", whole(math.MinInt32, math.MaxInt32)},
	{"UINTEGER", whole(0, math.MaxUint32)},
	{"BIGINT", written("'%s'", whole(math.MinInt64, math.MaxInt64))},
	{"UBIGINT", written("%d", rapid.Uint64())},
	{"HUGEINT", written("'%s'", rapid.Map(digits(38, 0), func(s string) string { return strings.TrimSuffix(s, ".") }))},
	{"FLOAT", written("'%v'", rapid.OneOf(rapid.Float32(), rapid.SampledFrom([]float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))})))},
	{"DOUBLE", written("'%v'", rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1)})))},
	{"DECIMAL(4,2)", written("'%s'", digits(4, 2))},
	{"DECIMAL(9,0)", written("'%s'", digits(9, 0))},
	{"DECIMAL(18,5)", written("'%s'", digits(18, 5))},
	{"DECIMAL(38,0)", written("'%s'", digits(38, 0))},
	{"DECIMAL(38,11)", written("'%s'", digits(38, 11))},
	{"DECIMAL(38,38)", written("'%s'", digits(38, 38))},
	{"VARCHAR", rapid.Map(rapid.String(), func(s string) string { return engine.Literal(strings.ReplaceAll(s, "\x00", "")) })},
	{"BLOB", rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return "unhex('" + hex.EncodeToString(b) + "')" })},
	{"DATE", rapid.OneOf(written("DATE '1970-01-01' + CAST(%s AS INTEGER)", whole(-2440587, 2145031948)), rapid.SampledFrom([]string{"'infinity'", "'-infinity'"}))},
	{"TIME", written("TIME '00:00:00' + to_microseconds(%s)", whole(0, day-1))},
	{"TIMESTAMP", rapid.OneOf(written("make_timestamp(%s)", whole(-2440587*day, math.MaxInt64-day)), rapid.SampledFrom([]string{"'infinity'", "'-infinity'"}))},
	{"TIMESTAMPTZ", rapid.OneOf(written("make_timestamptz(%s)", whole(-2440587*day, math.MaxInt64-day)), rapid.SampledFrom([]string{"'infinity'", "'-infinity'"}))},
	{"INTERVAL", rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("to_months(%s) + to_days(%s) + to_microseconds('%s')", whole(math.MinInt32, math.MaxInt32).Draw(t, "months"),
			whole(math.MinInt32, math.MaxInt32).Draw(t, "days"), whole(math.MinInt64, math.MaxInt64).Draw(t, "microseconds"))
	})},
	{"UUID", written("'%x'", rapid.SliceOfN(rapid.Byte(), 16, 16))},
}

// TestEveryValueComesBack copies values of all types from DuckDB into a server,
// and reads them: both say the same of each.
func TestEveryValueComesBack(t *testing.T) {
	server := pgtest.Start(t)
	archive, err := duckdb.OpenMemory(t.Context(), "UTC")
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	e, err := Open(t.Context(), Settings{URL: server.URL(server.Database(t)), TimeZone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	values, made := 0, false
	rapid.Check(t, func(rt *rapid.T) {
		var rows []string
		for i := range rapid.IntRange(1, 10).Draw(rt, "rows") {
			list := []string{strconv.Itoa(i) + " AS i"}
			for n, d := range drawn {
				value := "NULL"
				if rapid.IntRange(0, 9).Draw(rt, "null") > 0 {
					value = d.value.Draw(rt, d.of)
				}
				list = append(list, fmt.Sprintf("CAST(%s AS %s) AS c%d", value, d.of, n))
				values++
			}
			rows = append(rows, "SELECT "+strings.Join(list, ", "))
		}
		query := "SELECT * FROM (" + strings.Join(rows, " UNION ALL ") + ") ORDER BY i"
		want, err := engine.ReadAll(t.Context(), archive, query, 0)
		if err != nil {
			rt.Fatal(err)
		}
		source, err := archive.Query(t.Context(), query)
		if err != nil {
			rt.Fatal(err)
		}
		defer source.Close()
		err = e.with(t.Context(), func(ctx context.Context, on *pgconn.PgConn) error {
			prepare := "TRUNCATE public.v"
			if !made {
				prepare = "CREATE TABLE public.v (" + definitions(want.Columns) + ")"
			}
			if err := script(ctx, on, prepare); err != nil {
				return err
			}
			made = true
			stream := &tuples{rows: source, columns: want.Columns, stream: slices.Clone(copyHeader)}
			_, err := on.CopyFrom(ctx, stream, "COPY public.v FROM STDIN (FORMAT binary)")
			return err
		})
		if err != nil {
			rt.Fatal(err)
		}
		got, err := engine.ReadAll(t.Context(), e, "SELECT * FROM public.v ORDER BY i", 0)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(told(want.Rows), told(got.Rows)); diff != "" {
			rt.Fatal(diff)
		}
	})
	t.Logf("%d values of %d types", values, len(drawn))
}

func told(rows [][]any) []string {
	var out []string
	for i, row := range rows {
		for j, v := range row {
			out = append(out, fmt.Sprintf("%d.%d %v", i, j-1, v))
		}
	}
	return out
}

func TestNumericsAreEncodedExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scale := rapid.IntRange(0, 60).Draw(t, "scale")
		n, ok := new(big.Int).SetString(strings.ReplaceAll(digits(80, 0).Draw(t, "n"), ".", ""), 10)
		if !ok {
			t.Fatal("no number")
		}
		got, err := numeric(encodeNumeric(nil, n, scale))
		if err != nil {
			t.Fatal(err)
		}
		d, is := got.(*apd.Decimal)
		want := new(big.Int).Abs(n)
		if !is || d.Exponent != -int32(scale) || d.Negative != (n.Sign() < 0) || d.Coeff.MathBigInt().Cmp(want) != 0 {
			t.Fatalf("%v / 10^%d came back as %v", n, scale, got)
		}
	})
}

func TestIntervalsAreWrittenAndReadAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := binary.BigEndian.AppendUint64(nil, uint64(rapid.Int64().Draw(t, "microseconds")))
		b = binary.BigEndian.AppendUint32(b, uint32(rapid.Int32().Draw(t, "days")))
		b = binary.BigEndian.AppendUint32(b, uint32(rapid.Int32().Draw(t, "months")))
		alike(t, b)
	})
}

// alike fails unless an interval's bytes become a text that becomes the bytes.
func alike(t interface{ Fatalf(string, ...any) }, b []byte) {
	text, err := interval(b)
	if err != nil {
		t.Fatalf("%x: %v", b, err)
	}
	again, err := encodeInterval(nil, fmt.Sprint(text))
	if err != nil || !slices.Equal(b, again) {
		t.Fatalf("%x is %v, which is %x, %v", b, text, again, err)
	}
}

// FuzzNumeric: whatever a server sends, it is read or refused.
func FuzzNumeric(f *testing.F) {
	for _, text := range []string{"0", "1", "-1", "10000", "123456789012345678901234567890", "5000"} {
		n, _ := new(big.Int).SetString(text, 10)
		for _, scale := range []int{0, 1, 4, 7} {
			f.Add(encodeNumeric(nil, n, scale))
		}
	}
	f.Add([]byte{0, 9, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0, 1, 0x7f, 0xff, 0x40, 0, 0xff, 0xff, 0x27, 0x0f})
	f.Fuzz(func(t *testing.T, b []byte) {
		value, err := decoder{read: numeric}.decode(b)
		if err != nil {
			return
		}
		if d, ok := value.(*apd.Decimal); !ok || d.Form == apd.Finite && d.Coeff.Sign() < 0 {
			t.Errorf("%x is %v", b, value)
		}
	})
}

// FuzzInterval: whatever text an interval has, it is read or refused, and what
// was read is written and read alike.
func FuzzInterval(f *testing.F) {
	for _, text := range []string{"1 year 2 months 3 days 04:05:06.000007", "-1 month -26:00:00", "00:00:00", "", "1", "x:y:z", "::", "3 weeks", "-2562047788:00:54.775808"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if b, err := encodeInterval(nil, text); err == nil {
			alike(t, b)
		}
	})
}
