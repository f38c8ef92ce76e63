package enginetest

import (
	"fmt"
	"slices"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// is says that a column of the type is told as the kind.
func is(spelled string, kind table.Kind) tale {
	return tale{spelled + " is told as it is", func(h *house) {
		h.put(build("a.typed", "SELECT CAST(NULL AS "+spelled+") AS v"))
		columns, err := h.Columns(h.Context(), engine.ParseRelation("a.typed"))
		h.must(err)
		h.same(columns, []table.Column{{Name: "v", Type: table.Type{Kind: kind}}})
		batch, err := engine.ReadAll(h.Context(), h, "SELECT v FROM a.typed", 0)
		h.must(err)
		h.same(batch.Columns, columns)
	}}
}

var typeCases = []tale{
	is("SMALLINT", table.SmallInt),
	is("INTEGER", table.Integer),
	is("BIGINT", table.BigInt),
	is("DOUBLE PRECISION", table.Double),
	is("REAL", table.Float),
	is("VARCHAR", table.Varchar),
	is("BOOLEAN", table.Boolean),
	is("DATE", table.Date),
	is("TIME", table.Time),
	is("TIMESTAMP", table.Timestamp),
	is("TIMESTAMP WITH TIME ZONE", table.TimestampTZ),
	is("INTERVAL", table.Interval),
	is("UUID", table.UUID),
	is("JSON", table.JSON),
	{"a decimal is told with its digits", func(h *house) {
		h.put(build("a.typed", "SELECT CAST(1 AS DECIMAL(9,0)) AS a, CAST(1 AS DECIMAL(18,2)) AS b, CAST(1 AS DECIMAL(38,12)) AS c"))
		columns, err := h.Columns(h.Context(), engine.ParseRelation("a.typed"))
		h.must(err)
		h.same(columns, []table.Column{decimal("a", 9, 0), decimal("b", 18, 2), decimal("c", 38, 12)})
	}},
}

var answerCases = []tale{
	{"an answer without rows has its columns", func(h *house) {
		batch, err := engine.ReadAll(h.Context(), h, "SELECT CAST(1 AS BIGINT) AS n, CAST('x' AS VARCHAR) AS t WHERE 1 = 0", 0)
		h.must(err)
		h.same(batch, table.Batch{Columns: []table.Column{bigint("n"), varchar("t")}})
	}},
	{"two columns may have the same name", func(h *house) {
		batch, err := engine.ReadAll(h.Context(), h, "SELECT 1 AS n, 2 AS n", 0)
		h.must(err)
		h.same(table.Names(batch.Columns), []string{"n", "n"})
		h.same(lines(batch), []string{"1 2"})
	}},
	{"columns beside one that is read as text keep their places", func(h *house) {
		h.shows(`SELECT 1 AS "a b", CAST('{"k": [1]}' AS JSON) AS n, 'x' AS n, NULL AS "Q""q" ORDER BY 1;  -- the end`, `1 {"k": [1]} x `+null)
	}},
	{"the order of an answer is kept", func(h *house) {
		got := h.read("SELECT n FROM (" + h.d.ManyRows(30000) + ") AS t ORDER BY n DESC")
		if len(got) != 30000 || got[0] != "30000" || got[29999] != "1" {
			h.Fatalf("%d rows from %s", len(got), got[0])
		}
	}},
	{"a statement may end in a semicolon and a comment", func(h *house) {
		h.shows("SELECT 1;", "1")
		h.shows("-- a note; with a semicolon\nSELECT 1 /* ; */ ; -- done", "1")
		h.shows("SELECT 1 -- no line end", "1")
	}},
	{"broken SQL is Invalid, and the engine goes on", func(h *house) {
		for _, sql := range []string{"SELEC 1", "SELECT", "SELECT no_such", "SELECT 1 FROM no.such", "", "-- nothing", "SELECT no_such(1)", "SELECT 'open"} {
			_, err := engine.ReadAll(h.Context(), h, sql, 0)
			h.refused(err, fault.Invalid)
		}
		h.shows("SELECT 1", "1")
	}},
	{"data the SQL cannot work with is Invalid", func(h *house) {
		h.put(build("a.words", "SELECT CAST('12' AS VARCHAR) AS v UNION ALL SELECT 'twelve'"))
		_, err := engine.ReadAll(h.Context(), h, "SELECT CAST(v AS INTEGER) FROM a.words", 0)
		h.refused(err, fault.Invalid)
		h.shows("SELECT COUNT(*) FROM a.words", "2")
	}},
	{"a decimal that overflows is Invalid, not rounded", func(h *house) {
		_, err := engine.ReadAll(h.Context(), h, "SELECT CAST('12345.67' AS DECIMAL(6,2))", 0)
		h.refused(err, fault.Invalid)
	}},
	{"two statements at once are refused", func(h *house) {
		h.put(build("a.kept", "SELECT 1 AS n"))
		_, err := engine.ReadAll(h.Context(), h, "SELECT 1; DROP TABLE a.kept", 0)
		h.refused(err, fault.Invalid)
		h.shows("SELECT n FROM a.kept", "1")
	}},
	{"an answer may be closed before its end, and twice", func(h *house) {
		for range 100 {
			rows, err := h.Query(h.Context(), h.d.ManyRows(5000))
			h.must(err)
			if !rows.Next() {
				h.Fatal("no row")
			}
			h.must(rows.Close())
			h.must(rows.Close())
			if rows.Next() {
				h.Fatal("a closed answer has rows")
			}
		}
	}},
	{"a row's values may change with the next one, cloned they stay", func(h *house) {
		rows, err := h.Query(h.Context(), "SELECT n FROM ("+h.d.ManyRows(3)+") AS t ORDER BY n")
		h.must(err)
		defer rows.Close()
		var kept [][]any
		for rows.Next() {
			kept = append(kept, slices.Clone(rows.Scan()))
		}
		h.must(rows.Err())
		h.same(fmt.Sprint(kept), "[[1] [2] [3]]")
	}},
	{"more rows than were agreed on are an error", func(h *house) {
		_, err := engine.ReadAll(h.Context(), h, h.d.ManyRows(4), 3)
		h.refused(err, fault.Invalid)
		batch, err := engine.ReadAll(h.Context(), h, h.d.ManyRows(3), 3)
		h.must(err)
		h.same(len(batch.Rows), 3)
	}},
	{"as many answers as the engine runs statements can be open", func(h *house) {
		var open []engine.Rows
		for range min(32, max(2, h.Capabilities().Parallel)) {
			rows, err := h.Query(h.Context(), h.d.ManyRows(10))
			h.must(err)
			open = append(open, rows)
		}
		for _, rows := range open {
			count := 0
			for rows.Next() {
				count++
			}
			h.must(rows.Err())
			h.must(rows.Close())
			h.same(count, 10)
		}
	}},
}

func bigint(name string) table.Column {
	return table.Column{Name: name, Type: table.Type{Kind: table.BigInt}}
}

func integer(name string) table.Column {
	return table.Column{Name: name, Type: table.Type{Kind: table.Integer}}
}

func varchar(name string) table.Column {
	return table.Column{Name: name, Type: table.Type{Kind: table.Varchar}}
}

func decimal(name string, precision, scale int) table.Column {
	return table.Column{Name: name, Type: table.Type{Kind: table.Decimal, Precision: precision, Scale: scale}}
}
