package duckdb

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/larder-data/larder/internal/engine"
)

func TestWithoutEndAndFirstWord(t *testing.T) {
	for _, c := range []struct{ sql, without, word string }{
		{"", "", ""},
		{";", "", ""},
		{"select 1", "select 1", "SELECT"},
		{"select 1;", "select 1", "SELECT"},
		{"select 1 ; -- done;", "select 1", "SELECT"},
		{"select 1 /* a /* nested */ one */ ;;", "select 1", "SELECT"},
		{"-- first\n/* x */ From t", "-- first\n/* x */ From t", "FROM"},
		{"select ';--'", "select ';--'", "SELECT"},
		{"select 'it''s';", "select 'it''s'", "SELECT"},
		{`select e'\';';`, `select e'\';'`, "SELECT"},
		{`select "a;--b";`, `select "a;--b"`, "SELECT"},
		{"select $x$;--$x$;", "select $x$;--$x$", "SELECT"},
		{"select $1;", "select $1", "SELECT"},
		{"(select 1);", "(select 1)", "SELECT"},
		{"pragma\u00a0database_list;\u2003", "pragma\u00a0database_list", "PRAGMA"},
		{"select 'open;", "select 'open;", "SELECT"},
		{"select 1 /* open", "select 1", "SELECT"},
		{"select 1 - -1 -- x", "select 1 - -1", "SELECT"},
		{"call_me('x')", "call_me('x')", "CALL_ME"},
	} {
		if got := engine.WithoutEnd(c.sql); got != c.without {
			t.Errorf("engine.WithoutEnd(%q) = %q, want %q", c.sql, got, c.without)
		}
		if got := engine.FirstWord(c.sql); got != c.word {
			t.Errorf("engine.FirstWord(%q) = %q, want %q", c.sql, got, c.word)
		}
	}
}

// FuzzSQLText holds our reading of statements against DuckDB's: whatever DuckDB
// takes for one query it takes for the same one without its end, also in
// parentheses, and what is no SELECT is never taken for one.
func FuzzSQLText(f *testing.F) {
	for _, seed := range []string{
		"select 1", "select 1;", "select ';' ; -- x", "select $a$;$a$;", "select e'\\';';", "select \"a;\" from (select 1 as \"a;\");", "/* ; */ select 1;;",
		"from range(3);", "values (1), (2); -- end", "with t as (select 1) select * from t;", "select 1--", "select 'a''b;'/*", "select U&'\\0041;'", "select x'00;'",
		"select 1\v;", "select 1\u00a0;", "select '\x00;'", "select 1;\u2003", "select $é$;$é$", "select a$b from (select 1 as a$b);",
	} {
		f.Add(seed)
	}
	e, err := OpenMemory(f.Context(), "UTC")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = e.Close() })
	f.Fuzz(func(t *testing.T, sql string) {
		cut := engine.WithoutEnd(sql)
		if !strings.HasPrefix(sql, cut) || engine.WithoutEnd(cut) != cut {
			t.Fatalf("engine.WithoutEnd(%q) = %q", sql, cut)
		}
		if strings.ContainsRune(sql, 0) || !utf8.ValidString(sql) {
			return // no text: refused, sooner or later
		}
		if last := cut[strings.LastIndexByte(cut, ';')+1:]; strings.IndexFunc(last, func(r rune) bool { return r > unicode.MaxASCII }) >= 0 {
			return // DuckDB passes over one word of other scripts behind the end
		}
		columns, ok := describe(t, e, sql)
		if !ok {
			return
		}
		for _, same := range []string{cut, "SELECT * FROM (\n" + cut + "\n) AS answer"} {
			if word := engine.FirstWord(sql); word != "SELECT" && word != "FROM" && word != "WITH" && word != "VALUES" && same != cut {
				continue // not everything that answers can stand in parentheses
			}
			again, ok := describe(t, e, same)
			if !ok || again != columns {
				t.Errorf("%q answers %d columns, %q %d (%v)", sql, columns, same, again, ok)
			}
		}
	})
}

// describe returns how many columns a single statement answers, false when
// DuckDB does not take it.
func describe(t *testing.T, e *Engine, sql string) (count int, ok bool) {
	t.Helper()
	conn, err := e.pool.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := &session{e: e, conn: conn}
	defer func() { _ = e.pool.give(conn, false) }()
	asked, err := s.inspect(sql)
	return len(asked.columns), err == nil
}

func TestTextsWithEveryEndAreAsked(t *testing.T) {
	e := open(t)
	for _, end := range []string{"", ";", " ; ", "\n;\n-- end", "/* end */", ";;", " -- end;", "\t;\r\n"} {
		// JSON is read in a query around this one.
		got := answer(t, e, `select '{"a": 1}'::json as j, 1.10::decimal(4,2) as d`+end)
		if len(got) != 1 || got[0][0] != `{"a": 1}` || got[0][1] != "1.10" {
			t.Errorf("with the end %q: %v", end, got)
		}
		if err := stageAndPublish(t.Context(), e, engine.Table, "select 1 as n"+end); err != nil {
			t.Errorf("with the end %q: %v", end, err)
		}
	}
}
