// Package table holds what every layer says about tables: column names and
// types, exact values, rows in memory.
//
// It reads and writes nothing; engines turn their own types into these and
// back.
package table

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is the family of a column's type.
type Kind uint8

// The kinds of types, named as DuckDB names them.
const (
	Unknown Kind = iota // not known, or the type of a bare NULL
	Boolean
	TinyInt
	SmallInt
	Integer
	BigInt
	HugeInt
	UTinyInt
	USmallInt
	UInteger
	UBigInt
	UHugeInt
	Float
	Double
	Decimal
	Varchar
	Blob
	Date
	Time
	Timestamp
	TimestampTZ
	Interval
	UUID
	JSON
	Nested // LIST, STRUCT, MAP, UNION, ARRAY, ENUM: see Type.Spelling
)

// Type is a column's type. Types are comparable with ==.
type Type struct {
	Kind      Kind
	Precision int    // of a Decimal: digits in all
	Scale     int    // of a Decimal: digits after the point
	Spelling  string // of a Nested type: as the engine spells it
}

var names = map[Kind]string{
	Unknown: "NULL", Boolean: "BOOLEAN", TinyInt: "TINYINT", SmallInt: "SMALLINT",
	Integer: "INTEGER", BigInt: "BIGINT", HugeInt: "HUGEINT", UTinyInt: "UTINYINT",
	USmallInt: "USMALLINT", UInteger: "UINTEGER", UBigInt: "UBIGINT", UHugeInt: "UHUGEINT",
	Float: "FLOAT", Double: "DOUBLE", Varchar: "VARCHAR", Blob: "BLOB", Date: "DATE",
	Time: "TIME", Timestamp: "TIMESTAMP", TimestampTZ: "TIMESTAMP WITH TIME ZONE",
	Interval: "INTERVAL", UUID: "UUID", JSON: "JSON",
}

// aliases are the spellings people write beside DuckDB's own.
var aliases = map[string]Kind{
	"BOOL": Boolean, "LOGICAL": Boolean, "INT1": TinyInt, "INT2": SmallInt, "SHORT": SmallInt,
	"INT": Integer, "INT4": Integer, "SIGNED": Integer, "INT8": BigInt, "LONG": BigInt, "INT128": HugeInt,
	"REAL": Float, "FLOAT4": Float, "FLOAT8": Double, "DOUBLE PRECISION": Double, "TEXT": Varchar,
	"STRING": Varchar, "CHAR": Varchar, "BPCHAR": Varchar, "CHARACTER VARYING": Varchar,
	"BYTEA": Blob, "BINARY": Blob, "VARBINARY": Blob, "DATETIME": Timestamp,
	"TIMESTAMPTZ": TimestampTZ, "TIMESTAMP WITHOUT TIME ZONE": Timestamp, "TIME WITHOUT TIME ZONE": Time,
	"TIMESTAMP_NS": Timestamp, "TIMESTAMP_MS": Timestamp, "TIMESTAMP_S": Timestamp, "\"NULL\"": Unknown,
}

func init() {
	for kind, name := range names {
		aliases[name] = kind
	}
}

// String returns the type as DuckDB spells it, e.g. DECIMAL(18,2).
func (t Type) String() string {
	switch t.Kind {
	case Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	case Nested:
		return t.Spelling
	default:
		return names[t.Kind]
	}
}

// MarshalText writes the type as String does, for JSON.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads a type as ParseType does.
func (t *Type) UnmarshalText(text []byte) (err error) {
	*t, err = ParseType(string(text))
	return err
}

// ParseType reads a type as DuckDB or a person spells it, in any case:
// "decimal(18,2)", "text", "timestamptz", "integer[]". DECIMAL alone is
// DECIMAL(18,3), as in DuckDB. The error names the type that is not known.
func ParseType(text string) (Type, error) {
	spelled := strings.Join(strings.Fields(text), " ")
	upper := strings.ToUpper(spelled)
	if kind, ok := aliases[upper]; ok {
		return Type{Kind: kind}, nil
	}
	base, args, hasArgs := strings.Cut(upper, "(")
	base = strings.TrimSpace(base)
	switch {
	case strings.HasSuffix(upper, "]"), base == "STRUCT", base == "MAP", base == "UNION", base == "ENUM", base == "ROW":
		return Type{Kind: Nested, Spelling: spelled}, nil
	case base == "DECIMAL" || base == "NUMERIC" || base == "DEC":
		return parseDecimal(text, args, hasArgs)
	case hasArgs && aliases[base] == Varchar:
		return Type{Kind: Varchar}, nil
	}
	return Type{}, fmt.Errorf("unknown type %q", text)
}

func parseDecimal(text, args string, hasArgs bool) (Type, error) {
	if !hasArgs {
		return Type{Kind: Decimal, Precision: 18, Scale: 3}, nil
	}
	first, second, hasScale := strings.Cut(strings.TrimSuffix(args, ")"), ",")
	precision, err := strconv.Atoi(strings.TrimSpace(first))
	scale := 0
	if err == nil && hasScale {
		scale, err = strconv.Atoi(strings.TrimSpace(second))
	}
	if err != nil || precision < 1 || precision > 38 || scale < 0 || scale > precision {
		return Type{}, fmt.Errorf("%q is not a decimal type: want decimal(precision, scale) with 1 to 38 digits", text)
	}
	return Type{Kind: Decimal, Precision: precision, Scale: scale}, nil
}

// IsInteger reports whether the type holds whole numbers only.
func (t Type) IsInteger() bool { return t.Kind >= TinyInt && t.Kind <= UHugeInt }

// IsFloat reports whether the type is binary floating point, unfit for money.
func (t Type) IsFloat() bool { return t.Kind == Float || t.Kind == Double }

// IsNumeric reports whether the type holds numbers of any sort.
func (t Type) IsNumeric() bool { return t.IsInteger() || t.IsFloat() || t.Kind == Decimal }

// IsTemporal reports whether the type holds a day or an instant.
func (t Type) IsTemporal() bool {
	return t.Kind == Date || t.Kind == Timestamp || t.Kind == TimestampTZ
}

// Column is a named, typed column.
type Column struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
}

// Names returns the columns' names in order.
func Names(columns []Column) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.Name
	}
	return out
}

// Find returns the column with the name, ignoring case as SQL does, and false
// when there is none.
func Find(columns []Column, name string) (Column, bool) {
	for _, c := range columns {
		if strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return Column{}, false
}
