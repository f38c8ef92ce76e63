package check

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/larder-data/larder/internal/engine"
)

// FuzzExpression: to DuckDB's own parser, what cut lets pass and (...)::blob is put
// around is a cast of one expression, whatever it is.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{
		"a > 0", "1) or (1=1", "'a' || \"b\"", "e'\\'' || 'x'", "$a1$ ' $a1$ ) or (1=1 and 'x' <> $a1$ ' $a1$", "$$)$$", "a$b$ ) $b$",
		"-- x\r) or (1", "/* /* */ ) */", "'\\' ) or ('", "x'41'", "[1, 2][1]", "{'a': 1}.a", "1;2", "a -- b", "*/*", "b'1'", "E'\\\\'||')'", "U&'\\0041'",
		"case when a then 1 end", "(select 1)", "count(*) filter (where a > 0)", "1 as b, 2", "1, 2", "\u00a0", "a::decimal(18,2)", "1$x$)$x$",
	} {
		f.Add(seed)
	}
	d := openDuck(f)
	f.Fuzz(func(t *testing.T, sql string) {
		if strings.ContainsRune(sql, 0) {
			t.Skip("no file holds NUL bytes")
		}
		words, err := expression("it", sql)
		if err != nil {
			return
		}
		statement := "select (" + tidy(words) + ")::blob as first_cell, 42 as last_cell"
		batch, err := engine.ReadAll(t.Context(), d, "select json_serialize_sql("+engine.Literal(statement)+")::varchar", 1)
		if err != nil {
			return // it is refused, as the statement itself would be
		}
		var tree struct {
			Error      bool
			Statements []struct {
				Node struct {
					SelectList []struct{ Type, Alias string } `json:"select_list"`
				}
			}
		}
		if err := json.Unmarshal([]byte(batch.Rows[0][0].(string)), &tree); err != nil || tree.Error {
			return
		}
		if len(tree.Statements) != 1 {
			t.Fatalf("%q makes %d statements", sql, len(tree.Statements))
		}
		cells := tree.Statements[0].Node.SelectList
		if len(cells) != 2 || cells[0].Alias != "first_cell" || cells[0].Type != "OPERATOR_CAST" || cells[1].Alias != "last_cell" {
			t.Fatalf("%q escapes: %v", statement, cells)
		}
	})
}

func TestPeriods(t *testing.T) {
	s := newScope(Subject{Dataset: "shop.sales"}, duckCapabilities)
	for sql, want := range map[string]string{
		"day(sold_at)":            "cast((sold_at) as date)",
		"Month ( sold_at )":       "cast(date_trunc('month',  sold_at ) as date)",
		"hour(sold_at)":           "date_trunc('hour', sold_at)",
		"day(a) - day(b)":         "day(a) - day(b)",
		"today(a)":                "today(a)",
		"day(coalesce(a, b))":     "cast((coalesce(a, b)) as date)",
		"country /* not empty */": "country",
	} {
		got, err := s.segments([]string{sql})
		if err != nil || got[0].sql != want {
			t.Errorf("%s: %v %v, want %s", sql, got, err, want)
		}
	}
	if _, err := s.segments([]string{"a, b"}); err == nil {
		t.Error("two expressions are no segment")
	}
}
