package format_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/table"
)

// shows reads lines as a first load and tells the columns, "name TYPE".
func shows(t *testing.T, known []table.Column, lines ...string) (format.Outcome, []string, error) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "in.json")
	text := strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	reader := format.NewReader(format.Options{Threads: 1})
	t.Cleanup(func() { _ = reader.Close() })
	out, err := reader.Read(t.Context(), format.Input{
		Layout: format.Layout{}.In("json"), Name: "in", Path: path, Size: int64(len(text)), Known: known, Load: "l1", LoadedAt: time.Unix(0, 0),
		Rows: filepath.Join(dir, "rows.parquet"), Rejects: filepath.Join(dir, "rejects.parquet"),
	})
	var columns []string
	for _, c := range out.Columns {
		columns = append(columns, c.Name+" "+c.Type.String())
	}
	return out, columns, err
}

func TestWhatJSONShows(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"money is decimal":            {[]string{`{"a":12.10}`, `{"a":7}`, `{"a":null}`}, "a DECIMAL(18,2)"},
		"quoted money":                {[]string{`{"a":"12.10"}`, `{"a":"7"}`}, "a DECIMAL(18,2)"},
		"quoted numbers are names":    {[]string{`{"a":"12"}`, `{"a":"7"}`}, "a VARCHAR"},
		"an exponent is a float":      {[]string{`{"a":1e-7}`, `{"a":2.5}`}, "a DOUBLE"},
		"forty digits are text":       {[]string{`{"a":1234567890123456789012345678901234567890}`, `{"a":1}`}, "a VARCHAR"},
		"thirty digits are whole":     {[]string{`{"a":123456789012345678901234567890}`, `{"a":1}`}, "a HUGEINT"},
		"nested stays JSON":           {[]string{`{"a":{"b":1.5}}`, `{"a":{"c":null}}`}, "a JSON"},
		"a list stays JSON":           {[]string{`{"a":[1.5]}`, `{"a":[]}`}, "a JSON"},
		"never a value is no column":  {[]string{`{"a":null,"b":1}`}, "b BIGINT"},
		"a time keeps its zone":       {[]string{`{"a":"2026-01-01T10:00:00Z"}`}, "a TIMESTAMP WITH TIME ZONE"},
		"a time without one":          {[]string{`{"a":"2026-01-01T10:00:00"}`}, "a TIMESTAMP"},
		"a day":                       {[]string{`{"a":"2026-01-01"}`}, "a DATE"},
		"text and numbers are text":   {[]string{`{"a":"x"}`, `{"a":1}`}, "a VARCHAR"},
		"objects and numbers are any": {[]string{`{"a":{"b":1}}`, `{"a":1}`}, "a JSON"},
		"true":                        {[]string{`{"a":true}`, `{"a":false}`}, "a BOOLEAN"},
		"odd names":                   {[]string{`{"a\"b":1.5,"it's":"2026-01-01"}`}, "a\"b DECIMAL(18,2),it's DATE"},
	} {
		t.Run(name, func(t *testing.T) {
			out, columns, err := shows(t, nil, c.lines...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, strings.Join(columns, ",")); diff != "" || out.Rows != int64(len(c.lines)) {
				t.Error(out.Rows, diff)
			}
		})
	}
}

// A load of few records shows less than the loads before: it is read as known.
func TestFewRecordsAreReadAsKnown(t *testing.T) {
	of := func(spelled string) []table.Column {
		k, err := table.ParseType(spelled)
		if err != nil {
			t.Fatal(err)
		}
		return []table.Column{{Name: "id", Type: table.Type{Kind: table.BigInt}}, {Name: "a", Type: k}}
	}
	for _, c := range []struct{ known, line, held string }{
		{"VARCHAR", `{"id":1,"a":null}`, ""},
		{"VARCHAR", `{"id":1,"a":"2026-01-01"}`, ""},
		{"DECIMAL(18,2)", `{"id":1,"a":7}`, ""},
		{"DECIMAL(18,2)", `{"id":1,"a":"7.5"}`, ""},
		{"DECIMAL(18,2)", `{"id":1,"a":7.125}`, "not exactly"},
		{"BIGINT", `{"id":1,"a":"seven"}`, "not exactly"},
		{"BIGINT", `{"id":1,"a":7.5}`, "not exactly"},
		{"JSON", `{"id":1,"a":[1]}`, ""},
		{"JSON", `{"id":1,"a":"x"}`, ""},
		{"JSON", `{"id":1,"a":7.5}`, ""},
		{"TIMESTAMP WITH TIME ZONE", `{"id":1,"a":"2026-01-01"}`, ""},
	} {
		known := of(c.known)
		out, columns, err := shows(t, known, c.line)
		if c.held != "" {
			if fault.KindOf(err) != fault.Held || !strings.Contains(err.Error(), c.held) {
				t.Errorf("%s %s: %v", c.known, c.line, err)
			}
			continue
		}
		if err != nil || out.Rows != 1 || !strings.Contains(strings.Join(columns, ","), "a "+c.known) {
			t.Errorf("%s %s: %v %v", c.known, c.line, columns, err)
		}
	}
}
