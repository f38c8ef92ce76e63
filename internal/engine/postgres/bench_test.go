package postgres_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/pgtest"
	"github.com/larder-data/larder/internal/table"
)

// cpu is the processor time of this process and of the server.
func cpu(b *testing.B, server *pgtest.Server) time.Duration {
	b.Helper()
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		b.Fatal(err)
	}
	return time.Duration(own.Utime.Nano()+own.Stime.Nano()) + server.CPU(b)
}

// measured is the processor time some work takes, the least of three times.
func measured(b *testing.B, server *pgtest.Server, prepare, work func() error) time.Duration {
	b.Helper()
	least := time.Duration(0)
	for range 3 {
		if err := prepare(); err != nil {
			b.Fatal(err)
		}
		before := cpu(b, server)
		if err := work(); err != nil {
			b.Fatal(err)
		}
		if took := cpu(b, server) - before; least == 0 || took < least {
			least = took
		}
	}
	return least
}

func report(b *testing.B, larder, bare time.Duration) {
	b.Helper()
	b.ReportMetric(larder.Seconds(), "larder-cpu-s")
	b.ReportMetric(bare.Seconds(), "bare-cpu-s")
	b.ReportMetric(float64(larder)/float64(bare), "ratio")
}

// lines are a million order lines of eight columns and their provenance.
var lines = []table.Column{
	{Name: "line_id", Type: table.Type{Kind: table.BigInt}},
	{Name: "order_id", Type: table.Type{Kind: table.BigInt}},
	{Name: "sku", Type: table.Type{Kind: table.Varchar}},
	{Name: "quantity", Type: table.Type{Kind: table.Integer}},
	{Name: "price", Type: table.Type{Kind: table.Decimal, Precision: 18, Scale: 2}},
	{Name: "amount", Type: table.Type{Kind: table.Decimal, Precision: 18, Scale: 2}},
	{Name: "sold_on", Type: table.Type{Kind: table.Date}},
	{Name: "placed_at", Type: table.Type{Kind: table.TimestampTZ}},
}

const lineRows = 1_000_000

const linesQuery = `SELECT i AS line_id, i // 3 AS order_id, 'SKU-' || (i * 7919 % 5000) AS sku, CAST(1 + i % 5 AS INTEGER) AS quantity,
	CAST((i * 31 % 10000) / 100 AS DECIMAL(18,2)) AS price, CAST((1 + i % 5) * ((i * 31 % 10000) / 100) AS DECIMAL(18,2)) AS amount,
	DATE '2024-01-01' + CAST(i % 365 AS INTEGER) AS sold_on, TIMESTAMPTZ '2024-01-01 00:00:00+00' + INTERVAL (i) SECOND AS placed_at,
	'load1' AS _load, 'lines.csv' AS _file, i + 1 AS _row, TIMESTAMPTZ '2024-07-01 12:00:00+00' AS _loaded_at FROM range(1000000) AS r(i)`

// BenchmarkLand holds the landing of a load of a million rows against COPY
// BINARY written by hand for exactly these columns, from the same file.
func BenchmarkLand(b *testing.B) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	file := filepath.Join(b.TempDir(), "rows.parquet")
	if _, err := db.Exec("COPY (" + linesQuery + ") TO " + engine.Literal(file) + " (FORMAT parquet)"); err != nil {
		b.Fatal(err)
	}
	p := placeOn(b, pgtest.Start(b))
	server, e := p.server, p.open(b)
	target := engine.ParseRelation("lake.lines")
	landing := engine.Landing{
		Target: target, Columns: lines, Mode: engine.Append,
		Loads:  []engine.ArchivedLoad{{ID: "load1", Sequence: 1, Parquet: []string{file}, Rows: lineRows}},
		Marker: engine.Marker{Dataset: "lake.lines", Version: 1, Run: "r1", Fence: 1, At: time.Unix(0, 0)},
	}
	larder := measured(b, server, func() error { return e.Drop(b.Context(), "lake.lines", target) }, func() error {
		landed, err := e.Land(b.Context(), landing)
		if err == nil && landed.Inserted != lineRows {
			return fmt.Errorf("%d rows landed", landed.Inserted)
		}
		return err
	})
	hand := server.Database(b)
	bare := measured(b, server, func() error { _, err := server.Psql(hand, "DROP TABLE IF EXISTS lines"); return err },
		func() error { return byHand(b.Context(), db, server.URL(hand), file) })
	report(b, larder, bare)
}

// byHand is COPY BINARY as one writes it for one table.
func byHand(ctx context.Context, db *sql.DB, url, file string) error {
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if err := conn.Exec(ctx, `CREATE TABLE lines (line_id bigint, order_id bigint, sku text, quantity integer, price numeric(18,2),
		amount numeric(18,2), sold_on date, placed_at timestamptz, _load text, _file text, _row bigint, _loaded_at timestamptz)`).Close(); err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, "SELECT * FROM read_parquet("+engine.Literal(file)+")")
	if err != nil {
		return err
	}
	defer rows.Close()
	from, to := io.Pipe()
	go func() { to.CloseWithError(encodeLines(rows, to)) }()
	tag, err := conn.CopyFrom(ctx, from, "COPY lines FROM STDIN (FORMAT binary)")
	if err == nil && tag.RowsAffected() != lineRows {
		return fmt.Errorf("%d rows", tag.RowsAffected())
	}
	return err
}

func encodeLines(rows *sql.Rows, to io.Writer) error {
	var b bytes.Buffer
	b.WriteString("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	var lineID, orderID, row int64
	var quantity int32
	var sku, load, file string
	var price, amount duckdb.Decimal
	var soldOn, placedAt, loadedAt time.Time
	epoch := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	var scratch []byte
	long := func(v int64) { scratch = binary.BigEndian.AppendUint64(append(scratch, 0, 0, 0, 8), uint64(v)) }
	text := func(v string) { scratch = append(binary.BigEndian.AppendUint32(scratch, uint32(len(v))), v...) }
	money := func(v duckdb.Decimal) {
		cents := new(big.Int).Set(v.Value).Int64() * 100 // two digits more fill a digit of base 10,000
		d := [3]int64{cents / 1e8, cents / 1e4 % 1e4, cents % 1e4}
		scratch = append(scratch, 0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 2)
		for _, digit := range d {
			scratch = binary.BigEndian.AppendUint16(scratch, uint16(digit))
		}
	}
	for rows.Next() {
		if err := rows.Scan(&lineID, &orderID, &sku, &quantity, &price, &amount, &soldOn, &placedAt, &load, &file, &row, &loadedAt); err != nil {
			return err
		}
		scratch = append(scratch[:0], 0, 12)
		long(lineID)
		long(orderID)
		text(sku)
		scratch = binary.BigEndian.AppendUint32(append(scratch, 0, 0, 0, 4), uint32(quantity))
		money(price)
		money(amount)
		scratch = binary.BigEndian.AppendUint32(append(scratch, 0, 0, 0, 4), uint32(soldOn.Sub(epoch)/(24*time.Hour)))
		long(placedAt.Sub(epoch).Microseconds())
		text(load)
		text(file)
		long(row)
		long(loadedAt.Sub(epoch).Microseconds())
		b.Write(scratch)
		if b.Len() > 64<<10 {
			if _, err := b.WriteTo(to); err != nil {
				return err
			}
		}
	}
	b.WriteString("\xff\xff")
	_, err := b.WriteTo(to)
	return err
}

// BenchmarkBuild holds staging and publishing a hundred models, new and again,
// against the same statements sent through psql.
func BenchmarkBuild(b *testing.B) {
	const models = 100
	p := placeOn(b, pgtest.Start(b))
	server, e := p.server, p.open(b)
	query := func(i int) string {
		return fmt.Sprintf(`SELECT n %% 100 AS k, count(*) AS orders, sum(n * %d) AS units, avg(n)::numeric(18,4) AS mean FROM generate_series(1::bigint, 20000) AS g(n) GROUP BY 1`, i+1)
	}
	version := int64(0)
	larder := measured(b, server, func() error { return nil }, func() error {
		version++
		for i := range models {
			s, err := e.Stage(b.Context(), engine.Build{Target: engine.Relation{Schema: "a", Name: fmt.Sprint("t", i)}, Form: engine.Table, SQL: query(i), Run: "r1"})
			if err != nil {
				return err
			}
			m := engine.Marker{Dataset: s.Target.Dataset(), Version: version, Run: "r1", Fence: version, At: time.Unix(0, 0)}
			if err := e.Publish(b.Context(), engine.Publication{Staged: s, Marker: m}); err != nil {
				return err
			}
		}
		return nil
	})
	hand := server.Database(b)
	var script strings.Builder
	for i := range models {
		fmt.Fprintf(&script, `CREATE UNLOGGED TABLE a.s%[1]d AS %[2]s; BEGIN; UPDATE a.published SET version = version + 1 WHERE dataset = 't%[1]d';
			DELETE FROM a.t%[1]d; INSERT INTO a.t%[1]d SELECT * FROM a.s%[1]d; DROP TABLE a.s%[1]d; COMMIT;`, i, query(i))
	}
	setUp := "CREATE SCHEMA a; CREATE TABLE a.published (dataset text PRIMARY KEY, version int);"
	for i := range models {
		setUp += fmt.Sprintf("CREATE TABLE a.t%[1]d AS %[2]s; INSERT INTO a.published VALUES ('t%[1]d', 1);", i, query(i))
	}
	if _, err := server.Psql(hand, setUp); err != nil {
		b.Fatal(err)
	}
	bare := measured(b, server, func() error { return nil }, func() error { _, err := server.Psql(hand, script.String()); return err })
	report(b, larder, bare)
}
