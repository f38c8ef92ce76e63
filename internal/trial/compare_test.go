package trial

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/table"
)

var twoColumns = []table.Column{
	{Name: "k", Type: table.Type{Kind: table.Integer}},
	{Name: "v", Type: table.Type{Kind: table.Double}},
}

func drawn(t *rapid.T, label string) []line {
	rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []any {
		row := []any{rapid.Int64Range(0, 3).Draw(t, "k"), nil}
		if rapid.Bool().Draw(t, "given") {
			row[1] = rapid.SampledFrom([]float64{0, 1, -1, 0.1, math.NaN(), math.Inf(1)}).Draw(t, "v")
		}
		return row
	}), 0, 6).Draw(t, label)
	return lines(table.Batch{Columns: twoColumns, Rows: rows}, twoColumns, nil)
}

func TestRowsInAnotherOrderAreTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawn(t, "rows")
		got := rapid.Permutation(slices.Clone(want)).Draw(t, "order")
		for _, grain := range [][]string{nil, {"k"}, {"K", "v"}} {
			if diffs := inAnyOrder(twoColumns, grain, want, got); len(diffs) > 0 {
				t.Fatalf("grain %v: %v", grain, diffs)
			}
		}
	})
}

// However two answers differ: what is said to be missing and unexpected makes
// up the difference in rows, and nothing is said twice.
func TestDifferencesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want, got := drawn(t, "want"), drawn(t, "got")
		count := map[DiffKind]int{}
		for _, d := range inAnyOrder(twoColumns, []string{"k"}, want, got) {
			count[d.Kind]++
			wrong := slices.ContainsFunc(d.Cells, func(c Cell) bool { return c.Wrong })
			if !wrong {
				t.Fatalf("%s differs in nothing", d)
			}
		}
		if count[Missing]-count[Unexpected] != len(want)-len(got) {
			t.Fatalf("%v for %d expected and %d got", count, len(want), len(got))
		}
		equal := fmt.Sprint(texts(want)) == fmt.Sprint(texts(got))
		if equal != (len(count) == 0) {
			t.Fatalf("equal is %v, differences are %v", equal, count)
		}
	})
}

func texts(rows []line) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = fmt.Sprint(r.texts)
	}
	slices.Sort(out)
	return out
}

func TestRowsAreMetByTheirGrain(t *testing.T) {
	rows := func(values ...float64) []line {
		var b table.Batch
		for i, v := range values {
			b.Rows = append(b.Rows, []any{int64(i), v})
		}
		return lines(b, twoColumns, nil)
	}
	diffs := inAnyOrder(twoColumns, []string{"k"}, rows(1, 2), rows(2, 1))
	if len(diffs) != 2 || diffs[0].String() != "changed: k = 0; v = 2, expected 1" {
		t.Errorf("got %v", diffs)
	}
}

func TestFloatsMeetWithinABillionth(t *testing.T) {
	for _, c := range []struct {
		a, b any
		want bool
	}{
		{1.0, 1.0 + 1e-12, true},
		{1e12, 1e12 + 1, true},
		{1.0, 1.0 + 1e-6, false},
		{math.NaN(), math.NaN(), true},
		{math.Inf(1), math.Inf(-1), false},
		{math.Inf(1), math.MaxFloat64, false},
		{nil, nil, true},
		{nil, 0.0, false},
		{"", nil, false},
	} {
		text := func(v any) string { return table.Format(v, table.Type{Kind: table.Double}) }
		if got := same(c.a, c.b, text(c.a), text(c.b)); got != c.want {
			t.Errorf("%v and %v: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}
