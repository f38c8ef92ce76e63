package mysql

import (
	"database/sql/driver"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/parquet"
	"github.com/larder-data/larder/internal/table"
)

// column is one column to read and how its values are written.
type column struct {
	table.Column
	source   string // its name at the source
	server   string // its type there, in lower case: "decimal", "tinyint(1)"
	unsigned bool
	empty    bool // it may have no value
	put      func(to *parquet.Column, v driver.Value) error
	noDays   int64 // dates such as 0000-00-00, which were left empty
}

// plain are the types that are read as they are.
var plain = map[string]table.Kind{
	"tinyint": table.TinyInt, "smallint": table.SmallInt, "mediumint": table.Integer, "int": table.Integer, "bigint": table.BigInt,
	"year": table.SmallInt, "float": table.Float, "double": table.Double, "date": table.Date, "datetime": table.Timestamp,
	"timestamp": table.TimestampTZ, "time": table.Time, "json": table.JSON, "uuid": table.UUID,
	"bit": table.UBigInt, "bit(1)": table.Boolean, "tinyint(1)": table.Boolean,
	"binary": table.Blob, "varbinary": table.Blob, "tinyblob": table.Blob, "blob": table.Blob, "mediumblob": table.Blob,
	"longblob": table.Blob, "geometry": table.Blob, "vector": table.Blob,
}

// unsigned are the types of whole numbers from 0 on.
var unsigned = map[table.Kind]table.Kind{
	table.TinyInt: table.UTinyInt, table.SmallInt: table.USmallInt, table.Integer: table.UInteger, table.BigInt: table.UBigInt,
}

// widest is how many digits a DECIMAL of the lake has at most; the server's has
// up to 65.
const widest = 38

// natural is the type a column has in the lake when nothing else is declared.
func (c *column) natural(precision, scale int) {
	kind, ok := plain[c.server]
	switch {
	case c.server == "decimal" && precision <= widest:
		c.Type = table.Type{Kind: table.Decimal, Precision: precision, Scale: scale}
		return
	case !ok: // char, text, enum, set, inet6, and decimals too wide
		kind = table.Varchar
	case c.unsigned && unsigned[kind] != 0:
		kind = unsigned[kind]
	}
	c.Type = table.Type{Kind: kind}
}

// as has the column read as a declared type where its values can be written so
// without a detour. Otherwise they are cast later.
func (c *column) as(declared table.Type) {
	whole := c.Type.IsInteger() || c.Type.Kind == table.Boolean
	spelled := c.Type.IsTemporal() || c.Type.Kind == table.Time || c.server == "decimal"
	switch {
	case declared.Kind == table.HugeInt, declared.Kind == table.UHugeInt:
	case declared.Kind == table.Decimal && c.server == "decimal",
		whole && (declared.IsInteger() || declared.Kind == table.Boolean),
		declared.Kind == table.Varchar && spelled,
		declared.Kind == table.JSON && c.Type.Kind == table.Varchar && c.server != "decimal",
		declared.Kind == table.Varchar && c.Type.Kind == table.JSON:
		c.Type = declared
	}
}

// writer chooses how values are written, once name and type are settled.
func (c *column) writer() {
	switch c.Type.Kind {
	case table.Boolean:
		c.put = c.putBool
	case table.Float, table.Double:
		c.put = c.putFloat
	case table.Decimal:
		c.put = c.putDecimal
	case table.Date:
		c.put = c.putDate
	case table.Timestamp, table.TimestampTZ:
		c.put = c.putInstant
	case table.Time:
		c.put = c.putTime
	case table.UUID:
		c.put = c.putUUID
	case table.Varchar, table.JSON, table.Blob:
		c.put = c.putText
	default:
		c.put = c.putWhole
	}
}

// unfit holds a load: a value is not one of the column's type. The value is not
// told, it may be anybody's.
func (c *column) unfit(hint string) error {
	return fault.New(fault.Held, "column %s has a value that is no %s", c.source, strings.ToLower(c.Type.String())).WithHint("%s", hint)
}
