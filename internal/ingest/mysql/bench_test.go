package mysql_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	source "github.com/larder-data/larder/internal/ingest/mysql"
	"github.com/larder-data/larder/internal/lake/folder"
	"github.com/larder-data/larder/internal/mariadbtest"
	"github.com/larder-data/larder/internal/project"
)

// benchRows is how many rows are read, 1 million unless LARDER_ROWS says
// otherwise.
func benchRows(b *testing.B) int {
	b.Helper()
	text := os.Getenv("LARDER_ROWS")
	if text == "" {
		return 1_000_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// cpu is the processor time this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkTableToLake archives a table of order lines in the lake and holds the
// processor time, the server's included, against a bare read of the same rows
// into nothing. It reports the most memory Go held, too.
func BenchmarkTableToLake(b *testing.B) {
	server := mariadbtest.Start(b)
	base, rows := server.Database(b), benchRows(b)
	if _, err := server.Client(base, `CREATE TABLE orders (id bigint PRIMARY KEY, line smallint NOT NULL, sku varchar(20) NOT NULL, quantity int NOT NULL,
		price decimal(18,2) NOT NULL, discount decimal(18,2), country char(2) NOT NULL, ordered_on date NOT NULL, changed_at datetime NOT NULL)`,
		fmt.Sprintf(`INSERT INTO orders SELECT seq, seq %% 3 + 1, concat('SKU-', lpad(seq * 7919 %% 20000, 5, '0')), seq %% 9 + 1, seq %% 97 + 0.99, if(seq %% 4, NULL, 0.25),
		elt(seq %% 6 + 1, 'GB', 'DE', 'FR', 'ES', 'IT', 'NL'), '2026-01-01' + interval seq %% 365 day, '2026-01-01' + interval seq second FROM seq_1_to_%d`, rows)); err != nil {
		b.Fatal(err)
	}
	p := benchProject(b, server.URL(base))
	bareRead(b, server.URL(base)) // the server's caches are warm for both
	var bare, larder time.Duration
	var most uint64
	for b.Loop() {
		start := cpu(b) + server.CPU(b)
		if n := bareRead(b, server.URL(base)); n != rows {
			b.Fatalf("read %d of %d rows", n, rows)
		}
		bare += cpu(b) + server.CPU(b) - start

		start = cpu(b) + server.CPU(b)
		held := watchHeap()
		archive, parser := folder.Open(b.TempDir()), format.NewReader(format.Options{})
		i := ingest.New(archive, map[string]ingest.Reader{"mysql": source.NewReader()}, parser, p.Sources, time.Now)
		if _, err := i.Archive(b.Context(), "lake.db_orders", "run"); err != nil {
			b.Fatal(err)
		}
		most = max(most, held())
		larder += cpu(b) + server.CPU(b) - start
		manifests, err := archive.Manifests(b.Context(), "lake.db_orders")
		if err != nil || len(manifests) != 1 || manifests[0].Rows != int64(rows) {
			b.Fatal(manifests, err)
		}
		if err := parser.Close(); err != nil {
			b.Fatal(err)
		}
		if err := archive.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(bare.Seconds()/float64(b.N), "bare-cpu-s/op")
	b.ReportMetric(larder.Seconds()/float64(b.N), "larder-cpu-s/op")
	b.ReportMetric(larder.Seconds()/bare.Seconds(), "ratio")
	b.ReportMetric(float64(most)/1e6, "most-MB")
	b.ReportMetric(peak(b)/1e6, "peak-rss-MB")
}

func benchProject(b *testing.B, address string) *project.Project {
	b.Helper()
	dir := b.TempDir()
	for name, text := range map[string]string{
		"larder.yml": "name: shop\n", "sources/db.yml": "kind: mysql\nurl: ${SHOP_URL}\ntables:\n  orders:\n    table: orders\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	p, err := project.Load(dir, project.Options{
		Env:   func(string) (string, bool) { return address, true },
		Kinds: map[string]project.Kind{"mysql": {Source: &source.Source{}, Table: &source.Table{}, Column: &source.Column{}}},
	})
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// bareRead reads the rows as any Go program would that keeps nothing of them.
func bareRead(b *testing.B, address string) int {
	b.Helper()
	at, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	config := driver.NewConfig()
	config.User, config.Net, config.Addr, config.DBName = at.User.Username(), "tcp", at.Host, at.Path[1:]
	connector, err := driver.NewConnector(config)
	if err != nil {
		b.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	rows, err := db.QueryContext(context.Background(), "SELECT * FROM orders")
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	values, into := make([]sql.RawBytes, 9), make([]any, 9)
	for i := range values {
		into[i] = &values[i]
	}
	n := 0
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			b.Fatal(err)
		}
		n++
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return n
}

// watchHeap returns what tells the most memory Go has held since.
func watchHeap() func() uint64 {
	var most atomic.Uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	tick := time.NewTicker(20 * time.Millisecond)
	go func() {
		defer close(stopped)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapInuse))
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-stopped
		tick.Stop()
		return most.Load()
	}
}

// peak is the most memory the process has had, in bytes.
func peak(b *testing.B) float64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return float64(usage.Maxrss) * 1024
}
