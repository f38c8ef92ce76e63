package ingest_test

import (
	"bufio"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/ingest/files"
	"github.com/larder-data/larder/internal/lake/folder"
	"github.com/larder-data/larder/internal/project"
)

// cpu is the processor time this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// sourceOf reads a source as a project's file would say it.
func sourceOf(t testing.TB, dir, yaml string) project.Source {
	t.Helper()
	for name, text := range map[string]string{"larder.yml": "name: shop\n", "sources/erp.yml": yaml} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, err := project.Load(dir, project.Options{Kinds: map[string]project.Kind{
		"files": {Source: &files.Source{}, Table: &files.Table{}, Column: &format.Column{}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return p.Sources[0]
}

const benchSource = `kind: files
path: data
tables:
  lines:
    files: lines.csv
    columns:
      order_id: bigint
      line_no: integer
      sku: varchar
      quantity: integer
      unit_price: decimal(18,2)
      discount: decimal(18,2)
      ordered_on: date
      country: varchar
`

// BenchmarkCSVToLake lands a CSV file in the lake and holds the processor time
// against DuckDB's own COPY of the same file to Parquet with the same types.
func BenchmarkCSVToLake(b *testing.B) {
	const rows = 2_000_000
	dir := b.TempDir()
	source := sourceOf(b, dir, benchSource)
	path := filepath.Join(dir, "data", "lines.csv")
	writeLines(b, path, rows)
	var bare, larder time.Duration
	for b.Loop() {
		start := cpu(b)
		copyBare(b, path, filepath.Join(dir, "bare.parquet"))
		bare += cpu(b) - start

		start = cpu(b)
		archive := folder.Open(b.TempDir())
		parser := format.NewReader(format.Options{})
		i := ingest.New(archive, map[string]ingest.Reader{"files": files.NewReader(dir)}, parser, []project.Source{source}, time.Now)
		if _, err := i.Archive(b.Context(), "lake.erp_lines", "run"); err != nil {
			b.Fatal(err)
		}
		if err := parser.Close(); err != nil {
			b.Fatal(err)
		}
		larder += cpu(b) - start
		if err := archive.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(bare.Seconds()/float64(b.N), "bare-cpu-s/op")
	b.ReportMetric(larder.Seconds()/float64(b.N), "larder-cpu-s/op")
	b.ReportMetric(larder.Seconds()/bare.Seconds(), "ratio")
}

func copyBare(b *testing.B, from, to string) {
	b.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		b.Fatal(err)
	}
	_, err = db.ExecContext(b.Context(), `COPY (SELECT * FROM read_csv('`+from+`', header = true, auto_detect = false, delim = ',', quote = '"', columns = {
		'order_id': 'BIGINT', 'line_no': 'INTEGER', 'sku': 'VARCHAR', 'quantity': 'INTEGER', 'unit_price': 'DECIMAL(18,2)',
		'discount': 'DECIMAL(18,2)', 'ordered_on': 'DATE', 'country': 'VARCHAR'})) TO '`+to+`' (FORMAT parquet)`)
	if closed := db.Close(); err != nil || closed != nil {
		b.Fatal(err, closed)
	}
}

func writeLines(b *testing.B, path string, rows int) {
	b.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.Fatal(err)
	}
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	out := bufio.NewWriterSize(file, 1<<20)
	out.WriteString("order_id,line_no,sku,quantity,unit_price,discount,ordered_on,country\n")
	countries := strings.Fields("GB DE FR ES IT NL")
	for i := range rows {
		fmt.Fprintf(out, "%d,%d,SKU-%05d,%d,%d.%02d,0.%02d,2026-%02d-%02d,%s\n",
			i/3, i%3+1, i*7919%20000, i%9+1, i%97, i%100, i%50, i%12+1, i%28+1, countries[i%len(countries)])
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
}
