package format

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/fault"

	"github.com/larder-data/larder/internal/table"
)

// Options are what a Reader may vary.
type Options struct {
	TimeZone string // of timestamps without one; "" is UTC
	Threads  int    // 0: all
	TempDir  string // for files that must be decoded first; "" is the system's
}

// Reader reads files. It may be used by several goroutines at once.
type Reader struct {
	options Options
	once    sync.Once
	db      *sql.DB
	broken  error
	scans   atomic.Int64

	mu     sync.Mutex
	helped int // large files being read
}

// largeFile is a size from which reading with all threads pays. Threads that
// wait for work spin, which costs more than a small file does.
const largeFile = 4 << 20

// threads is how many threads a large file may have.
func (r *Reader) threads() int {
	if r.options.Threads > 0 {
		return r.options.Threads
	}
	return runtime.GOMAXPROCS(0)
}

// help lets DuckDB have threads of its own while large files are read, and
// returns what ends that.
func (r *Reader) help(ctx context.Context, conn *sql.Conn, size int64) func() {
	if size < largeFile || r.threads() < 2 {
		return func() {}
	}
	r.change(ctx, conn, 1)
	return func() { r.change(context.WithoutCancel(ctx), conn, -1) }
}

func (r *Reader) change(ctx context.Context, conn *sql.Conn, by int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.helped
	r.helped += by
	external := r.threads()
	if r.helped > 0 {
		external = 1
	}
	if (was > 0) != (r.helped > 0) {
		// Without help it is only slower.
		_, _ = conn.ExecContext(ctx, fmt.Sprintf("SET GLOBAL external_threads = %d", external))
	}
}

// NewReader returns a Reader; its embedded DuckDB starts with the first file.
func NewReader(o Options) *Reader { return &Reader{options: o} }

// Close stops the embedded DuckDB; calling it again does nothing.
func (r *Reader) Close() error {
	r.once.Do(func() { r.broken = fault.New(fault.Internal, "the reader is closed") })
	if r.db == nil {
		return nil
	}
	return r.db.Close()
}

func (r *Reader) conn(ctx context.Context) (*sql.Conn, error) {
	r.once.Do(r.start)
	if r.broken != nil {
		return nil, r.broken
	}
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return nil, fault.New(fault.Interrupted, "%w", err)
	}
	return conn, nil
}

func (r *Reader) start() {
	dsn := fmt.Sprintf("?autoinstall_known_extensions=false&autoload_known_extensions=false&threads=%[1]d&external_threads=%[1]d", r.threads())
	zone := r.options.TimeZone
	if zone == "" {
		zone = "UTC"
	}
	connector, err := duck.NewConnector(dsn, func(c driver.ExecerContext) error {
		_, err := c.ExecContext(context.Background(), "SET TimeZone = "+table.Literal(zone), nil)
		return err
	})
	if err != nil {
		r.broken = fault.New(fault.Internal, "the embedded reader: %w", err)
		return
	}
	r.db = sql.OpenDB(connector)
}

// Infer returns the columns a raw file shows, none when it is empty.
func (r *Reader) Infer(ctx context.Context, in Input) ([]table.Column, error) {
	if in.Size == 0 {
		return nil, nil
	}
	conn, err := r.conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := in.Layout.fits(in.format()); err != nil {
		return nil, fault.Wrap(in.Name, err)
	}
	switch in.format() {
	case "parquet":
		return describe(ctx, conn, "read_parquet("+table.Literal(in.Path)+")")
	case "json":
		in, remove, err := r.exactDigits(ctx, in)
		if err != nil {
			return nil, err
		}
		defer remove()
		shown, err := shownJSON(ctx, conn, in.Path)
		return shown.columns, err
	case "xlsx":
		sheet, err := r.unfold(ctx, in)
		if err != nil {
			return nil, err
		}
		defer sheet.remove()
		return r.Infer(ctx, sheet.in)
	default:
		text, err := r.text(ctx, in)
		if err != nil {
			return nil, err
		}
		defer text.remove()
		return in.Layout.inferCSV(ctx, conn, text)
	}
}

// Read writes a raw file's rows, and those that do not parse, as Parquet. A
// fault of kind Held says what stands against loading it.
func (r *Reader) Read(ctx context.Context, in Input) (Outcome, error) {
	conn, err := r.conn(ctx)
	if err != nil {
		return Outcome{}, err
	}
	defer conn.Close()
	defer r.help(ctx, conn, in.Size)()
	if in.format() == "json" {
		exact, remove, err := r.exactDigits(ctx, in)
		if err != nil {
			return Outcome{}, err
		}
		defer remove()
		exact.Layout = in.Layout.In("json") // the copy has another name
		in = exact
	}
	job := &job{Layout: in.Layout, conn: conn, in: in, id: r.scans.Add(1)}
	if err := in.Layout.fits(in.format()); err != nil {
		return Outcome{}, fault.Wrap(in.Name, err)
	}
	if in.format() == "xlsx" {
		sheet, err := r.unfold(ctx, in)
		if err != nil {
			return Outcome{}, err
		}
		defer sheet.remove()
		job.Layout, job.in, job.shifts, in = sheet.in.Layout, sheet.in, sheet.rows, sheet.in
	}
	switch in.format() {
	case "parquet":
		return job.readParquet(ctx)
	case "json":
		return job.readJSON(ctx)
	default:
		text, err := r.text(ctx, in)
		if err != nil {
			return Outcome{}, err
		}
		defer text.remove()
		return job.readCSV(ctx, text)
	}
}

// format is the declared format, or the one the name tells.
func (in Input) format() string {
	if in.Layout.Format.Value != "" {
		return in.Layout.Format.Value
	}
	name := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(in.Name), ".gz"), ".zst")
	switch path.Ext(name) {
	case ".parquet", ".pq":
		return "parquet"
	case ".json", ".jsonl", ".ndjson":
		return "json"
	case ".xlsx", ".xlsm":
		return "xlsx"
	case ".tsv", ".tab":
		return "tsv"
	default:
		return "csv"
	}
}

// describe returns the columns of a FROM item.
func describe(ctx context.Context, conn *sql.Conn, from string) ([]table.Column, error) {
	found, err := conn.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM "+from+")")
	if err != nil {
		return nil, unreadable(err)
	}
	defer found.Close()
	var out []table.Column
	for found.Next() {
		var name, spelled string
		if err := found.Scan(&name, &spelled); err != nil {
			return nil, unreadable(err)
		}
		of, err := table.ParseType(spelled)
		if err != nil {
			of = table.Type{Kind: table.Varchar}
		}
		out = append(out, table.Column{Name: name, Type: of})
	}
	return out, found.Err()
}

// unreadable turns what the embedded DuckDB says of a file into a fault.
func unreadable(err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	var e *duck.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &e) && e.Type == duck.ErrorTypeInterrupt:
		return fault.New(fault.Interrupted, "stopped while reading")
	case errors.Is(err, syscall.ENOSPC), strings.Contains(err.Error(), "No space left on device"):
		return fault.New(fault.OutOfRoom, "%w", err).WithHint("free some disk space and run again: nothing was lost")
	case strings.Contains(err.Error(), "Permission denied"):
		return fault.New(fault.Denied, "%w", err)
	}
	message, _, _ := strings.Cut(err.Error(), "\n")
	return fault.New(fault.Held, "it cannot be read: %s", message).
		WithHint("check that it is what format:, delimiter:, encoding: and columns: say, and complete")
}

// at writes an instant as a SQL literal.
func at(moment time.Time) string {
	return "TIMESTAMPTZ '" + moment.UTC().Format("2006-01-02 15:04:05.999999+00") + "'"
}
