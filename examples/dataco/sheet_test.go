package dataco_test

import (
	"archive/zip"
	"encoding/xml"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// sheet reads the only sheet of a spreadsheet with nothing but the standard
// library. It knows what these two files hold: texts written into their cells,
// numbers, and no empty cell.
func sheet(t *testing.T, path string) [][]string {
	t.Helper()
	book, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	file, err := book.Open("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var found struct {
		Rows []struct {
			Cells []struct {
				Number string `xml:"v"`
				Text   string `xml:"is>t"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
	}
	if err := xml.NewDecoder(file).Decode(&found); err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for _, row := range found.Rows[1:] {
		var values []string
		for _, cell := range row.Cells {
			values = append(values, cell.Number+cell.Text)
		}
		rows = append(rows, values)
	}
	return rows
}

// products are all articles: the category's name looked up, needless blanks taken off, and
// prices of four bytes at the nearest cent.
func products(t *testing.T, data string) string {
	t.Helper()
	categories := map[string]string{}
	for _, row := range sheet(t, filepath.Join(data, "dataco/category.xlsx")) {
		categories[row[0]] = strings.Join(strings.Fields(row[1]), " ")
	}
	var lines []string
	for _, row := range sheet(t, filepath.Join(data, "dataco/products.xlsx")) {
		price, err := strconv.ParseFloat(row[3], 64)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.Join([]string{
			row[0], strings.Join(strings.Fields(row[2]), " "), categories[row[1]], strconv.FormatFloat(price, 'f', 2, 64),
		}, " | "))
	}
	return strings.Join(lines, "\n")
}
