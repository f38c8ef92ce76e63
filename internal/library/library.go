// Package library holds the functions every retailer writes again: exact
// division and allocation of money, business days, fiscal calendars, cohorts,
// tidy texts. Each has one definition per engine and means the same on all of
// them.
//
// It defines and documents; engines install what Statements returns, compile
// binds models that use them, and neither needs to know any function.
package library

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"

	"github.com/larder-data/larder/internal/fault"
)

// Schema is where the functions stand on every engine. They are always written
// with it, so that they clash with no built-in function.
const Schema = "larder"

// The engines there are definitions for.
const (
	DuckDB   = "duckdb"
	Postgres = "postgres"
)

// Form is how a function is used.
type Form string

// The forms.
const (
	Scalar    Form = "scalar"    // a value from values
	Aggregate Form = "aggregate" // a value from the rows of a group; no OVER, no FILTER
	Rows      Form = "rows"      // stands in FROM
)

// Param is one argument. Type is one of the names in types; "any" takes what
// the other arguments of that type take.
type Param struct{ Name, Type string }

// Function is one form of a function: functions of one name differ by the types
// or the number of their arguments.
type Function struct {
	Name    string
	Group   string
	Form    Form
	Params  []Param
	Returns string
	Doc     string // what it returns, and when that is NULL or an error
	Example string // an expression
	Gives   string // what Example gives, as text

	both     string // the body, where one text is right for all engines
	duckdb   string // DuckDB's, where it is not
	postgres string // PostgreSQL's: a body, or whole statements when raw
	raw      bool
}

// types are the argument and result types, as the engines spell them.
var types = map[string]map[string]string{
	"integer":       {DuckDB: "integer", Postgres: "integer"},
	"bigint":        {DuckDB: "bigint", Postgres: "bigint"},
	"decimal":       {DuckDB: "decimal(27,10)", Postgres: "numeric"},
	"whole decimal": {DuckDB: "decimal(38,0)", Postgres: "numeric"},
	"double":        {DuckDB: "double", Postgres: "double precision"},
	"boolean":       {DuckDB: "boolean", Postgres: "boolean"},
	"varchar":       {DuckDB: "varchar", Postgres: "text"},
	"date":          {DuckDB: "date", Postgres: "date"},
	"date[]":        {DuckDB: "date[]", Postgres: "date[]"},
	"timestamp":     {DuckDB: "timestamp", Postgres: "timestamp"},
	"timestamptz":   {DuckDB: "timestamptz", Postgres: "timestamptz"},
	"any":           {DuckDB: "", Postgres: "anycompatible"},
	"row of dates":  {DuckDB: "", Postgres: "table(day date)"},
}

// Functions returns all functions, in the order in which one may use those
// before it.
func Functions() []Function { return slices.Clone(all()) }

var all = sync.OnceValue(func() []Function {
	return slices.Concat(money(), numbers(), calendar(), fiscal(), business(), events(), texts(), codes(), aggregates())
})

// Statements returns what installs or updates the functions on an engine, to be
// run in order; running them twice changes nothing. The schema is created when
// it is missing. An engine there are no definitions for is an Invalid error.
func Statements(engine string) ([]string, error) {
	switch engine {
	case DuckDB:
		return duckdbStatements(), nil
	case Postgres:
		return postgresStatements(), nil
	}
	return nil, fault.New(fault.Invalid, "there are no functions for the engine %s", engine).
		WithHint("known: %s, %s", DuckDB, Postgres)
}

// Version names the definitions: it changes when any of them does. An installed
// library says its own when asked "select larder.library_version()".
var Version = sync.OnceValue(func() string {
	hash := sha256.New()
	for _, statements := range [][]string{duckdbDefinitions(), postgresDefinitions()} {
		hash.Write([]byte(strings.Join(statements, ";\n")))
	}
	return hex.EncodeToString(hash.Sum(nil))[:16]
})

// Mentioned reports whether a text may use the library: it names the schema.
func Mentioned(sql string) bool { return containsFold(sql, Schema) }

// containsFold finds a lower-case word in a text of any case.
func containsFold(text, word string) bool {
	for i := 0; i+len(word) <= len(text); i++ {
		if (text[i]|0x20) == word[0] && strings.EqualFold(text[i:i+len(word)], word) {
			return true
		}
	}
	return false
}
