package postgres

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/parquet"
	"github.com/larder-data/larder/internal/table"
)

// Reader reads databases. It may be used by several goroutines at once.
type Reader struct{}

var _ ingest.Asker = (*Reader)(nil)

// NewReader returns a Reader.
func NewReader() *Reader { return &Reader{} }

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
	return "asks " + t.Source.Name + " what changed since " + s.shown(at)
}

func (s settings) what() string {
	if s.Query.Given() {
		return "the query"
	}
	return s.Table.Table.Value
}

// shown is a position as it is told; what kind of column it is of is not known
// without asking.
func (s settings) shown(p position) string {
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

// session is a connection in a transaction that sees one state of the database.
type session struct {
	conn *pgx.Conn
	settings
	columns []column
	since   column // of Since
	follows bool   // there is one
}

// open connects and learns the columns.
func (s settings) open(ctx context.Context) (*session, error) {
	config, err := pgx.ParseConfig(s.url)
	if err != nil {
		return nil, fault.New(fault.Invalid, "url: is no address of a PostgreSQL database").
			WithHint("for instance postgres://reader:${SHOP_PASSWORD}@db.example.com:5432/shop")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 15 * time.Second
	}
	for name, value := range map[string]string{"application_name": "larder", "client_encoding": "UTF8", "TimeZone": "UTC", "DateStyle": "ISO", "IntervalStyle": "postgres"} {
		config.RuntimeParams[name] = value
	}
	config.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		return pgproto3.NewFrontend(bufio.NewReaderSize(r, 256<<10), w) // many rows are one call of the system
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, explain(err)
	}
	x := &session{conn: conn, settings: s, follows: s.Since.Given()}
	if _, err := conn.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
		x.close()
		return nil, explain(err)
	}
	if err := x.describe(ctx); err != nil {
		x.close()
		return nil, err
	}
	return x, nil
}

// close ends the session; a connection that is gone is as good as closed.
func (x *session) close() { _ = x.conn.Close(context.Background()) }

// from is the FROM item.
func (s settings) from() string {
	if s.Query.Given() {
		return "(" + strings.TrimRight(strings.TrimSpace(s.Query.Value), ";") + "\n) AS src"
	}
	parts := strings.Split(s.Table.Table.Value, ".")
	for i, part := range parts {
		if !strings.HasPrefix(part, `"`) {
			parts[i] = table.Quote(part)
		}
	}
	return strings.Join(parts, ".") + " AS src"
}

// describe learns the columns the server offers and takes those declared.
func (x *session) describe(ctx context.Context) error {
	answer, err := x.conn.Prepare(ctx, "", "SELECT * FROM "+x.from())
	if err != nil {
		return x.placed(err)
	}
	var types []uint32
	for _, f := range answer.Fields {
		types = append(types, f.DataTypeOID)
	}
	isArray := map[uint32]bool{}
	found, err := x.conn.Query(ctx, "SELECT oid FROM pg_type WHERE oid = ANY($1) AND typcategory = 'A'", types)
	if err != nil {
		return explain(err)
	}
	arrays, err := pgx.CollectRows(found, pgx.RowTo[uint32])
	if err != nil {
		return explain(err)
	}
	for _, oid := range arrays {
		isArray[oid] = true
	}
	var all []column
	for _, f := range answer.Fields {
		all = append(all, of(f, isArray))
	}
	return x.choose(all)
}

// placed gives what is wrong with a query its place.
func (x *session) placed(err error) error {
	problem := explain(err)
	var known *fault.Error
	if !errors.As(problem, &known) || !known.Where.IsZero() || known.Kind == fault.Unreachable {
		return problem
	}
	if x.Query.Given() {
		known.Where = x.Query.Where
	} else {
		known.Where = x.Table.Table.Where
	}
	return known
}

// choose takes the declared columns, or all.
func (x *session) choose(all []column) error {
	var names []string
	for _, c := range all {
		names = append(names, c.source)
	}
	find := func(name string) int {
		return slices.IndexFunc(all, func(c column) bool { return strings.EqualFold(c.source, name) })
	}
	var faults fault.List
	if x.Since.Given() {
		if i := find(x.Since.Value.Column); i >= 0 {
			x.since = all[i]
			faults.Add(x.growing())
		} else {
			faults.Add(x.Since.Fault("%s has no column %s", x.what(), x.Since.Value.Column).WithHint("%s", fault.DidYouMean(x.Since.Value.Column, names)))
		}
	}
	x.columns = all
	if len(x.settings.columns) > 0 {
		x.columns = nil
	}
	for _, d := range x.settings.columns {
		i := find(d.from)
		if i < 0 {
			faults.Add(fault.At(d.Where, fault.Held, "%s has no column %s any more, or never had", x.what(), d.from).WithHint("%s", fault.DidYouMean(d.from, names)))
			continue
		}
		c, err := all[i].read(d)
		faults.Add(err)
		x.columns = append(x.columns, c)
	}
	return faults.Err()
}

// growing refuses a column that cannot tell what changed.
func (x *session) growing() error {
	switch kind := x.since.Type.Kind; {
	case kind == table.Timestamp, kind == table.TimestampTZ, kind == table.Date:
		return nil
	case isWhole(x.since.Type) && x.Since.Value.Lookback != 0:
		return x.Since.Fault("%s is a number: a lookback of time means nothing", x.since.source)
	case isWhole(x.since.Type):
		return nil
	}
	return x.Since.Fault("%s is %s: what changed is told by a time, a day or a whole number", x.since.source, strings.ToLower(x.since.Type.String()))
}

// unit is how many of the column's units a lookback is.
func (x *session) lookback() int64 {
	if x.since.Type.Kind == table.Date {
		return int64((x.Since.Value.Lookback + 24*time.Hour - 1) / (24 * time.Hour))
	}
	return x.Since.Value.Lookback.Microseconds()
}

// bound is a position as the server reads it.
func (x *session) bound(at int64) string {
	switch x.since.Type.Kind {
	case table.Date:
		return table.Literal(time.Unix(at*86_400, 0).UTC().Format("2006-01-02")) + "::date"
	case table.Timestamp:
		return table.Literal(time.UnixMicro(at).UTC().Format("2006-01-02 15:04:05.999999")) + "::timestamp"
	case table.TimestampTZ:
		return table.Literal(time.UnixMicro(at).UTC().Format("2006-01-02 15:04:05.999999+00")) + "::timestamptz"
	default:
		return strconv.FormatInt(at, 10)
	}
}

// question is the SELECT of the rows, the column of Since last.
func (x *session) question(where string, limit int) string {
	var list []string
	for _, c := range x.columns {
		list = append(list, c.expression())
	}
	if x.Since.Given() {
		list = append(list, x.since.expression())
	}
	sql := "SELECT " + strings.Join(list, ", ") + " FROM " + x.from() + where
	if limit > 0 {
		sql += fmt.Sprintf(" LIMIT %d", limit)
	}
	return sql
}

// reading is what reading rows brought.
type reading struct {
	digest  ingest.Digest
	tail    ingest.Tail
	said    int64 // rows the server says it sent
	without int64 // rows with nothing in the column of Since
}

// Ask reads what changed, or everything.
func (r *Reader) Ask(ctx context.Context, t ingest.Table, past ingest.Past, to *ingest.Intake) error {
	s, err := decode(t)
	if err != nil {
		return err
	}
	x, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer x.close()
	at, on := s.goesOn(past)
	name, where := "snapshot", ""
	if on {
		from := x.bound(at.After - x.lookback())
		name, where = "since "+strings.Trim(strings.SplitN(from, "::", 2)[0], "'"), " WHERE src."+table.Quote(x.since.source)+" >= "+from
	}
	w, err := to.Begin(ctx, name)
	if err != nil {
		return err
	}
	defer w.Abandon() // after Commit it does nothing
	got, err := x.copy(ctx, w, name, where)
	if err != nil {
		return err
	}
	if on && got.digest.String() == at.Tail {
		return nil
	}
	b := ingest.Batch{
		Name: name, Hash: got.digest.String(), Whole: !on && s.Since.Given(),
		Completeness: lake.Completeness{By: lake.ByCount, Said: strconv.FormatInt(got.said, 10)},
	}
	if s.Since.Given() {
		at.Tail = got.tail.String()
		if newest, ok := got.tail.Newest(); ok {
			at.After = newest
		}
		if !on {
			at.Whole = past.Now.UTC()
		}
		text, err := json.Marshal(at)
		if err != nil {
			return fault.New(fault.Internal, "%w", err)
		}
		b.Position = string(text)
	}
	b.Notes = x.notes(got)
	return w.Commit(ctx, b, format.Outcome{Columns: x.tableColumns(), Rows: got.digest.Count()})
}

func (x *session) tableColumns() []table.Column {
	out := make([]table.Column, len(x.columns))
	for i, c := range x.columns {
		out[i] = c.Column
	}
	return out
}

// notes tells what was left empty and what will not be seen.
func (x *session) notes(got reading) []string {
	var out []string
	for _, c := range x.columns {
		if n := c.notes.infinite; n > 0 {
			out = append(out, fmt.Sprintf("%s: %d infinite values were left empty", c.source, n))
		}
	}
	if got.without > 0 {
		out = append(out, fmt.Sprintf("%d rows have no %s: changes to them are seen only when everything is read again", got.without, x.since.source))
	}
	return out
}

// copy reads the rows into the load's Parquet.
func (x *session) copy(ctx context.Context, w *ingest.Writing, name, where string) (reading, error) {
	got := reading{tail: ingest.Tail{Lookback: x.lookback()}}
	out, err := parquet.Create(w.Rows, append(x.tableColumns(), ingest.Provenance()...))
	if err != nil {
		return got, err
	}
	defer out.Abandon() // after Close it does nothing
	own := ingest.Stamp{Load: w.ID, File: name, At: w.LoadedAt}
	sink := &rows{width: len(x.columns)}
	if x.Since.Given() {
		sink.width++
	}
	sink.row = func(fields [][]byte, record []byte) error {
		if err := x.put(out, fields); err != nil {
			return err
		}
		own.Put(out, len(x.columns), out.Rows()+1)
		got.digest.Add(record)
		x.follow(&got, fields, record)
		return out.Row()
	}
	tag, err := x.conn.PgConn().CopyTo(ctx, sink, "COPY ("+x.question(where, 0)+") TO STDOUT (FORMAT binary)")
	if err != nil {
		return got, x.placed(err)
	}
	got.said = tag.RowsAffected()
	if !sink.ended {
		return got, fault.New(fault.Unreachable, "the server stopped in the middle of the rows").WithHint("nothing was loaded; the next run reads again")
	}
	return got, out.Close()
}

// put appends a row's values. A server that sends too few bytes is no PostgreSQL.
func (x *session) put(out *parquet.Writer, fields [][]byte) (err error) {
	defer func() {
		if recover() != nil {
			err = fault.New(fault.Broken, "the server sent a value that cannot be read")
		}
	}()
	for i, c := range x.columns {
		to := out.Column(i)
		if fields[i] == nil {
			to.Null()
			continue
		}
		if err := c.put(to, fields[i]); err != nil {
			return err
		}
	}
	return nil
}

// follow notes how far the column of Since has got.
func (x *session) follow(got *reading, fields [][]byte, record []byte) {
	if !x.follows {
		return
	}
	b := fields[len(fields)-1]
	if b == nil {
		got.without++
		return
	}
	var at int64
	switch len(b) {
	case 2:
		at = int64(int16(uint16(b[0])<<8 | uint16(b[1])))
	case 4:
		at = int64(int32(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])))
	case 8:
		for _, c := range b {
			at = at<<8 | int64(c)
		}
	}
	switch x.since.Type.Kind {
	case table.Date:
		at += daysBefore
	case table.Timestamp, table.TimestampTZ:
		if at == forever || at == ever { // of no use as a position
			got.without++
			return
		}
		at += microsBefore
	}
	got.tail.Add(at, record)
}

// What the server sends for infinite instants.
const (
	forever = 1<<63 - 1
	ever    = -1 << 63
)

// Sample reads the first rows into a file.
func (r *Reader) Sample(ctx context.Context, t ingest.Table, limit int) (b ingest.Batch, err error) {
	s, err := decode(t)
	if err != nil {
		return b, err
	}
	x, err := s.open(ctx)
	if err != nil {
		return b, err
	}
	defer x.close()
	file, err := os.CreateTemp("", "larder-*.parquet")
	if err != nil {
		return b, fault.New(fault.OutOfRoom, "%w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name()) // a leftover lies in the temporary folder
		}
	}()
	if err := file.Close(); err != nil {
		return b, fault.New(fault.OutOfRoom, "%w", err)
	}
	out, err := parquet.Create(file.Name(), x.tableColumns())
	if err != nil {
		return b, err
	}
	defer out.Abandon() // after Close it does nothing
	sink := &rows{width: len(x.columns)}
	if x.Since.Given() {
		sink.width++
	}
	sink.row = func(fields [][]byte, _ []byte) error {
		if err := x.put(out, fields); err != nil {
			return err
		}
		return out.Row()
	}
	if _, err := x.conn.PgConn().CopyTo(ctx, sink, "COPY ("+x.question("", limit)+") TO STDOUT (FORMAT binary)"); err != nil {
		return b, x.placed(err)
	}
	if err := out.Close(); err != nil {
		return b, err
	}
	info, err := os.Stat(file.Name())
	if err != nil {
		return b, fault.New(fault.OutOfRoom, "%w", err)
	}
	layout, err := r.Layout(t)
	return ingest.Batch{Name: s.what(), Path: file.Name(), Size: info.Size(), Layout: layout.In("parquet")}, err
}
