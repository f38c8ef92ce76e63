package publictest

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Row is a row of a CSV file: the texts by the names of the header.
type Row map[string]string

// Rows reads a CSV file with nothing but the standard library: gzipped when its
// name ends so, a byte order mark taken off.
func Rows(t testing.TB, path string) []Row {
	t.Helper()
	var rows []Row
	EachRow(t, path, func(names, values []string) {
		row := Row{}
		for i, name := range names {
			row[name] = values[i]
		}
		rows = append(rows, row)
	})
	return rows
}

// EachRow calls do with the header and the values of each row, for files too
// large to keep. The slices are valid during the call.
func EachRow(t testing.TB, path string, do func(names, values []string)) {
	t.Helper()
	file, err := os.Open(path)
	must(t, err)
	defer file.Close()
	var from io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		zipped, err := gzip.NewReader(file)
		must(t, err)
		defer zipped.Close()
		from = zipped
	}
	reader := csv.NewReader(from)
	names, err := reader.Read()
	must(t, err)
	names[0] = strings.TrimPrefix(names[0], "\ufeff")
	reader.ReuseRecord = true
	names = append([]string(nil), names...)
	for {
		values, err := reader.Read()
		if err == io.EOF {
			return
		}
		must(t, err)
		do(names, values)
	}
}

// Filter writes the rows of a CSV file that are to be kept, and its header, into
// another, gzipped when its name ends so. Its folder is made.
func Filter(t testing.TB, from, to string, keep func(values []string) bool) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(to), 0o755))
	file, err := os.Create(to)
	must(t, err)
	var into io.Writer = file
	zipped := gzip.NewWriter(file)
	if strings.HasSuffix(to, ".gz") {
		into = zipped
	}
	writer, began := csv.NewWriter(into), false
	EachRow(t, from, func(names, values []string) {
		if !began {
			began = true
			must(t, writer.Write(names))
		}
		if keep(values) {
			must(t, writer.Write(values))
		}
	})
	writer.Flush()
	must(t, writer.Error())
	if strings.HasSuffix(to, ".gz") {
		must(t, zipped.Close())
	}
	must(t, file.Close())
}

// Digits reads an exact decimal as a whole number of its scale-th digit behind
// the point: "1.5" with scale 2 is 150. More digits than that, or anything that
// is no number, fails the test.
func Digits(t testing.TB, text string, scale int) int64 {
	t.Helper()
	whole, rest, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if strings.Trim(rest[min(scale, len(rest)):], "0") != "" || whole+rest == "" {
		t.Fatalf("%q is no number with %d digits behind the point", text, scale)
	}
	rest = (rest + strings.Repeat("0", scale))[:scale]
	var n int64
	for _, digit := range whole + rest {
		if digit < '0' || digit > '9' {
			t.Fatalf("%q is no number", text)
		}
		n = n*10 + int64(digit-'0')
	}
	if strings.HasPrefix(text, "-") {
		return -n
	}
	return n
}

// Decimal writes what Digits read the way a decimal column of that scale is told.
func Decimal(n int64, scale int) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	text := strings.Repeat("0", scale) + strconv.FormatInt(n, 10)
	whole, rest := strings.TrimLeft(text[:len(text)-scale], "0"), text[len(text)-scale:]
	if whole == "" {
		whole = "0"
	}
	if scale == 0 {
		return sign + whole
	}
	return sign + whole + "." + rest
}
