package postgres

import (
	"context"
	"encoding/binary"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// copyIn copies rows from Parquet files of the archive into a table, in the
// server's binary format, and returns how many. Columns the files lack are NULL.
func (e *Engine) copyIn(ctx context.Context, on *pgconn.PgConn, into string, columns []table.Column, paths []string) (int64, error) {
	rows, err := e.settings.Archive.Query(ctx, archived(columns, paths))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	source := &tuples{rows: rows, columns: columns, stream: slices.Clone(copyHeader)}
	tag, err := on.CopyFrom(ctx, source, "COPY "+into+" ("+quoted(columns)+") FROM STDIN (FORMAT binary)")
	if source.err != nil {
		return 0, source.err // the server only says that the client gave up
	}
	return tag.RowsAffected(), err
}

// archived is DuckDB's query of the rows in Parquet files, with the columns in
// order and of the types they are sent in. A pattern's characters in a path are
// taken as they are.
func archived(columns []table.Column, paths []string) string {
	files := make([]string, len(paths))
	for i, p := range paths {
		files[i] = engine.Literal(unpatterned.Replace(p))
	}
	var nothing, list []string
	for _, c := range columns {
		name := engine.Quote(c.Name)
		nothing = append(nothing, "NULL::"+c.Type.String()+" AS "+name)
		if c.Type.Kind == table.Nested || c.Type.Kind == table.JSON {
			list = append(list, "CAST(to_json("+name+") AS VARCHAR) AS "+name)
			continue
		}
		list = append(list, name+"::"+c.Type.String()+" AS "+name)
	}
	return "SELECT " + strings.Join(list, ", ") + " FROM (SELECT " + strings.Join(nothing, ", ") +
		" WHERE false UNION ALL BY NAME SELECT * FROM read_parquet([" + strings.Join(files, ", ") + "], union_by_name = true))"
}

// unpatterned escapes what DuckDB would take for a pattern.
var unpatterned = strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]")

// copyHeader opens a stream of COPY BINARY, copyTrailer closes it: the format is
// in the manual of COPY, under "Binary Format".
var (
	copyHeader  = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	copyTrailer = []byte{0xff, 0xff}
)

// tuples is an answer as a stream of COPY BINARY.
type tuples struct {
	rows    engine.Rows
	columns []table.Column
	stream  []byte // encoded, from sent on not yet read
	sent    int
	ended   bool
	err     error
}

// enough is how much is encoded before it is handed on.
const enough = 64 << 10

// Read encodes further rows when all before them were read.
func (t *tuples) Read(into []byte) (int, error) {
	if t.sent == len(t.stream) {
		t.stream, t.sent = t.stream[:0], 0
	}
	for !t.ended && t.err == nil && len(t.stream) < enough {
		if !t.rows.Next() {
			t.err = t.rows.Err()
			t.stream, t.ended = append(t.stream, copyTrailer...), true
			break
		}
		t.encode(t.rows.Scan())
	}
	switch {
	case t.err != nil:
		return 0, t.err
	case t.sent == len(t.stream):
		return 0, io.EOF
	}
	n := copy(into, t.stream[t.sent:])
	t.sent += n
	return n, nil
}

// encode appends a row: how many fields, and each with its length before it.
func (t *tuples) encode(row []any) {
	t.stream = binary.BigEndian.AppendUint16(t.stream, uint16(len(row)))
	for i, value := range row {
		if value == nil {
			t.stream = binary.BigEndian.AppendUint32(t.stream, math.MaxUint32)
			continue
		}
		at := len(t.stream)
		t.stream = append(t.stream, 0, 0, 0, 0)
		var err error
		if t.stream, err = encode(t.stream, value, t.columns[i].Type); err != nil {
			t.err = fault.New(fault.Invalid, "the column %s holds %v, which PostgreSQL cannot hold: %w", t.columns[i].Name, value, err)
			return
		}
		binary.BigEndian.PutUint32(t.stream[at:], uint32(len(t.stream)-at-4))
	}
}
