package postgres

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"
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

// encode appends a value as the server's receive function of the type wants it.
func encode(b []byte, value any, of table.Type) ([]byte, error) {
	switch v := value.(type) {
	case bool:
		if v {
			return append(b, 1), nil
		}
		return append(b, 0), nil
	case int64:
		return encodeInteger(b, v, of), nil
	case *big.Int:
		return encodeNumeric(b, v, 0), nil
	case *apd.Decimal:
		n := v.Coeff.MathBigInt()
		if v.Negative {
			n.Neg(n)
		}
		return encodeNumeric(b, n, int(-v.Exponent)), nil
	case float64:
		if of.Kind == table.Float {
			return binary.BigEndian.AppendUint32(b, math.Float32bits(float32(v))), nil
		}
		return binary.BigEndian.AppendUint64(b, math.Float64bits(v)), nil
	case []byte:
		return append(b, v...), nil
	case time.Time:
		return encodeTime(b, v, of), nil
	case string:
		return encodeText(b, v, of)
	}
	return b, fault.New(fault.Internal, "a value of type %T", value)
}

func encodeInteger(b []byte, v int64, of table.Type) []byte {
	switch spell(of) {
	case "smallint":
		return binary.BigEndian.AppendUint16(b, uint16(v))
	case "integer":
		return binary.BigEndian.AppendUint32(b, uint32(v))
	}
	return binary.BigEndian.AppendUint64(b, uint64(v))
}

func encodeTime(b []byte, v time.Time, of table.Type) []byte {
	if of.Kind == table.Date {
		return binary.BigEndian.AppendUint32(b, uint32(int32(floor(v.Unix()-secondsTo, 24*3600))))
	}
	return binary.BigEndian.AppendUint64(b, uint64((v.Unix()-secondsTo)*1e6+int64(v.Nanosecond()/1e3)))
}

// encodeText appends what is read as text: texts, and values whose text is all
// there is of them.
func encodeText(b []byte, v string, of table.Type) ([]byte, error) {
	switch {
	case of.Kind == table.UUID:
		raw, err := hex.DecodeString(strings.ReplaceAll(v, "-", ""))
		return append(b, raw...), err
	case of.Kind == table.Time:
		micros, err := parseClock(v)
		return binary.BigEndian.AppendUint64(b, uint64(micros)), err
	case of.Kind == table.Interval:
		return encodeInterval(b, v)
	case of.Kind == table.Date:
		return binary.BigEndian.AppendUint32(b, uint32(int32(infinite(v, math.MaxInt32, math.MinInt32)))), nil
	case of.IsTemporal():
		return binary.BigEndian.AppendUint64(b, uint64(infinite(v, math.MaxInt64, math.MinInt64))), nil
	case strings.IndexByte(v, 0) >= 0:
		return b, fault.New(fault.Invalid, "a text has a zero byte in it")
	}
	return append(b, v...), nil
}

func infinite(v string, last, first int64) int64 {
	if v == ever {
		return first
	}
	return last
}

// parseClock reads hours, minutes, seconds and what is behind their point.
func parseClock(v string) (micros int64, err error) {
	unsigned := strings.TrimPrefix(v, "-")
	parts := strings.Split(unsigned, ":")
	if len(parts) != 3 {
		return 0, fmt.Errorf("%q is no time", v)
	}
	whole, fraction, _ := strings.Cut(parts[2], ".")
	size := uint64(0)
	for i, part := range []string{parts[0], parts[1], whole, (fraction + "000000")[:6]} {
		n, err := strconv.ParseUint(part, 10, 32) // the sum of four cannot overflow
		if err != nil {
			return 0, err
		}
		size += n * []uint64{3600e6, 60e6, 1e6, 1}[i]
	}
	negative := unsigned != v
	switch {
	case size > 1<<63, size == 1<<63 && !negative:
		return 0, fmt.Errorf("%q is too long a time", v)
	case negative:
		size = -size
	}
	return int64(size), nil
}

// encodeInterval reads DuckDB's text: "1 year 2 months 3 days 04:05:06.000007".
func encodeInterval(b []byte, v string) ([]byte, error) {
	var months, days, micros int64
	for words := strings.Fields(v); len(words) > 0; {
		if strings.Contains(words[0], ":") {
			clock, err := parseClock(words[0])
			if err != nil {
				return b, err
			}
			micros, words = clock, words[1:]
			continue
		}
		n, err := strconv.ParseInt(words[0], 10, 32)
		if err != nil || len(words) < 2 {
			return b, fmt.Errorf("%q is no interval", v)
		}
		switch strings.TrimSuffix(words[1], "s") {
		case "year":
			months += 12 * n
		case "month":
			months += n
		case "day":
			days += n
		default:
			return b, fmt.Errorf("%q is no interval", v)
		}
		words = words[2:]
	}
	if int64(int32(days)) != days || int64(int32(months)) != months {
		return b, fmt.Errorf("%q is too long an interval", v)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(micros))
	b = binary.BigEndian.AppendUint32(b, uint32(int32(days)))
	return binary.BigEndian.AppendUint32(b, uint32(int32(months))), nil
}

// encodeNumeric writes n / 10^scale in digits of base 10,000 that line up with
// the point.
func encodeNumeric(b []byte, n *big.Int, scale int) []byte {
	sign := uint16(0)
	if n.Sign() < 0 {
		sign = numericMinus
	}
	pad := (numericPerDigit - scale%numericPerDigit) % numericPerDigit // zeros behind, to fill the last digit
	left := new(big.Int).Abs(n)
	if pad > 0 {
		left.Mul(left, big.NewInt([]int64{1, 10, 100, 1000}[pad]))
	}
	var digits []uint16 // the last first
	if left.IsUint64() {
		for u := left.Uint64(); u > 0; u /= numericBase {
			digits = append(digits, uint16(u%numericBase))
		}
	} else {
		base, rest := big.NewInt(numericBase), new(big.Int)
		for left.Sign() > 0 {
			left.QuoRem(left, base, rest)
			digits = append(digits, uint16(rest.Uint64()))
		}
	}
	weight := len(digits) - (scale+pad)/numericPerDigit - 1
	for len(digits) > 0 && digits[0] == 0 {
		digits = digits[1:]
	}
	if len(digits) == 0 {
		weight = 0
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(digits)))
	b = binary.BigEndian.AppendUint16(b, uint16(int16(weight)))
	b = binary.BigEndian.AppendUint16(b, sign)
	b = binary.BigEndian.AppendUint16(b, uint16(scale))
	for _, d := range slices.Backward(digits) {
		b = binary.BigEndian.AppendUint16(b, d)
	}
	return b
}
