package format

import (
	"archive/zip"
	"bytes"
	cmpx "cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// write makes a workbook and returns where it lies.
func write(t *testing.T, fill func(*excelize.File)) string {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	path := filepath.Join(t.TempDir(), "book.xlsx")
	if err := errors.Join(f.SaveAs(path), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func set(t *testing.T, f *excelize.File, sheet, cell string, value any) {
	t.Helper()
	if err := f.SetCellValue(sheet, cell, value); err != nil {
		t.Fatal(err)
	}
}

// shown formats a cell with a number format.
func shown(t *testing.T, f *excelize.File, cell, format string, value any) {
	t.Helper()
	style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
	if err != nil {
		t.Fatal(err)
	}
	set(t, f, "Sheet1", cell, value)
	if err := f.SetCellStyle("Sheet1", cell, cell, style); err != nil {
		t.Fatal(err)
	}
}

type read struct {
	Outcome
	rows, rejects [][]string
}

// readFile reads a file as a table would.
func readFile(t *testing.T, path string, layout Layout, known ...table.Column) (read, error) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := NewReader(Options{TempDir: dir})
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	to := t.TempDir()
	rows, rejects := filepath.Join(to, "rows.parquet"), filepath.Join(to, "rejects.parquet")
	in := Input{Layout: layout, Name: filepath.Base(path), Path: path, Size: info.Size(), Known: known, Load: "l", LoadedAt: time.Unix(0, 0), Rows: rows, Rejects: rejects}
	out := read{}
	out.Outcome, err = r.Read(t.Context(), in)
	if left, e := os.ReadDir(dir); e != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v %v", left, e)
	}
	if err != nil {
		return out, err
	}
	out.rows = texts(t, r, "SELECT * EXCLUDE (_load, _file, _row, _loaded_at) FROM read_parquet("+table.Literal(rows)+") ORDER BY _row")
	if out.Quarantined > 0 {
		out.rejects = texts(t, r, "SELECT line, column_name, text FROM read_parquet("+table.Literal(rejects)+") ORDER BY line")
	}
	return out, nil
}

func texts(t *testing.T, r *Reader, query string) (out [][]string) {
	t.Helper()
	conn, err := r.conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	rows, err := conn.QueryContext(t.Context(), "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ("+query+")")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, _ := rows.Columns()
	for rows.Next() {
		got := make([]*string, len(names))
		targets := make([]any, len(names))
		for i := range got {
			targets[i] = &got[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		line := make([]string, len(names))
		for i, text := range got {
			if line[i] = "NULL"; text != nil {
				line[i] = *text
			}
		}
		out = append(out, line)
	}
	return out
}

func types(columns []table.Column) (out []string) {
	for _, c := range columns {
		out = append(out, c.Name+" "+strings.ToLower(c.Type.String()))
	}
	return out
}

func TestCellsAreReadAsTheyAreMeant(t *testing.T) {
	path := write(t, func(f *excelize.File) {
		for i, name := range []string{"day", "at", "price", "code", "paid", "text", "total", "share"} {
			set(t, f, "Sheet1", cellName(i, 1), name)
		}
		shown(t, f, "A2", "dd/mm/yyyy", 45000)
		shown(t, f, "A3", "[$-809]d mmmm yyyy;@", 45001)
		shown(t, f, "B2", "m/d/yy h:mm", 45000.75)
		shown(t, f, "B3", "yyyy-mm-dd hh:mm:ss.000", 45001.000011574)
		shown(t, f, "C2", `"£"#,##0.00`, 1234.5)
		shown(t, f, "C3", "0.00", 0.1+0.2)
		set(t, f, "Sheet1", "D2", "00042")
		set(t, f, "Sheet1", "D3", "42")
		set(t, f, "Sheet1", "E2", true)
		set(t, f, "Sheet1", "E3", false)
		set(t, f, "Sheet1", "F2", "two\nlines, \"quoted\"")
		if err := f.SetCellRichText("Sheet1", "F3", []excelize.RichTextRun{{Text: "rich "}, {Text: "text", Font: &excelize.Font{Bold: true}}}); err != nil {
			t.Fatal(err)
		}
		set(t, f, "Sheet1", "G2", 7)
		if err := f.SetCellFormula("Sheet1", "G2", "3+4"); err != nil {
			t.Fatal(err)
		}
		shown(t, f, "H2", "0%", 0.15)
	})
	got, err := readFile(t, path, Layout{})
	if err != nil {
		t.Fatal(err)
	}
	wantTypes := []string{"day date", "at timestamp", "price decimal(18,2)", "code varchar", "paid boolean", "text varchar", "total bigint", "share decimal(18,2)"}
	if diff := cmp.Diff(wantTypes, types(got.Columns)); diff != "" {
		t.Error(diff)
	}
	want := [][]string{
		{"2023-03-15", "2023-03-15 18:00:00", "1234.50", "00042", "true", "two\nlines, \"quoted\"", "7", "0.15"},
		{"2023-03-16", "2023-03-16 00:00:01", "0.30", "42", "false", "rich text", "NULL", "NULL"},
	}
	if diff := cmp.Diff(want, got.rows); diff != "" {
		t.Error(diff)
	}
}

// A row that cannot be read is told with its row in the sheet, whatever stands
// above and between.
func TestLinesAreRowsOfTheSheet(t *testing.T) {
	path := write(t, func(f *excelize.File) {
		set(t, f, "Sheet1", "A1", "Report of March")
		for cell, value := range map[string]any{"A3": "n", "B3": "d", "A4": 1, "B4": "a\nb", "A7": "x", "B7": "c", "A9": 2.5, "B9": "d", "A10": 3, "B10": "e"} {
			set(t, f, "Sheet1", cell, value)
		}
		style, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.SetCellStyle("Sheet1", "A11", "C20", style); err != nil { // formatted, and empty
			t.Fatal(err)
		}
	})
	for _, c := range []struct {
		kind, code string
		rejects    [][]string
	}{
		{"BIGINT", "varchar", [][]string{{"7", "n"}}},
		{"VARCHAR", "date", [][]string{{"4", "d"}, {"7", "d"}, {"9", "d"}, {"10", "d"}}},
		{"VARCHAR", "decimal(38,0)", [][]string{{"4", "d"}, {"7", "d"}, {"9", "d"}, {"10", "d"}}},
	} {
		layout := Layout{Settings: Settings{HeaderRow: placed(3), Quarantine: placed("4")}}
		got, err := readFile(t, path, layout, table.Column{Name: "n", Type: typed(t, c.kind)}, table.Column{Name: "d", Type: typed(t, c.code)})
		if err != nil {
			t.Fatal(err)
		}
		var rejects [][]string
		for _, r := range got.rejects {
			rejects = append(rejects, r[:2])
		}
		if diff := cmp.Diff(c.rejects, rejects); diff != "" {
			t.Error(c.kind, c.code, diff, got.rejects)
		}
	}
}

func typed(t *testing.T, name string) table.Type {
	t.Helper()
	of, err := table.ParseType(name)
	if err != nil {
		t.Fatal(err)
	}
	return of
}

func placed[T any](value T) project.Placed[T] {
	return project.Placed[T]{Value: value, Where: fault.Place{File: "sources/x.yml", Line: 1}}
}

func TestASheetIsChosen(t *testing.T) {
	path := write(t, func(f *excelize.File) {
		for _, name := range []string{"Prices", "2024"} {
			if _, err := f.NewSheet(name); err != nil {
				t.Fatal(err)
			}
		}
		for i, sheet := range []string{"Sheet1", "Prices", "2024"} {
			set(t, f, sheet, "A1", "n")
			set(t, f, sheet, "A2", i+1)
		}
	})
	for _, c := range []struct{ sheet, want, says string }{
		{"Prices", "2", ""},
		{"prices", "2", ""},
		{"1", "1", ""},
		{"3", "3", ""},
		{"2024", "3", ""},
		{"", "", "3 sheets: Sheet1, Prices, 2024"},
		{"Price", "", "no sheet Price"},
		{"4", "", "no sheet 4"},
	} {
		layout := Layout{}
		if c.sheet != "" {
			layout.Sheet = placed(c.sheet)
		}
		got, err := readFile(t, path, layout)
		switch {
		case c.says != "":
			if fault.KindOf(err) != fault.Held || !strings.Contains(err.Error(), c.says) {
				t.Errorf("sheet %q: %v", c.sheet, err)
			}
		case err != nil:
			t.Errorf("sheet %q: %v", c.sheet, err)
		case got.rows[0][0] != c.want:
			t.Errorf("sheet %q: got %v, want %s", c.sheet, got.rows, c.want)
		}
	}
	hidden := write(t, func(f *excelize.File) {
		set(t, f, "Sheet1", "A1", "n")
		set(t, f, "Sheet1", "A2", 5)
		if _, err := f.NewSheet("lookups"); err != nil {
			t.Fatal(err)
		}
		if err := f.SetSheetVisible("lookups", false); err != nil {
			t.Fatal(err)
		}
	})
	if got, err := readFile(t, hidden, Layout{}); err != nil || got.rows[0][0] != "5" {
		t.Errorf("%v %v", got.rows, err)
	}
}

// raw makes a workbook of one sheet from its XML.
func raw(t *testing.T, sheet string, more map[string]string) string {
	t.Helper()
	parts := map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="x"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   sheet,
	}
	for name, text := range more {
		parts[name] = text
	}
	path := filepath.Join(t.TempDir(), "raw.xlsx")
	var buffer bytes.Buffer
	z := zip.NewWriter(&buffer)
	for name, text := range parts {
		if text == "" {
			continue
		}
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), os.WriteFile(path, buffer.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

const head = `<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>n</t></is></c></row>`

func TestFilesThatAreNoSpreadsheetAreTold(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, err := os.ReadFile(write(t, func(f *excelize.File) { set(t, f, "Sheet1", "A1", "n") }))
	if err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(dir, "locked.xlsx")
	f := excelize.NewFile()
	if err := errors.Join(f.SaveAs(locked, excelize.Options{Password: "open sesame"}), f.Close()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, says string }{
		{"password", locked, "password"},
		{"text", file("a.xlsx", "n,m\n1,2\n"), "no spreadsheet"},
		{"html", file("b.xlsx", "<html>"), "no spreadsheet"},
		{"empty", file("c.xlsx", ""), "no spreadsheet"},
		{"cut off", file("d.xlsx", string(good[:len(good)/2])), "not what its name says, or cut off"},
		{"gz", file("e.xlsx.gz", "x"), "compressed already"},
		{"not a workbook", raw(t, head, map[string]string{"xl/workbook.xml": ""}), "no xl/workbook.xml"},
		{"no sheet", raw(t, head, map[string]string{"xl/workbook.xml": "<workbook/>"}), "no worksheet"},
		{"sheet missing", raw(t, "", nil), "the sheet S is missing"},
		{"sheet cut off", raw(t, head+`<row r="2"><c r="A2"><v>1</v></c></row>`, nil), "damaged"},
		{"control character", raw(t, head+"<row r=\"2\"><c r=\"A2\" t=\"str\"><v>a\x01b</v></c></row></sheetData></worksheet>", nil), "damaged"},
		{"no such text", raw(t, head+`<row r="2"><c r="A2" t="s"><v>7</v></c></row></sheetData></worksheet>`, nil), "has the text"},
		{"rows twice", raw(t, head+`<row r="1"><c r="A1"><v>7</v></c></row></sheetData></worksheet>`, nil), "comes after row 1"},
		{"no such cell", raw(t, head+`<row r="2"><c r="ZZZZ2"><v>7</v></c></row></sheetData></worksheet>`, nil), "no cell ZZZZ2"},
		{"formula", raw(t, head+`<row r="2"><c r="A2"><f>1+1</f></c></row></sheetData></worksheet>`, nil), "cell A2 of S holds a formula without its value"},
		{"header below", raw(t, `<worksheet><sheetData><row r="4"><c r="A4"><v>7</v></c></row></sheetData></worksheet>`, nil), "row 1 of S is empty"},
		{"bomb", raw(t, head+strings.Repeat(" ", 70<<20)+"</sheetData></worksheet>", nil), "far more than a spreadsheet holds"},
	} {
		_, err := readFile(t, c.path, Layout{})
		if err == nil || fault.KindOf(err) != fault.Held || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.says)
		}
	}
}

func TestSettingsThatSayNothingAreRefused(t *testing.T) {
	comma := ";"
	for _, c := range []struct {
		format string
		s      Settings
		says   string
	}{
		{"csv", Settings{Sheet: placed("a")}, "sheet: says nothing of files of format csv"},
		{"json", Settings{HeaderRow: placed(2)}, "header_row: says nothing"},
		{"xlsx", Settings{Delimiter: comma}, "delimiter: says nothing of files of format xlsx"},
		{"xlsx", Settings{Encoding: placed("utf-16")}, "encoding: says nothing"},
		{"xlsx", Settings{HeaderRow: placed(0)}, "is no row"},
		{"xlsx", Settings{HeaderRow: placed(2), Skip: 1}, "say the same"},
		{"xlsx", Settings{HeaderRow: placed(2), Header: new(bool)}, "exclude each other"},
		{"xlsx", Settings{Sheet: placed("a"), HeaderRow: placed(2)}, ""},
	} {
		err := Layout{Settings: c.s}.fits(c.format)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v, want %q", c.s, err, c.says)
		}
	}
}

func TestDates(t *testing.T) {
	for _, c := range []struct {
		stored, code string
		from         epoch
		want         string
	}{
		{"45000", "dd.mm.yy", since1900, "2023-03-15"},
		{"45000.5", "dd.mm.yy", since1900, "2023-03-15 12:00:00"}, // the hour is there, though not shown
		{"45000", "yyyy-mm-dd hh:mm", since1900, "2023-03-15 00:00:00"},
		{"0.999999999", "hh:mm", since1900, "1900-01-01 00:00:00"},
		{"0.5", "hh:mm AM/PM", since1900, "12:00:00"},
		{"1.5", "[h]:mm", since1900, "36:00:00"},
		{"1", "d/m/yy", since1900, "1900-01-01"},
		{"59", "d/m/yy", since1900, "1900-02-28"},
		{"60", "d/m/yy", since1900, "1900-02-29"},
		{"61", "d/m/yy", since1900, "1900-03-01"},
		{"0", "d/m/yy", since1904, "1904-01-01"},
		{"43538", "d/m/yy", since1904, "2023-03-15"},
		{"-1", "d/m/yy", since1900, "-1"},
		{"2958465", "d/m/yy", since1900, "9999-12-31"},
		{"2958466", "d/m/yy", since1900, "2958466"},
		{"45000", `"day" 0`, since1900, "45000"},
		{"45000", `[Red]0.00`, since1900, "45000"},
		{"45000", `0\d`, since1900, "45000"},
		{"45000", `0.00E+00`, since1900, "45000"},
		{"45000", `[>=100]#,##0_d;[Red]dd`, since1900, "45000"},
		{"45000", `[$-411]ggge"年"m"月"d"日";@`, since1900, "2023-03-15"},
		{"45000.5", `m/d/yyyy h:mm AM/PM`, since1900, "2023-03-15 12:00:00"},
		{"45000", `mm`, since1900, "2023-03-15"},
		{"0.5", `[mm]:ss`, since1900, "12:00:00"},
		{"45000", "General", since1900, "45000"},
		{"45000", "mmm-yy", since1900, "2023-03-15"},
		{"0.00001157", "mm:ss", since1900, "00:00:01"},
	} {
		kind := timesOf("164", c.code)
		got := number(c.stored)
		if kind != noTime {
			got = moment(c.stored, kind, c.from)
		}
		if got != c.want {
			t.Errorf("%s as %s: got %s, want %s", c.stored, c.code, got, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for stored, want := range map[string]string{
		"1.1000000000000001": "1.1", "0.30000000000000004": "0.3", "59.99000168": "59.99000168", "12345678901234567890": "12345678901234567890",
		"1E-3": "0.001", "1.5E+3": "1500", "1E+300": "1e+300", "-0.10000000000000001": "-0.1", "1234567890.12": "1234567890.12", "100": "100",
		"123456789012345678.25": "123456789012345678.25", "4.4999999999999997E-2": "0.045", "abc": "abc", "": "", "1E999": "1E999", "19.989999999999998": "19.99",
		"1.50": "1.50", "0": "0", "1E-20": "1e-20",
	} {
		if got := number(stored); got != want {
			t.Errorf("%s: got %s, want %s", stored, got, want)
		}
	}
}

func TestEscapes(t *testing.T) {
	for text, want := range map[string]string{"a_x000D_\nb": "a\r\nb", "_x005F_x000D_": "_x000D_", "_xD83D__xDE00_!": "😀!", "_x12": "_x12", "_xD83D_a": "\ufffda"} {
		if got := unescaped(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// Real files of a public data set.
func TestRealSheets(t *testing.T) {
	dir := filepath.Join(cmpx.Or(os.Getenv("LARDER_DATA"), "../../../shared/data"), "dataco")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no data at %s; set LARDER_DATA", dir)
	}
	for name, want := range map[string]int{"products.xlsx": 118, "category.xlsx": 51} {
		got, err := readFile(t, filepath.Join(dir, name), Layout{})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.rows) != want {
			t.Errorf("%s: %d rows, want %d; %v %v", name, len(got.rows), want, types(got.Columns), got.rows[0])
		}
	}
}

// What our reader makes of a sheet is what another one makes of it.
func TestAgainstAnotherReader(t *testing.T) {
	path := write(t, func(f *excelize.File) {
		for row := 1; row <= 300; row++ {
			for column := range row % 7 {
				set(t, f, "Sheet1", cellName(column*3, row), []any{row * column, fmt.Sprint("t ", row), float64(row) / 8}[(row+column)%3])
			}
		}
	})
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := f.GetRows("Sheet1", excelize.Options{RawCellValue: true})
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, everyRow(t, path)); diff != "" {
		t.Error(diff)
	}
}

func everyRow(t testing.TB, path string) [][]string {
	t.Helper()
	book, err := openWorkbook("book", path)
	if err != nil {
		t.Fatal(err)
	}
	defer book.close()
	rows, err := book.rows(book.sheets[0])
	if err != nil {
		t.Fatal(err)
	}
	defer rows.part.Close()
	var out [][]string
	for {
		more, err := rows.next()
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return out
		}
		for len(out) < rows.row {
			out = append(out, nil)
		}
		out[rows.row-1] = append([]string(nil), filled(rows.cells)...)
	}
}

// FuzzCell: a cell's text is what it was, to the digits a spreadsheet keeps,
// and stays so when it is read again; nothing a file says makes it fall.
func FuzzCell(f *testing.F) {
	for _, seed := range []string{"1.1000000000000001", "45000.5", "-0", "1E-7", "_x000D_", "nan", "0x1p-2", "1_000", "Inf"} {
		f.Add(seed, "yyyy-mm-dd")
	}
	f.Add("1", `[$-409]h:mm AM/PM;@`)
	f.Add("1", `"a\"b" \d_m*s [`)
	f.Fuzz(func(t *testing.T, stored, code string) {
		once := number(stored)
		if number(once) != once {
			t.Errorf("%q: %q, then %q", stored, once, number(once))
		}
		was, err := strconv.ParseFloat(strings.TrimSpace(stored), 64)
		if is, e := strconv.ParseFloat(once, 64); err == nil && (e != nil || is != was && !math.IsNaN(is) && !near(is, was)) {
			t.Errorf("%q became %q", stored, once)
		}
		_ = unescaped(stored)
		for _, from := range []epoch{since1900, since1904} {
			_ = moment(stored, timesOf("200", code), from)
		}
	})
}

func near(a, b float64) bool {
	difference, size := a-b, max(a, -a, b, -b)
	return max(difference, -difference) <= size*1e-14
}
