package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"
	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Query runs one statement that returns rows.
func (e *Engine) Query(ctx context.Context, query string) (engine.Rows, error) {
	return e.query(ctx, query)
}

func (e *Engine) query(ctx context.Context, query string) (*rows, error) {
	if e.settings.ReadOnly {
		if err := e.admit(ctx, query); err != nil {
			return nil, err
		}
	}
	found, err := e.db.QueryContext(ctx, query)
	if err != nil {
		return nil, explain("", err)
	}
	types, err := found.ColumnTypes()
	if err != nil {
		return nil, explain("", err)
	}
	r := &rows{rows: found, values: make([]any, len(types)), targets: make([]any, len(types)), columns: make([]table.Column, len(types))}
	for i, t := range types {
		r.columns[i] = table.Column{Name: t.Name(), Type: typeOf(t.DatabaseTypeName())}
		r.targets[i] = &r.values[i]
	}
	return r, nil
}

// typeOf reads a type's name as the driver spells it.
func typeOf(name string) table.Type {
	switch name {
	case "SQLNULL", "INVALID", "ANY":
		return table.Type{Kind: table.Unknown}
	case "BIGNUM", "BIT", "TIMETZ", "TIME WITH TIME ZONE", "TIME_NS":
		return table.Type{Kind: table.Varchar}
	}
	t, err := table.ParseType(name)
	if err != nil {
		return table.Type{Kind: table.Nested, Spelling: name}
	}
	return t
}

// rows is an answer being read.
type rows struct {
	rows    *sql.Rows
	columns []table.Column
	values  []any
	targets []any
	err     error
}

// Columns returns the answer's columns.
func (r *rows) Columns() []table.Column { return r.columns }

// Next reads the next row.
func (r *rows) Next() bool {
	if r.err != nil || !r.rows.Next() {
		return false
	}
	if r.err = r.rows.Scan(r.targets...); r.err != nil {
		return false
	}
	for i, v := range r.values {
		r.values[i] = exact(v, r.columns[i].Type)
	}
	return true
}

// Scan returns the current row's values, valid until the next call of Next.
func (r *rows) Scan() []any { return r.values }

// Err returns what stopped Next, nil at the end of the rows.
func (r *rows) Err() error {
	if r.err != nil {
		return explain("", r.err)
	}
	return explain("", r.rows.Err())
}

// Close ends the answer.
func (r *rows) Close() error { return explain("", r.rows.Close()) }

// exact turns the driver's value into what table.Batch documents.
func exact(value any, of table.Type) any {
	switch v := value.(type) {
	case nil:
		return nil
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case uint8:
		return int64(v)
	case uint16:
		return int64(v)
	case uint32:
		return int64(v)
	case uint64:
		return new(big.Int).SetUint64(v)
	case float32:
		return float64(v)
	case duck.Decimal:
		return decimal(v)
	case duck.Interval:
		return interval(v)
	case []byte:
		return bytesOf(v, of)
	case duck.UUID:
		return v.String()
	case time.Time:
		return timeOf(v, of)
	case bool, int64, float64, string, *big.Int:
		if of.Kind == table.Nested || of.Kind == table.JSON {
			return nested(v)
		}
		return v
	default:
		return nested(v)
	}
}

func decimal(v duck.Decimal) *apd.Decimal {
	d := new(apd.Decimal)
	d.Coeff.SetMathBigInt(new(big.Int).Abs(v.Value))
	d.Negative = v.Value.Sign() < 0
	d.Exponent = -int32(v.Scale)
	return d
}

func bytesOf(v []byte, of table.Type) any {
	if of.Kind == table.UUID && len(v) == 16 {
		var id duck.UUID
		copy(id[:], v)
		return id.String()
	}
	return append([]byte(nil), v...)
}

func timeOf(v time.Time, of table.Type) any {
	if of.Kind == table.Time || of.Kind == table.Varchar {
		return v.UTC().Format("15:04:05.999999")
	}
	return v.UTC()
}

// interval writes an interval the way DuckDB reads it back.
func interval(v duck.Interval) string {
	var parts []string
	if years := v.Months / 12; years != 0 {
		parts = append(parts, fmt.Sprintf("%d years", years))
	}
	if months := v.Months % 12; months != 0 {
		parts = append(parts, fmt.Sprintf("%d months", months))
	}
	if v.Days != 0 {
		parts = append(parts, fmt.Sprintf("%d days", v.Days))
	}
	if v.Micros != 0 || len(parts) == 0 {
		sign, micros := "", v.Micros
		if micros < 0 {
			sign, micros = "-", -micros
		}
		seconds := micros / 1_000_000
		text := fmt.Sprintf("%s%02d:%02d:%02d", sign, seconds/3600, seconds/60%60, seconds%60)
		if rest := micros % 1_000_000; rest != 0 {
			text += fmt.Sprintf(".%06d", rest)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}

// nested writes a list, struct, map or union as JSON, decimals as text.
func nested(value any) any {
	if text, ok := value.(string); ok {
		return text
	}
	text, err := json.Marshal(plain(value))
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

func plain(value any) any {
	switch v := value.(type) {
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = plain(item)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[k] = plain(item)
		}
		return out
	case duck.Map:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[fmt.Sprint(plain(k))] = plain(item)
		}
		return out
	case duck.Union:
		return plain(v.Value)
	case duck.Decimal:
		return decimal(v).Text('f')
	case *big.Int:
		return v.String()
	case duck.Interval:
		return interval(v)
	case duck.UUID:
		return v.String()
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.999999Z07:00")
	default:
		return v
	}
}

func contains(err error, text string) bool { return strings.Contains(err.Error(), text) }

// notFound reports a relation that does not exist.
func notFound(r engine.Relation) error {
	return fault.New(fault.NotFound, "there is no table or view %s", r.Dataset())
}
