package enginetest

import (
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/table"
)

// exact is a value that must survive being read, and being stored and read.
func exact(name, sql, want string) tale {
	return tale{name, func(h *house) {
		h.shows("SELECT "+sql+" AS v", want)
		h.put(build("a.kept", "SELECT "+sql+" AS v"))
		h.shows("SELECT v FROM a.kept", want)
	}}
}

var valueCases = []tale{
	exact("a decimal of cents", "CAST(12.30 AS DECIMAL(18,2))", "12.30"),
	exact("a decimal keeps its trailing zeros", "CAST(5 AS DECIMAL(18,8))", "5.00000000"),
	exact("a negative decimal below one", "CAST(-0.05 AS DECIMAL(4,2))", "-0.05"),
	exact("a decimal of zero", "CAST(0 AS DECIMAL(9,2))", "0.00"),
	exact("a decimal no float can hold", "CAST('9007199254740993.01' AS DECIMAL(18,2))", "9007199254740993.01"),
	exact("the smallest step of a decimal", "CAST('0.000000000001' AS DECIMAL(38,12))", "0.000000000001"),
	{"a decimal of as many digits as there may be", func(h *house) {
		digits := h.Capabilities().MaxDecimal
		for _, sign := range []string{"", "-"} {
			whole := sign + strings.Repeat("9", digits)
			cents := whole[:len(whole)-2] + "." + whole[len(whole)-2:]
			size := itoa(digits)
			h.shows("SELECT CAST('"+whole+"' AS DECIMAL("+size+",0)), CAST('"+cents+"' AS DECIMAL("+size+",2))", whole+" "+cents)
		}
	}},
	{"a decimal that is all fraction", func(h *house) {
		digits := h.Capabilities().MaxDecimal
		want := "0." + strings.Repeat("0", digits-1) + "1"
		h.shows("SELECT CAST('"+want+"' AS DECIMAL("+itoa(digits)+","+itoa(digits)+"))", want)
	}},
	{"a sum of decimals is exact", func(h *house) {
		h.put(build("a.pence", "SELECT CAST(0.01 AS DECIMAL(18,2)) AS v FROM ("+h.d.ManyRows(10000)+") AS t"))
		h.shows("SELECT CAST(SUM(v) AS DECIMAL(18,2)) FROM a.pence", "100.00")
	}},
	exact("the smallest and largest small integer", "CAST(-32768 AS SMALLINT)", "-32768"),
	exact("the largest integer", "CAST(2147483647 AS INTEGER)", "2147483647"),
	exact("the largest big integer", "CAST(9223372036854775807 AS BIGINT)", "9223372036854775807"),
	exact("the smallest big integer", "CAST('-9223372036854775808' AS BIGINT)", "-9223372036854775808"),
	{"NULL of every type", func(h *house) {
		for _, of := range []string{
			"DECIMAL(18,2)", "SMALLINT", "INTEGER", "BIGINT", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE",
			"VARCHAR", "BOOLEAN", "DOUBLE PRECISION", "UUID", "INTERVAL", "TIME",
		} {
			h.shows("SELECT CAST(NULL AS "+of+") AS v", null)
			h.put(build("a.kept", "SELECT CAST(NULL AS "+of+") AS v"))
			h.shows("SELECT v FROM a.kept", null)
		}
	}},
	{"NULL is not an empty text", func(h *house) {
		h.put(build("a.texts", "SELECT CAST(NULL AS VARCHAR) AS v, 1 AS n UNION ALL SELECT '', 2"))
		h.shows("SELECT v FROM a.texts ORDER BY n", null, "")
		h.shows("SELECT n FROM a.texts WHERE v IS NULL", "1")
	}},
	exact("a text with quotes", `'it''s "quoted"'`, `it's "quoted"`),
	exact("a text with line ends and tabs", "'a\nb\r\nc\td'", "a\nb\r\nc\td"),
	exact("a text with a backslash", `'C:\new\table'`, `C:\new\table`),
	exact("a text beyond the basic plane", "'Zoë £ 漢字 🧺 e\u0301'", "Zoë £ 漢字 🧺 e\u0301"),
	exact("a text with semicolons and comment marks", "'; -- /* not */ $x$'", "; -- /* not */ $x$"),
	exact("a text with spaces around it", "'  x  '", "  x  "),
	{"a text of a megabyte", func(h *house) {
		long := strings.Repeat("0123456789abcdef", 1<<16)
		h.put(build("a.long", "SELECT '"+long+"' AS v"))
		if got := h.read("SELECT v FROM a.long"); len(got) != 1 || got[0] != long {
			h.Fatalf("read %d rows, not the text of %d bytes", len(got), len(long))
		}
	}},
	exact("true", "TRUE", "true"),
	exact("false", "FALSE", "false"),
	exact("a leap day", "DATE '2024-02-29'", "2024-02-29"),
	exact("a day before the epoch", "DATE '1899-12-31'", "1899-12-31"),
	exact("the last day of four digits", "DATE '9999-12-31'", "9999-12-31"),
	exact("a timestamp to the microsecond", "TIMESTAMP '2024-03-31 01:30:00.000001'", "2024-03-31 01:30:00.000001"),
	exact("a timestamp in an hour that the clocks skipped", "TIMESTAMP '2024-03-31 01:30:00'", "2024-03-31 01:30:00"),
	exact("a timestamp before the epoch", "TIMESTAMP '1969-12-31 23:59:59.999999'", "1969-12-31 23:59:59.999999"),
	exact("a float", "CAST(0.1 AS DOUBLE PRECISION)", "0.1"),
	exact("the largest float", "CAST('1.7976931348623157e308' AS DOUBLE PRECISION)", "1.7976931348623157e+308"),
	exact("a float that is no number", "CAST('NaN' AS DOUBLE PRECISION)", "NaN"),
	exact("an infinite float", "CAST('-Infinity' AS DOUBLE PRECISION)", "-Inf"),
	exact("a UUID", "CAST('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11' AS UUID)", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
	{"an instant is in UTC whatever zone it was written in", func(h *house) {
		h.shows("SELECT TIMESTAMP WITH TIME ZONE '2024-07-01 00:00:00+00'", "2024-07-01T00:00:00Z")
		h.shows("SELECT TIMESTAMP WITH TIME ZONE '2024-07-01 00:00:00+05:30'", "2024-06-30T18:30:00Z")
	}},
	{"an instant without a zone is of the business's", func(h *house) {
		h.shows("SELECT CAST('2024-07-01 00:00:00' AS TIMESTAMP WITH TIME ZONE)", "2024-06-30T23:00:00Z")
		h.shows("SELECT CAST('2024-01-01 00:00:00' AS TIMESTAMP WITH TIME ZONE)", "2024-01-01T00:00:00Z")
	}},
	{"the hour the clocks skip is taken for the one after it", func(h *house) {
		h.shows("SELECT CAST('2024-03-31 01:30:00' AS TIMESTAMP WITH TIME ZONE)", "2024-03-31T01:30:00Z")
		h.shows("SELECT CAST('2024-03-31 00:59:59' AS TIMESTAMP WITH TIME ZONE)", "2024-03-31T00:59:59Z")
		h.shows("SELECT CAST('2024-03-31 02:00:00' AS TIMESTAMP WITH TIME ZONE)", "2024-03-31T01:00:00Z")
	}},
	{"both hours of the night the clocks go back are told apart", func(h *house) {
		h.put(build("a.night", `SELECT TIMESTAMP WITH TIME ZONE '2024-10-27 00:30:00+00' AS v
			UNION ALL SELECT TIMESTAMP WITH TIME ZONE '2024-10-27 01:30:00+00'`))
		h.shows("SELECT v FROM a.night ORDER BY v", "2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z")
		h.shows("SELECT CAST(v AS TIMESTAMP) FROM a.night ORDER BY v", "2024-10-27 01:30:00", "2024-10-27 01:30:00")
	}},
	{"a business day has 23 or 25 hours when the clocks change", func(h *house) {
		hours := func(day, next string) string {
			epoch := func(day string) string { return "EXTRACT(EPOCH FROM CAST('" + day + "' AS TIMESTAMP WITH TIME ZONE))" }
			return "SELECT CAST((" + epoch(next) + " - " + epoch(day) + ") / 3600 AS INTEGER)"
		}
		h.shows(hours("2024-03-31", "2024-04-01"), "23")
		h.shows(hours("2024-10-27", "2024-10-28"), "25")
		h.shows(hours("2024-06-01", "2024-06-02"), "24")
	}},
	{"the day of an instant is the business's", func(h *house) {
		h.shows("SELECT CAST(TIMESTAMP WITH TIME ZONE '2024-06-30 23:30:00+00' AS DATE)", "2024-07-01")
	}},
	{"the zone holds on every connection", func(h *house) {
		h.crowd(8, func(int) error {
			batch, err := engine.ReadAll(h.Context(), h, "SELECT CAST('2024-07-01 00:00:00' AS TIMESTAMP WITH TIME ZONE)", 0)
			return firstOf(err, batch, "2024-06-30T23:00:00Z")
		})
	}},
	{"the warehouse's own values", func(h *house) {
		if len(h.d.Values) == 0 {
			h.Fatal("the dialect names no values of its own")
		}
		for _, v := range h.d.Values {
			for _, sql := range []string{"SELECT " + v.SQL + " AS v", "SELECT v FROM a.own"} {
				if strings.HasSuffix(sql, "own") {
					h.put(build("a.own", "SELECT "+v.SQL+" AS v"))
				}
				batch, err := engine.ReadAll(h.Context(), h, sql, 0)
				h.must(err)
				h.same(lines(batch), []string{v.Text})
				if batch.Columns[0].Type.Kind != v.Kind {
					h.Errorf("%s is of type %s, not of kind %s", v.SQL, batch.Columns[0].Type, table.Type{Kind: v.Kind})
				}
			}
		}
	}},
}
