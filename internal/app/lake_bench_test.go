package app

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/s3test"
	"github.com/larder-data/larder/internal/state"
)

// used is the processor time this process has taken.
func used(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

const benchProject = `
-- sources/erp.yml --
kind: files
path: data
tables:
  lines:
    files: "*.csv"
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

// benchRun runs a project and fails unless all is done.
func benchRun(b *testing.B, dir string) {
	b.Helper()
	a, err := Load(b.Context(), Options{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	if err := a.Connect(b.Context()); err != nil {
		b.Fatal(err)
	}
	plan, err := a.Plan(b.Context(), Request{})
	if err != nil {
		b.Fatal(err)
	}
	report, err := a.Run(b.Context(), plan, RunOptions{Command: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range report.Steps {
		if s.Outcome != state.Done {
			b.Fatalf("%s: %s", s.Dataset, s.Error)
		}
	}
}

func benchLines(b *testing.B, path string, rows int) {
	b.Helper()
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	fmt.Fprintln(out, "order_id,line_no,sku,quantity,unit_price,discount,ordered_on,country")
	countries := []string{"United Kingdom", "France", "Germany", "Ireland"}
	for n := range rows {
		fmt.Fprintf(out, "%d,%d,SKU-%05d,%d,%d.%02d,%d.00,2026-%02d-%02d,%s\n",
			n/3, n%3+1, n*7919%10007, n%9+1, n%90+5, n%100, n%4, n%12+1, n%28+1, countries[n%4])
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkLakeInABucket lands files in a lake in a bucket and in one in a
// folder, then builds both warehouses anew from their lakes, for the bucket on
// a machine that has none of its files, then runs again with nothing new. It
// holds the processor time of this process for the bucket against that for the
// folder. LARDER_ROWS sets another number of rows.
func BenchmarkLakeInABucket(b *testing.B) {
	rows := 1_000_000
	if text := os.Getenv("LARDER_ROWS"); text != "" {
		if _, err := fmt.Sscan(text, &rows); err != nil {
			b.Fatal(err)
		}
	}
	b.Setenv("AWS_ACCESS_KEY_ID", s3test.Access)
	b.Setenv("AWS_SECRET_ACCESS_KEY", s3test.Secret)
	address := s3test.Direct(b)
	phases := []string{"land", "anew", "again"}
	took := map[string]map[string]time.Duration{"folder": {}, "bucket": {}}
	round := 0
	for b.Loop() {
		round++
		for lake, settings := range map[string]string{
			"folder": "",
			"bucket": fmt.Sprintf("lake: {url: s3://%s/%d, endpoint: %s, path_style: true}\n", s3test.Bucket, round, address),
		} {
			dir := unpack(b, "-- larder.yml --\nname: shop\n"+settings+benchProject)
			if err := os.Mkdir(filepath.Join(dir, "data"), 0o755); err != nil {
				b.Fatal(err)
			}
			for n := range 4 {
				benchLines(b, filepath.Join(dir, "data", fmt.Sprintf("%d.csv", n)), rows/4)
			}
			for _, phase := range phases {
				if phase == "anew" {
					forget(b, dir)
				}
				start := used(b)
				benchRun(b, dir)
				took[lake][phase] += used(b) - start
			}
		}
	}
	for _, phase := range phases {
		folder, bucket := took["folder"][phase], took["bucket"][phase]
		b.ReportMetric(folder.Seconds()/float64(b.N), phase+"-folder-cpu-s/op")
		b.ReportMetric(bucket.Seconds()/float64(b.N), phase+"-bucket-cpu-s/op")
		b.ReportMetric(bucket.Seconds()/folder.Seconds(), phase+"-ratio")
	}
}

// forget removes all of a project's that is not its lake.
func forget(b *testing.B, dir string) {
	b.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, ".larder"))
	if err != nil {
		b.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() != "lake" {
			if err := os.RemoveAll(filepath.Join(dir, ".larder", entry.Name())); err != nil {
				b.Fatal(err)
			}
		}
	}
}
