package duckdb

import (
	"fmt"
	"strings"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/table"
)

// simple are the types table knows, by the driver's number.
var simple = map[duck.Type]table.Kind{
	duck.TYPE_SQLNULL: table.Unknown, duck.TYPE_BOOLEAN: table.Boolean,
	duck.TYPE_TINYINT: table.TinyInt, duck.TYPE_SMALLINT: table.SmallInt, duck.TYPE_INTEGER: table.Integer,
	duck.TYPE_BIGINT: table.BigInt, duck.TYPE_HUGEINT: table.HugeInt,
	duck.TYPE_UTINYINT: table.UTinyInt, duck.TYPE_USMALLINT: table.USmallInt, duck.TYPE_UINTEGER: table.UInteger,
	duck.TYPE_UBIGINT: table.UBigInt, duck.TYPE_UHUGEINT: table.UHugeInt,
	duck.TYPE_FLOAT: table.Float, duck.TYPE_DOUBLE: table.Double, duck.TYPE_VARCHAR: table.Varchar, duck.TYPE_BLOB: table.Blob,
	duck.TYPE_DATE: table.Date, duck.TYPE_TIME: table.Time, duck.TYPE_INTERVAL: table.Interval, duck.TYPE_UUID: table.UUID,
	duck.TYPE_TIMESTAMP: table.Timestamp, duck.TYPE_TIMESTAMP_S: table.Timestamp, duck.TYPE_TIMESTAMP_MS: table.Timestamp,
	duck.TYPE_TIMESTAMP_NS: table.Timestamp, duck.TYPE_TIMESTAMP_TZ: table.TimestampTZ,
}

// foreign are types table has no word for: Nested by their spelling, read as
// the text DuckDB writes.
var foreign = map[duck.Type]string{
	duck.TYPE_TIME_TZ: "TIME WITH TIME ZONE", duck.TYPE_BIT: "BIT", duck.TYPE_BIGNUM: "BIGNUM",
	duck.TYPE_GEOMETRY: "GEOMETRY", duck.TYPE_VARIANT: "VARIANT",
}

// columnsFrom returns the columns a prepared statement answers.
func (s *session) columnsFrom(prepared *duck.Stmt) ([]table.Column, error) {
	count, err := prepared.ColumnCount()
	if err != nil {
		return nil, err
	}
	columns := make([]table.Column, count)
	for i := range columns {
		if columns[i].Name, err = prepared.ColumnName(i); err != nil {
			return nil, err
		}
		kind, err := prepared.ColumnType(i)
		if err != nil {
			return nil, err
		}
		info, err := prepared.ColumnTypeInfo(i)
		if err != nil { // the driver has no words for it
			columns[i].Type = table.Type{Kind: table.Nested, Spelling: spelledForeign(kind)}
			continue
		}
		if columns[i].Type, err = s.typeOf(info); err != nil {
			return nil, err
		}
	}
	return columns, nil
}

func spelledForeign(kind duck.Type) string {
	if name, ok := foreign[kind]; ok {
		return name
	}
	return "TIME_NS"
}

// typeOf turns the driver's type into ours. Nested types are spelled as DuckDB
// itself spells them, so that spellings can be compared.
func (s *session) typeOf(info duck.TypeInfo) (table.Type, error) {
	if info.Alias() == "JSON" {
		return table.Type{Kind: table.JSON}, nil
	}
	if kind, ok := simple[info.InternalType()]; ok {
		return table.Type{Kind: kind}, nil
	}
	if d, ok := info.Details().(*duck.DecimalDetails); ok {
		return table.Type{Kind: table.Decimal, Precision: int(d.Width), Scale: int(d.Scale)}, nil
	}
	spelled := spell(info)
	if known, ok := s.e.spellings.Load(spelled); ok {
		if t, ok := known.(table.Type); ok {
			return t, nil
		}
	}
	asked, err := s.conn.QueryContext(s.e.life.Context(), "SELECT typeof(CAST(NULL AS "+spelled+"))", nil)
	if err != nil {
		return table.Type{}, err
	}
	own, err := onlyText(asked)
	if err != nil {
		return table.Type{}, err
	}
	t := table.Type{Kind: table.Nested, Spelling: own}
	s.e.spellings.Store(spelled, t)
	return t, nil
}

// spell writes a type so that DuckDB reads it back.
func spell(info duck.TypeInfo) string {
	if info.Alias() != "" {
		return info.Alias()
	}
	switch d := info.Details().(type) {
	case *duck.DecimalDetails:
		return fmt.Sprintf("DECIMAL(%d,%d)", d.Width, d.Scale)
	case *duck.EnumDetails:
		return "ENUM(" + table.Literals(d.Values) + ")"
	case *duck.ListDetails:
		return spell(d.Child) + "[]"
	case *duck.ArrayDetails:
		return fmt.Sprintf("%s[%d]", spell(d.Child), d.Size)
	case *duck.MapDetails:
		return "MAP(" + spell(d.Key) + ", " + spell(d.Value) + ")"
	case *duck.StructDetails:
		fields := make([]string, len(d.Entries))
		for i, entry := range d.Entries {
			fields[i] = engine.Quote(entry.Name()) + " " + spell(entry.Info())
		}
		return "STRUCT(" + strings.Join(fields, ", ") + ")"
	case *duck.UnionDetails:
		members := make([]string, len(d.Members))
		for i, member := range d.Members {
			members[i] = engine.Quote(member.Name) + " " + spell(member.Type)
		}
		return "UNION(" + strings.Join(members, ", ") + ")"
	}
	return spellSimple(info.InternalType())
}

func spellSimple(t duck.Type) string {
	switch t {
	case duck.TYPE_SQLNULL:
		return "INTEGER"
	case duck.TYPE_TIMESTAMP_S:
		return "TIMESTAMP_S"
	case duck.TYPE_TIMESTAMP_MS:
		return "TIMESTAMP_MS"
	case duck.TYPE_TIMESTAMP_NS:
		return "TIMESTAMP_NS"
	}
	if kind, ok := simple[t]; ok {
		return table.Type{Kind: kind}.String()
	}
	return spelledForeign(t)
}
