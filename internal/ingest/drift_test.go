package ingest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// drifts tells, of each table's loads that were taken, what changed.
func (d *dock) drifts() []string {
	d.Helper()
	manifests, err := d.archive.Manifests(d.Context(), "lake.erp_lines")
	if err != nil {
		d.Fatal(err)
	}
	var out []string
	for _, m := range manifests {
		for _, c := range m.Drift {
			text, err := json.Marshal(c)
			if err != nil {
				d.Fatal(err)
			}
			out = append(out, string(text))
		}
	}
	return out
}

func TestEachKindOfDriftHasItsResponse(t *testing.T) {
	const first = `{"a":1,"b":"x"}`
	for _, c := range []struct {
		name, drift, second, held string
		rows, drifts              []string
	}{
		{"an added column evolves", "", `{"a":2,"b":"y","c":true}`, "", []string{"1 x ", "2 y true"}, []string{`{"kind":"added","column":"c","after":"BOOLEAN"}`}},
		{"or is held", "added: hold", `{"a":2,"b":"y","c":true}`, "column c (BOOLEAN) was added", []string{"1 x"}, nil},
		{"or is left out", "added: ignore", `{"a":2,"b":"y","c":true}`, "", []string{"1 x", "2 y"}, nil},
		{"a removed column is held", "", `{"a":2}`, "lacks the column b", []string{"1 x"}, nil},
		{"or stays empty", "removed: evolve", `{"a":2}`, "", []string{"1 x", "2 "}, []string{`{"kind":"removed","column":"b","before":"VARCHAR"}`}},
		{"values of another type are held", "", `{"a":"many","b":"y"}`, "1 of 1 rows", []string{"1 x"}, nil},
		{"or make the column wide enough", "retyped: evolve", `{"a":"many","b":"y"}`, "", []string{"1 x", "many y"}, []string{`{"kind":"retyped","column":"a","before":"BIGINT","after":"VARCHAR"}`}},
		{"or go to the quarantine", "retyped: ignore", `{"a":"many","b":"y"}` + "\n" + `{"a":3,"b":"z"}`, "", []string{"1 x", "3 z"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			settings := "format: json"
			if c.drift != "" {
				settings += "\n    drift: {" + c.drift + "}"
			}
			d := newDock(t, settings)
			d.file("1.csv", first+"\n")
			d.landed()
			d.file("2.csv", c.second+"\n")
			if c.held != "" {
				d.held(c.held)
			} else {
				d.landed()
			}
			d.same(d.rows("select * exclude (_load, _file, _row, _loaded_at) from lake.erp_lines"), c.rows)
			d.same(d.drifts(), c.drifts)
		})
	}
}

// The same in delimited text, which has no types of its own.
func TestDriftOfText(t *testing.T) {
	d := newDock(t, "drift: {retyped: evolve, removed: evolve, added: ignore}")
	d.file("1.csv", "a,b\n1,2\n")
	d.landed()
	d.file("2.csv", "a,b\n1.25,many\n")
	d.landed()
	d.file("3.csv", "new,b\n7,few\n")
	d.landed()
	d.same(d.rows("select a, b from lake.erp_lines"), []string{" few", "1.00 2", "1.25 many"})
	d.same(d.drifts(), []string{
		`{"kind":"retyped","column":"a","before":"BIGINT","after":"DECIMAL(21,2)"}`, `{"kind":"retyped","column":"b","before":"BIGINT","after":"VARCHAR"}`,
		`{"kind":"removed","column":"a","before":"DECIMAL(21,2)"}`,
	})
	d.open() // what was learned is in the manifests
	d.file("4.csv", "a,b\n12345678901234567.5,4\n")
	d.landed()
	d.same(d.rows("select a from lake.erp_lines where b = '4'"), []string{"12345678901234567.50"})

	declared := newDock(t, "drift: {retyped: evolve}\n    columns: {a: integer}")
	declared.file("1.csv", "a\n1\n")
	declared.landed()
	declared.file("2.csv", "a\nmany\n")
	declared.held("1 of 1 rows of 2.csv cannot be read")
}

func TestWholeNumbersGetWider(t *testing.T) {
	d := newDock(t, "format: parquet")
	write := func(name, sql string) {
		t.Helper()
		path := filepath.Join(d.dir, "data", name)
		if _, err := os.Stat(path); err == nil {
			t.Fatal("there already")
		}
		if err := d.duck.Export(t.Context(), sql, path, "parquet"); err != nil {
			t.Fatal(err)
		}
	}
	write("1.csv", "select 1::integer as a")
	d.landed()
	write("2.csv", "select 5000000000::bigint as a")
	d.landed()
	write("3.csv", "select 3::smallint as a")
	d.landed()
	d.same(d.rows("select a, typeof(a) from lake.erp_lines"), []string{"1 BIGINT", "3 BIGINT", "5000000000 BIGINT"})
	d.same(d.drifts(), []string{`{"kind":"widened","column":"a","before":"INTEGER","after":"BIGINT"}`})

	for response, says := range map[string]string{"hold": "column a was widened from INTEGER to BIGINT", "ignore": "1 of 1 rows"} {
		h := newDock(t, "format: parquet\n    drift: {widened: "+response+"}")
		d.dir, d.duck = h.dir, h.duck
		write("1.csv", "select 1::integer as a")
		h.landed()
		write("2.csv", "select 5000000000::bigint as a")
		h.held(says)
		if got := strings.Join(h.rows("select a from lake.erp_lines"), " "); got != "1" {
			t.Error(got)
		}
	}
}

// Money keeps every digit it is written with, also where JSON's numbers are
// longer than a double holds.
func TestJSONKeepsEveryDigit(t *testing.T) {
	d := newDock(t, "format: json\n    columns: {s: \"decimal(18,2)\", wide: \"decimal(38,2)\", i: ubigint, free: varchar, n: json}")
	d.file("1.csv", `{"s":1234567890123456.78,"wide":123456789012345678901234567890123456.10,"i":18446744073709551615,"free":0.1234567890123456789,"n":{"x":[9876543210.123456789]}}`+"\n")
	d.landed()
	d.same(d.rows("select s, wide, i, free, n->'x'->>0 from lake.erp_lines"), []string{
		"1234567890123456.78 123456789012345678901234567890123456.10 18446744073709551615 0.1234567890123456789 9876543210.123456789",
	})
}
