package postgres

import (
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/larder-data/larder/internal/table"
)

// kinds are the types table knows, by the server's number.
var kinds = map[uint32]table.Kind{
	pgtype.BoolOID: table.Boolean, pgtype.Int2OID: table.SmallInt, pgtype.Int4OID: table.Integer, pgtype.Int8OID: table.BigInt,
	pgtype.OIDOID: table.BigInt, pgtype.Float4OID: table.Float, pgtype.Float8OID: table.Double, pgtype.NumericOID: table.Decimal,
	pgtype.TextOID: table.Varchar, pgtype.VarcharOID: table.Varchar, pgtype.BPCharOID: table.Varchar, pgtype.NameOID: table.Varchar,
	pgtype.QCharOID: table.Varchar, pgtype.UnknownOID: table.Varchar, pgtype.ByteaOID: table.Blob,
	pgtype.DateOID: table.Date, pgtype.TimeOID: table.Time, pgtype.TimestampOID: table.Timestamp, pgtype.TimestamptzOID: table.TimestampTZ,
	pgtype.IntervalOID: table.Interval, pgtype.UUIDOID: table.UUID, pgtype.JSONOID: table.JSON, pgtype.JSONBOID: table.JSON,
}

// unsized is a numeric without a size, which holds any number; people are told
// of one this large.
var unsized = table.Type{Kind: table.Decimal, Precision: 38, Scale: 10, Spelling: "numeric"}

// field is a column as the server describes it.
type field struct {
	oid      uint32
	modifier int32
}

// typeOf turns the server's type into ours. name is how the server spells it,
// needed for types table has no word for.
func (f field) typeOf(name func() string) table.Type {
	kind, ok := kinds[f.oid]
	switch {
	case !ok:
		return table.Type{Kind: table.Nested, Spelling: name()}
	case kind != table.Decimal:
		return table.Type{Kind: kind}
	case f.modifier < 4:
		return unsized
	}
	// The modifier packs both behind a header of four, as numeric.c does.
	precision, scale := int(f.modifier-4)>>16&0xffff, int(f.modifier-4)&0x7ff
	return table.Type{Kind: table.Decimal, Precision: min(precision, 38), Scale: min(scale, 38)}
}

// columnsOf returns the columns of a described answer.
func columnsOf(fields []pgconn.FieldDescription) []table.Column {
	columns := make([]table.Column, len(fields))
	for i, f := range fields {
		columns[i] = table.Column{
			Name: f.Name, Type: field{f.DataTypeOID, f.TypeModifier}.typeOf(func() string { return spelledOID(f.DataTypeOID) }),
		}
	}
	return columns
}

// spelledOID names a type by what the driver knows of it.
func spelledOID(oid uint32) string {
	if t, ok := pgtype.NewMap().TypeForOID(oid); ok {
		if len(t.Name) > 1 && t.Name[0] == '_' {
			return t.Name[1:] + "[]"
		}
		return t.Name
	}
	return "type " + strconv.FormatUint(uint64(oid), 10)
}

// spell writes a type as PostgreSQL has it. Whole numbers PostgreSQL lacks take
// the next wider type, nested values are JSON.
func spell(t table.Type) string {
	switch t.Kind {
	case table.TinyInt, table.UTinyInt, table.SmallInt:
		return "smallint"
	case table.USmallInt, table.Integer:
		return "integer"
	case table.UInteger, table.BigInt:
		return "bigint"
	case table.UBigInt:
		return "numeric(20,0)"
	case table.HugeInt, table.UHugeInt:
		return "numeric(38,0)"
	case table.Float:
		return "real"
	case table.Double:
		return "double precision"
	case table.Decimal:
		if t == unsized {
			return t.Spelling
		}
		return fmt.Sprintf("numeric(%d,%d)", t.Precision, t.Scale)
	case table.Varchar, table.Unknown:
		return "text"
	case table.Blob:
		return "bytea"
	case table.JSON, table.Nested:
		return "json"
	default:
		return t.String() // BOOLEAN, DATE, TIME, TIMESTAMP, TIMESTAMP WITH TIME ZONE, INTERVAL, UUID
	}
}

// byCodepoint is the collation of every text Larder stores: it orders texts as
// DuckDB does and knows the letters of all scripts. A column's collation goes
// with it through every expression, so that a model's ORDER BY, min() and
// row_number() choose the same on both engines, whatever the database's own
// collation is. It is faster than a language's, too.
const byCodepoint = "larder.codepoint"

// definition is a column in CREATE TABLE, or behind ALTER COLUMN ... TYPE.
func definition(t table.Type) string {
	if t.Kind == table.Varchar || t.Kind == table.Unknown {
		return spell(t) + " COLLATE " + byCodepoint
	}
	return spell(t)
}

// quoted is a list of columns.
func quoted(columns []table.Column) string { return table.QuoteAll("", table.Names(columns)) }
