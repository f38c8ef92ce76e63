package postgres_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	source "github.com/larder-data/larder/internal/ingest/postgres"
	"github.com/larder-data/larder/internal/lake/folder"
	"github.com/larder-data/larder/internal/pgtest"
	"github.com/larder-data/larder/internal/project"
)

// cpu is the processor time of this process and the server.
func cpu(b *testing.B, server *pgtest.Server) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano()+usage.Stime.Nano()) + server.CPU(b)
}

// resident is the most memory this process has had, in megabytes.
func resident(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip("the peak of memory is only known on Linux")
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		var kB float64
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kB); err == nil {
			return kB / 1024
		}
	}
	b.Fatal("no peak of memory")
	return 0
}

// BenchmarkToLake reads a table of a million rows and twelve columns into the
// lake and holds the processor time of both sides against COPY in the binary
// format to nowhere. LARDER_ROWS sets another number of rows.
func BenchmarkToLake(b *testing.B) {
	rows := 1_000_000
	if text := os.Getenv("LARDER_ROWS"); text != "" {
		if _, err := fmt.Sscan(text, &rows); err != nil {
			b.Fatal(err)
		}
	}
	server := pgtest.Start(b)
	y := &yard{TB: b, dir: b.TempDir(), server: server, base: server.Database(b), clock: time.Now()}
	y.describe("table: lines")
	y.psql(fmt.Sprintf(`CREATE TABLE lines AS SELECT i AS order_id, (i %% 5)::int AS line_no, 'SKU-' || i %% 20000 AS sku, (i %% 9)::int AS quantity,
		(i %% 9700 / 100.0)::numeric(18,2) AS unit_price, (i %% 50 / 100.0)::numeric(18,2) AS discount, (i %% 500000 / 100.0)::numeric(18,2) AS total,
		date '2026-01-01' + (i %% 365)::int AS ordered_on, timestamptz '2026-01-01' + i * interval '1 second' AS changed_at,
		CASE WHEN i %% 3 = 0 THEN 'GB' ELSE 'DE' END AS country, i %% 2 = 0 AS gift, CASE WHEN i %% 10 = 0 THEN 'note ' || i END AS note
		FROM generate_series(1, %d::bigint) AS g(i)`, rows), "VACUUM ANALYZE lines")
	var bare, larder time.Duration
	for b.Loop() {
		start := cpu(b, server)
		conn, err := pgx.Connect(b.Context(), server.URL(y.base))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := conn.PgConn().CopyTo(b.Context(), io.Discard, "COPY lines TO STDOUT (FORMAT binary)"); err != nil {
			b.Fatal(err)
		}
		if err := conn.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
		bare += cpu(b, server) - start

		start = cpu(b, server)
		archive, parser := folder.Open(filepath.Join(b.TempDir(), "lake")), format.NewReader(format.Options{})
		i := ingest.New(archive, map[string]ingest.Reader{"postgres": source.NewReader()}, parser, []project.Source{y.source}, time.Now)
		if _, err := i.Archive(b.Context(), "lake.db_rows", "run"); err != nil {
			b.Fatal(err)
		}
		larder += cpu(b, server) - start
		manifests, err := archive.Manifests(b.Context(), "lake.db_rows")
		if err != nil || len(manifests) != 1 || manifests[0].Rows != int64(rows) {
			b.Fatal(manifests, err)
		}
		if err := archive.Close(); err != nil {
			b.Fatal(err)
		}
		if err := parser.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(bare.Seconds()/float64(b.N), "bare-cpu-s/op")
	b.ReportMetric(larder.Seconds()/float64(b.N), "larder-cpu-s/op")
	b.ReportMetric(larder.Seconds()/bare.Seconds(), "ratio")
	b.ReportMetric(resident(b), "peak-MB")
}
