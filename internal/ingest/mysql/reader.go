package mysql

import (
	"context"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/parquet"
	"github.com/larder-data/larder/internal/project"
)

// Reader reads databases. It may be used by several goroutines at once.
type Reader struct {
	mu      sync.Mutex
	sources map[string]*together // those read in one snapshot, by name
}

var _ ingest.Asker = (*Reader)(nil)

// NewReader returns a Reader.
func NewReader() *Reader { return &Reader{sources: map[string]*together{}} }

// position is where the next reading goes on, as a manifest keeps it.
type position struct {
	After int64     `json:"after"`      // the newest value of the column: microseconds, days or the number
	Tail  string    `json:"tail"`       // the digest of the rows that the lookback reads again
	Whole time.Time `json:"whole_read"` // when everything was read the last time
}

// News says what will be asked for.
func (r *Reader) News(t ingest.Table, past ingest.Past) string {
	s, err := decode(t)
	if err != nil {
		return "" // Ask tells it
	}
	at, ok := s.goesOn(past)
	if !ok {
		return "reads " + s.what() + " from " + t.Source.Name
	}
	return "asks " + t.Source.Name + " what changed since " + told(at)
}

// told is a position in words; what kind of column it is of is not known without
// asking.
func told(p position) string {
	if p.After > 1e14 {
		return time.UnixMicro(p.After).UTC().Format("2006-01-02 15:04:05")
	}
	return strconv.FormatInt(p.After, 10)
}

// goesOn returns where to go on from, false when everything is to be read.
func (s settings) goesOn(past ingest.Past) (position, bool) {
	var p position
	if !s.Since.Given() || past.Position() == "" || json.Unmarshal([]byte(past.Position()), &p) != nil {
		return position{}, false
	}
	if s.Reread.Value > 0 && past.Now.Sub(p.Whole) >= s.Reread.Value {
		return position{}, false
	}
	return p, true
}

// Ask reads what changed, or everything.
func (r *Reader) Ask(ctx context.Context, t ingest.Table, past ingest.Past, to *ingest.Intake) error {
	s, err := decode(t)
	if err != nil {
		return err
	}
	layout, err := r.Layout(t)
	if err != nil {
		return err
	}
	if s.one {
		x, end, err := r.turn(ctx, t, s)
		if err != nil {
			return err
		}
		err = x.load(ctx, layout, past, to)
		end(err == nil)
		return err
	}
	x, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer x.close()
	if err := x.describe(ctx); err != nil {
		return err
	}
	return x.load(ctx, layout, past, to)
}

// load brings what changed, or everything, as one load.
func (x *session) load(ctx context.Context, layout format.Layout, past ingest.Past, to *ingest.Intake) error {
	at, on := x.goesOn(past)
	b, where := ingest.Batch{Name: "snapshot", Whole: !on && x.Since.Given(), Layout: layout}, ""
	if on {
		from := at.After - x.lookback()
		b.Name, where = "since "+x.shown(from), " WHERE src."+quote(x.since.source)+" >= "+x.bound(from)
	}
	said, err := x.number(ctx, "SELECT count(*) FROM "+x.from()+where)
	if err != nil {
		return x.placed(ctx, err)
	}
	b.Completeness = lake.Completeness{By: lake.ByCount, Said: strconv.FormatInt(said, 10)}
	finish := func(got reading) (bool, error) {
		b.Hash, b.Notes = x.sign(got.digest.String()), x.notes(got)
		if !x.Since.Given() {
			return true, nil
		}
		if on && b.Hash == at.Tail {
			return false, nil
		}
		next := position{After: at.After, Tail: x.sign(got.tail.String()), Whole: at.Whole}
		if newest, ok := got.tail.Newest(); ok {
			next.After = newest
		}
		if !on {
			next.Whole = past.Now.UTC()
		}
		text, err := json.Marshal(next)
		b.Position = string(text)
		return true, err
	}
	if x.fits(to) {
		return x.write(ctx, to, &b, where, finish)
	}
	return x.hand(ctx, to, &b, where, finish)
}

// fits reports whether the rows can be written as they are: the columns have the
// types the table's have, or differ in a way that is taken or held as a whole.
func (x *session) fits(to *ingest.Intake) bool {
	if len(to.Known()) == 0 {
		return true
	}
	for _, change := range lake.Compare(to.Known(), x.tableColumns()) {
		response := map[lake.ChangeKind]project.Response{lake.Added: x.drift.Added, lake.Widened: x.drift.Widened, lake.Removed: x.drift.Removed}[change.Kind]
		if change.Kind == lake.Retyped || response == project.Ignore {
			return false
		}
	}
	return true
}

// write reads the rows into the load's own Parquet.
func (x *session) write(ctx context.Context, to *ingest.Intake, b *ingest.Batch, where string, finish func(reading) (bool, error)) error {
	w, err := to.Begin(ctx, b.Name)
	if err != nil {
		return err
	}
	defer w.Abandon() // after Commit it does nothing
	got, err := x.read(ctx, w.Rows, x.question(where, 0), &ingest.Stamp{Load: w.ID, File: b.Name, At: w.LoadedAt})
	if err != nil {
		return err
	}
	if news, err := finish(got); err != nil || !news {
		return err
	}
	return w.Commit(ctx, *b, format.Outcome{Columns: x.tableColumns(), Rows: got.digest.Count()})
}

// hand reads the rows into a file that is then read as any Parquet file is, its
// values cast to the table's types.
func (x *session) hand(ctx context.Context, to *ingest.Intake, b *ingest.Batch, where string, finish func(reading) (bool, error)) error {
	got, err := x.spool(ctx, x.question(where, 0), b)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(b.Path) }() // a leftover lies in the temporary folder
	if news, err := finish(got); err != nil || !news {
		return err
	}
	return to.Take(ctx, *b)
}

// spool reads rows into a temporary file and enters it in the batch; the caller
// removes it.
func (x *session) spool(ctx context.Context, sql string, b *ingest.Batch) (reading, error) {
	file, err := os.CreateTemp("", "larder-*.parquet")
	if err != nil {
		return reading{}, fault.New(fault.OutOfRoom, "%w", err)
	}
	if err := file.Close(); err != nil {
		return reading{}, fault.New(fault.OutOfRoom, "%w", err)
	}
	got, err := x.read(ctx, file.Name(), sql, nil)
	if err == nil {
		var info os.FileInfo
		if info, err = os.Stat(file.Name()); err == nil {
			b.Path, b.Size, b.Layout = file.Name(), info.Size(), b.Layout.In("parquet")
			return got, nil
		}
	}
	_ = os.Remove(file.Name()) // a leftover lies in the temporary folder
	return got, err
}

// Sample reads the first rows into a file.
func (r *Reader) Sample(ctx context.Context, t ingest.Table, limit int) (ingest.Batch, error) {
	s, err := decode(t)
	if err != nil {
		return ingest.Batch{}, err
	}
	x, err := s.open(ctx)
	if err != nil {
		return ingest.Batch{}, err
	}
	defer x.close()
	if err := x.describe(ctx); err != nil {
		return ingest.Batch{}, err
	}
	b := ingest.Batch{Name: s.what()}
	if b.Layout, err = r.Layout(t); err != nil {
		return b, err
	}
	_, err = x.spool(ctx, x.question("", limit), &b)
	return b, err
}

// reading is what reading rows brought.
type reading struct {
	digest  ingest.Digest
	tail    ingest.Tail
	without int64 // rows with nothing in the column of Since
}

// read reads the rows of a question into a Parquet file, with a stamp when they
// are a load's.
func (x *session) read(ctx context.Context, path, sql string, stamp *ingest.Stamp) (reading, error) {
	got := reading{tail: ingest.Tail{Lookback: x.lookback()}}
	columns := x.tableColumns()
	if stamp != nil {
		columns = append(columns, ingest.Provenance()...)
	}
	out, err := parquet.Create(path, columns)
	if err != nil {
		return got, err
	}
	defer out.Abandon() // after Close it does nothing
	rows, err := x.query(ctx, sql)
	if err != nil {
		return got, x.placed(ctx, err)
	}
	own := []byte(nil)
	err = rows.each(func(values []driver.Value) error {
		own = own[:0]
		for i := range x.columns {
			if err := x.put(out, i, values[i]); err != nil {
				return err
			}
			own = record(own, values[i])
		}
		if stamp != nil {
			stamp.Put(out, len(x.columns), out.Rows()+1)
		}
		got.digest.Add(own)
		x.follow(&got, values[len(values)-1], own)
		return out.Row()
	})
	if err != nil {
		x.close() // or closing the rows would read all that are left
		rows.close()
		return got, err
	}
	rows.close()
	return got, out.Close()
}

// sign joins a digest of rows with what their columns are: the same values under
// another name or of another type are not the same.
func (x *session) sign(digest string) string {
	var text strings.Builder
	text.WriteString(digest)
	for _, c := range x.columns {
		fmt.Fprintf(&text, "\n%q %s %t", c.source, c.server, c.unsigned)
	}
	sum := xxh3.HashString128(text.String()).Bytes()
	return "xxh3-128:" + hex.EncodeToString(sum[:])
}

// put appends a row's value of one column.
func (x *session) put(out *parquet.Writer, i int, v driver.Value) error {
	if v == nil {
		out.Column(i).Null()
		return nil
	}
	return x.columns[i].put(out.Column(i), v)
}

// follow notes how far the column of Since has got.
func (x *session) follow(got *reading, v driver.Value, own []byte) {
	if !x.Since.Given() {
		return
	}
	if at, ok := x.at(v); ok {
		got.tail.Add(at, own)
	} else {
		got.without++
	}
}

// notes tells what was left empty and what will not be seen.
func (x *session) notes(got reading) []string {
	var out []string
	for _, c := range x.columns {
		if c.noDays > 0 {
			out = append(out, fmt.Sprintf("%s: %s such as 0000-00-00 left empty", c.source, many(c.noDays, "date that is no day", "dates that are no days")))
		}
	}
	if got.without > 0 {
		out = append(out, fmt.Sprintf("%s no %s: changes to them are seen only when everything is read again", many(got.without, "row has", "rows have"), x.since.source))
	}
	return out
}

func many(n int64, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatInt(n, 10) + " " + several
}
