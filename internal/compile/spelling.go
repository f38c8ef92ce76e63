package compile

import (
	"strings"

	"github.com/larder-data/larder/internal/library"
	"github.com/larder-data/larder/internal/table"
)

// postgresTypes are the types that PostgreSQL spells otherwise than DuckDB, or
// lacks: then it is the next wider one, and "" when there is none.
var postgresTypes = map[table.Kind]string{
	table.TinyInt: "SMALLINT", table.UTinyInt: "SMALLINT", table.USmallInt: "INTEGER", table.UInteger: "BIGINT",
	table.UBigInt: "DECIMAL(20,0)", table.HugeInt: "DECIMAL(38,0)", table.UHugeInt: "",
	table.Float: "REAL", table.Double: "DOUBLE PRECISION", table.Blob: "", table.Nested: "",
}

// spellingFor is a type as an engine spells it, and false when it has none.
func spellingFor(engine string, t table.Type) (string, bool) {
	if of, other := postgresTypes[t.Kind]; other && engine == library.Postgres {
		return of, of != ""
	}
	return spelling(t), true
}

// castText is a parameter as DuckDB's SQL.
func castText(p Param) string { return cast(p, spelling(p.Type)) }

// cast is a parameter as SQL: a text cast to a type. It stands wherever a value
// can.
func cast(p Param, of string) string {
	value := "NULL"
	if !p.Null {
		value = "'" + strings.ReplaceAll(p.Value, "'", "''") + "'"
	}
	return "CAST(" + value + " AS " + of + ")"
}

// engineTitle is an engine's name for people.
func engineTitle(engine string) string {
	titles := map[string]string{library.DuckDB: "DuckDB", library.Postgres: "PostgreSQL"}
	if title, ok := titles[engine]; ok {
		return title
	}
	return engine
}
