package postgres

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/parquet"
	"github.com/larder-data/larder/internal/table"
)

// column is one column to read: how it is asked for, and how its values are
// written.
type column struct {
	table.Column
	source string // its name at the source
	ask    string // the expression in the SELECT
	put    func(to *parquet.Column, b []byte) error
	notes  *tally
}

// tally counts values that have no equal and were left empty.
type tally struct{ infinite int64 }

// text asks for a column as the server spells it.
const text = "%s::text"

// plain are the types that are read as they are: how a value is written, and
// the expression when it is not the column itself.
var plain = map[uint32]struct {
	of  table.Kind
	ask string
	put func(to *parquet.Column, b []byte) error
}{
	pgtype.BoolOID: {table.Boolean, "%s", func(to *parquet.Column, b []byte) error { to.Bool(b[0] != 0); return nil }},
	pgtype.Int2OID: {table.SmallInt, "%s", func(to *parquet.Column, b []byte) error { to.Int(int64(int16(binary.BigEndian.Uint16(b)))); return nil }},
	pgtype.Int4OID: {table.Integer, "%s", func(to *parquet.Column, b []byte) error { to.Int(int64(int32(binary.BigEndian.Uint32(b)))); return nil }},
	pgtype.Int8OID: {table.BigInt, "%s", putInt8},
	pgtype.OIDOID:  {table.BigInt, "%s::int8", putInt8},
	pgtype.Float4OID: {table.Float, "%s", func(to *parquet.Column, b []byte) error {
		to.Float(float64(math.Float32frombits(binary.BigEndian.Uint32(b))))
		return nil
	}},
	pgtype.Float8OID: {table.Double, "%s", func(to *parquet.Column, b []byte) error {
		to.Float(math.Float64frombits(binary.BigEndian.Uint64(b)))
		return nil
	}},
	pgtype.TextOID:    {table.Varchar, "%s", putBytes},
	pgtype.VarcharOID: {table.Varchar, "%s", putBytes},
	pgtype.BPCharOID:  {table.Varchar, "%s", putBytes},
	pgtype.NameOID:    {table.Varchar, text, putBytes},
	pgtype.ByteaOID:   {table.Blob, "%s", putBytes},
	pgtype.UUIDOID:    {table.UUID, "%s", putBytes},
	pgtype.JSONOID:    {table.JSON, "%s", putBytes},
	pgtype.JSONBOID:   {table.JSON, text, putBytes},
	pgtype.TimeOID:    {table.Time, "%s", putInt8},
}

func putInt8(to *parquet.Column, b []byte) error {
	to.Int(int64(binary.BigEndian.Uint64(b)))
	return nil
}

func putBytes(to *parquet.Column, b []byte) error {
	to.Bytes(b)
	return nil
}

// The server counts days and microseconds from 2000-01-01.
const (
	daysBefore   = 10_957
	microsBefore = daysBefore * 86_400_000_000
)

// of is the column for a field of the server's answer.
func of(field pgconn.FieldDescription, isArray map[uint32]bool) column {
	c := column{Column: table.Column{Name: field.Name}, source: field.Name, notes: &tally{}}
	if p, ok := plain[field.DataTypeOID]; ok {
		c.Type, c.ask, c.put = table.Type{Kind: p.of}, p.ask, p.put
		return c
	}
	switch {
	case field.DataTypeOID == pgtype.NumericOID && field.TypeModifier >= 4 && inReach(field.TypeModifier):
		modifier := field.TypeModifier - 4
		return c.decimal(table.Type{Kind: table.Decimal, Precision: int(modifier >> 16), Scale: int(modifier & 0xffff)})
	case field.DataTypeOID == pgtype.DateOID:
		c.Type, c.ask = table.Type{Kind: table.Date}, "%s"
		c.put = func(to *parquet.Column, b []byte) error {
			c.instant(to, int64(int32(binary.BigEndian.Uint32(b))), math.MinInt32, math.MaxInt32, daysBefore)
			return nil
		}
	case field.DataTypeOID == pgtype.TimestampOID, field.DataTypeOID == pgtype.TimestamptzOID:
		c.Type, c.ask = table.Type{Kind: table.Timestamp}, "%s"
		if field.DataTypeOID == pgtype.TimestamptzOID {
			c.Type.Kind = table.TimestampTZ
		}
		c.put = func(to *parquet.Column, b []byte) error {
			c.instant(to, int64(binary.BigEndian.Uint64(b)), math.MinInt64, math.MaxInt64, microsBefore)
			return nil
		}
	case isArray[field.DataTypeOID]:
		c.Type, c.ask, c.put = table.Type{Kind: table.JSON}, "to_json(%s)::text", putBytes
	default: // enums, intervals, networks, ranges, numbers of any size ...
		c.Type, c.ask, c.put = table.Type{Kind: table.Varchar}, text, putBytes
	}
	return c
}

// inReach reports whether a numeric's modifier is one of a DECIMAL: up to 38
// digits, no negative scale.
func inReach(modifier int32) bool {
	precision, scale := (modifier-4)>>16, (modifier-4)&0xffff
	return precision <= 38 && scale <= precision
}

// instant appends a day or an instant. Infinite ones have no equal: they are
// left empty and counted.
func (c column) instant(to *parquet.Column, v, ever, forever, before int64) {
	if v == ever || v == forever {
		c.notes.infinite++
		to.Null()
		return
	}
	to.Int(v + before)
}

// decimal reads the column's numbers with so many digits and places, all of them
// exactly.
func (c column) decimal(as table.Type) column {
	c.Type, c.ask = as, "%s::numeric"
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(as.Precision)), nil)
	c.put = func(to *parquet.Column, b []byte) error {
		v, ok := number(b, as.Scale)
		if !ok || v.CmpAbs(limit) >= 0 {
			return fault.New(fault.Held, "column %s has a number that is not exactly a %s", c.source, strings.ToLower(as.String())).
				WithHint("declare it as wide as its numbers are, or as varchar")
		}
		if as.Precision > 18 {
			to.Wide(v)
		} else {
			to.Int(v.Int64())
		}
		return nil
	}
	if as.Precision <= 18 {
		exact, most := c.put, limit.Int64()
		c.put = func(to *parquet.Column, b []byte) error {
			if v, ok := small(b, as.Scale); ok && v < most && v > -most {
				to.Int(v)
				return nil
			}
			return exact(to, b)
		}
	}
	return c
}

// powers of ten that fit an int64.
var powers = [...]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// The server's binary numbers: how many digits of base 10,000, the weight of the
// first, the sign, how many places are shown, then the digits.
const (
	numericHead = 8
	negative    = 0x4000
)

// small is number for those of few digits, false when it may not be one.
func small(b []byte, scale int) (int64, bool) {
	digits, weight := int(binary.BigEndian.Uint16(b)), int(int16(binary.BigEndian.Uint16(b[2:])))
	sign := binary.BigEndian.Uint16(b[4:])
	if digits > 4 || sign > negative {
		return 0, false
	}
	v := int64(0)
	for i := range digits {
		v = v*10_000 + int64(binary.BigEndian.Uint16(b[numericHead+2*i:]))
	}
	switch shift := 4*(weight-digits+1) + scale; {
	case v == 0:
	case shift >= 0 && shift <= 2: // below 10^18 for sure
		v *= powers[shift]
	case shift < 0 && shift > -16 && v%powers[-shift] == 0:
		v /= powers[-shift]
	default:
		return 0, false
	}
	if sign == negative {
		v = -v
	}
	return v, true
}

// number returns a numeric's value times ten to the scale, false when that is
// no whole number, or the value none at all.
func number(b []byte, scale int) (*big.Int, bool) {
	digits, weight := int(binary.BigEndian.Uint16(b)), int(int16(binary.BigEndian.Uint16(b[2:])))
	sign := binary.BigEndian.Uint16(b[4:])
	if sign > negative { // NaN, or infinite
		return nil, false
	}
	v, base := new(big.Int), big.NewInt(10_000)
	for i := range digits {
		v.Mul(v, base).Add(v, big.NewInt(int64(binary.BigEndian.Uint16(b[numericHead+2*i:]))))
	}
	shift := 4*(weight-digits+1) + scale
	factor := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(shift, -shift))), nil)
	if shift >= 0 {
		v.Mul(v, factor)
	} else {
		rest := new(big.Int)
		if v.QuoRem(v, factor, rest); rest.Sign() != 0 {
			return nil, false
		}
	}
	if sign == negative {
		v.Neg(v)
	}
	return v, true
}

// read is the column read as the declared type, as far as that loses nothing.
func (c column) read(d declared) (column, error) {
	c.Name = d.Name
	switch as := d.Type; {
	case as == (table.Type{}), as == c.Type:
	case as.Kind == table.Varchar:
		c.Type, c.ask, c.put = as, text, putBytes
	case as.Kind == table.Decimal && (isWhole(c.Type) || c.Type.Kind == table.Decimal || c.Type.Kind == table.Varchar && c.ask == text):
		c = c.decimal(as)
	case as.Kind == table.BigInt && isWhole(c.Type):
		c.Type, c.ask, c.put = as, "%s::int8", putInt8
	case as.Kind == table.JSON && c.Type.Kind == table.Varchar:
		c.Type, c.ask, c.put = as, "to_json(%s)::text", putBytes
	default:
		return c, fault.At(d.TypeWhere, fault.Invalid, "%s is %s at the source, which is not read as %s", c.source, strings.ToLower(c.Type.String()), strings.ToLower(as.String())).
			WithHint("leave type: out, or declare varchar and cast in a model")
	}
	return c, nil
}

func isWhole(of table.Type) bool {
	return of.Kind == table.SmallInt || of.Kind == table.Integer || of.Kind == table.BigInt
}

// expression is what the SELECT says for the column.
func (c column) expression() string { return fmt.Sprintf(c.ask, "src."+table.Quote(c.source)) }
