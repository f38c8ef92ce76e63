package shop

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// record is one raw row, by the names its source uses.
type record map[string]string

// cents reads an amount with a point or a comma into minor units.
func (r record) cents(t testing.TB, column string) int64 {
	t.Helper()
	whole, fraction, found := strings.Cut(strings.ReplaceAll(r[column], ",", "."), ".")
	if !found || len(fraction) != 2 {
		t.Fatalf("%s is %q, not an amount", column, r[column])
	}
	return number(t, whole+fraction)
}

func (r record) number(t testing.TB, column string) int64 {
	t.Helper()
	return number(t, r[column])
}

func number(t testing.TB, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// raw reads all files of a table, "shop/orders", the way its source says.
func raw(t testing.TB, dir, table string) []record {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "data", filepath.FromSlash(table), "*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files of %s: %v", table, err)
	}
	var all []record
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		var in io.Reader = file
		if strings.HasSuffix(path, ".gz") {
			if in, err = gzip.NewReader(file); err != nil {
				t.Fatal(err)
			}
		}
		if strings.Contains(path, ".jsonl") {
			all = append(all, objects(t, in)...)
		} else {
			all = append(all, rows(t, in)...)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func rows(t testing.TB, in io.Reader) []record {
	t.Helper()
	values, err := csv.NewReader(in).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []record
	for _, row := range values[1:] {
		r := record{}
		for i, name := range values[0] {
			r[name] = row[i]
		}
		all = append(all, r)
	}
	return all
}

func objects(t testing.TB, in io.Reader) []record {
	t.Helper()
	var all []record
	for scan := bufio.NewScanner(in); scan.Scan(); {
		var fields map[string]any
		decoder := json.NewDecoder(strings.NewReader(scan.Text()))
		decoder.UseNumber()
		if err := decoder.Decode(&fields); err != nil {
			t.Fatalf("%s: %v", scan.Text(), err)
		}
		r := record{}
		for name, value := range fields {
			if n, ok := value.(json.Number); ok {
				r[name] = n.String()
			} else {
				r[name] = value.(string)
			}
		}
		all = append(all, r)
	}
	return all
}
