package state

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/cockroachdb/apd/v3"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// rowsJSON is a table.Batch as it is stored. A value that JSON cannot hold
// exactly is a string (decimals, large integers, instants) or, rarer still, an
// array that says what it is.
type rowsJSON struct {
	Columns []table.Column      `json:"columns"`
	Rows    [][]json.RawMessage `json:"rows"`
}

// EncodeRows writes rows as JSON that DecodeRows reads back exactly: every
// digit of a decimal, the microsecond of an instant, NULL, NaN, bytes. A value
// that does not fit its column's type, as table.Batch documents it, is an
// Internal error.
func EncodeRows(b table.Batch) ([]byte, error) {
	out := rowsJSON{Columns: b.Columns, Rows: make([][]json.RawMessage, len(b.Rows))}
	for i, row := range b.Rows {
		if len(row) != len(b.Columns) {
			return nil, fault.New(fault.Internal, "row %d has %d values for %d columns", i+1, len(row), len(b.Columns))
		}
		out.Rows[i] = make([]json.RawMessage, len(row))
		for j, value := range row {
			text, err := encodeValue(value, b.Columns[j].Type)
			if err != nil {
				return nil, fault.New(fault.Internal, "row %d, column %s: %w", i+1, b.Columns[j].Name, err)
			}
			out.Rows[i][j] = text
		}
	}
	return json.Marshal(out)
}

func encodeValue(value any, of table.Type) (json.RawMessage, error) {
	if !fits(value, of) {
		return nil, fmt.Errorf("a %T is no value of type %s", value, of)
	}
	switch v := value.(type) {
	case nil:
		return json.RawMessage("null"), nil
	case bool:
		return strconv.AppendBool(nil, v), nil
	case int64:
		return strconv.AppendInt(nil, v, 10), nil
	case *big.Int:
		return json.Marshal(v.String())
	case float64:
		return encodeFloat(v), nil
	case *apd.Decimal:
		return json.Marshal(decimalText(v))
	case string:
		if !utf8.ValidString(v) {
			return json.Marshal([]string{"bytes", base64.StdEncoding.EncodeToString([]byte(v))})
		}
		return json.Marshal(v)
	case []byte:
		return json.Marshal(base64.StdEncoding.EncodeToString(v))
	case time.Time:
		return encodeTime(v), nil
	default:
		return nil, fmt.Errorf("a %T cannot be stored", value)
	}
}

// fits reports whether the value is what table.Batch promises for the type: a
// stored row is read back by its column's type alone.
func fits(value any, of table.Type) bool {
	big128 := of.Kind == table.HugeInt || of.Kind == table.UBigInt || of.Kind == table.UHugeInt
	switch value.(type) {
	case nil:
		return true
	case bool:
		return of.Kind == table.Boolean
	case int64:
		return of.IsInteger() && !big128
	case *big.Int:
		return big128
	case float64:
		return of.IsFloat()
	case *apd.Decimal:
		return of.Kind == table.Decimal
	case []byte:
		return of.Kind == table.Blob
	case time.Time:
		return of.IsTemporal()
	default:
		return of.Kind != table.Boolean && of.Kind != table.Blob && !of.IsNumeric() && !of.IsTemporal()
	}
}

// encodeFloat keeps what JSON numbers lack: not-a-number, the infinities and
// the sign of zero.
func encodeFloat(v float64) json.RawMessage {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return json.RawMessage(strconv.Quote(text))
	}
	return json.RawMessage(text)
}

func encodeTime(v time.Time) json.RawMessage {
	v = v.UTC()
	if year := v.Year(); year < 1 || year > 9999 {
		return fmt.Appendf(nil, "[%d,%d]", v.Unix(), v.Nanosecond())
	}
	return json.RawMessage(strconv.Quote(v.Format(time.RFC3339Nano)))
}

// decimalText spells a decimal so that its scale survives: 1.50 stays 1.50.
func decimalText(d *apd.Decimal) string {
	if d.Exponent > 0 {
		return d.Text('G')
	}
	return d.Text('f')
}

// DecodeRows reads what EncodeRows wrote. Text that is not that is a Broken
// error.
func DecodeRows(text []byte) (table.Batch, error) {
	var in rowsJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return table.Batch{}, fault.New(fault.Broken, "stored rows: %w", err)
	}
	b := table.Batch{Columns: in.Columns, Rows: make([][]any, len(in.Rows))}
	for i, row := range in.Rows {
		if len(row) != len(in.Columns) {
			return table.Batch{}, fault.New(fault.Broken, "stored row %d has %d values for %d columns", i+1, len(row), len(in.Columns))
		}
		b.Rows[i] = make([]any, len(row))
		for j, raw := range row {
			value, err := decodeValue(raw, in.Columns[j].Type)
			if err != nil {
				return table.Batch{}, fault.New(fault.Broken, "stored row %d, column %s: %w", i+1, in.Columns[j].Name, err)
			}
			b.Rows[i][j] = value
		}
	}
	return b, nil
}

func decodeValue(raw json.RawMessage, of table.Type) (any, error) {
	if bytes.Equal(raw, []byte("null")) {
		return nil, nil //nolint:nilnil // nil is how a Batch says NULL
	}
	switch {
	case of.Kind == table.Boolean:
		return strconv.ParseBool(string(raw))
	case of.IsFloat():
		return strconv.ParseFloat(unquote(raw), 64)
	case of.Kind == table.HugeInt, of.Kind == table.UBigInt, of.Kind == table.UHugeInt:
		return decodeBig(unquote(raw))
	case of.IsInteger():
		return strconv.ParseInt(string(raw), 10, 64)
	case of.Kind == table.Decimal:
		d, _, err := apd.NewFromString(unquote(raw))
		return d, err
	case of.Kind == table.Blob:
		return base64.StdEncoding.DecodeString(unquote(raw))
	case of.IsTemporal():
		return decodeTime(raw)
	default:
		return decodeString(raw)
	}
}

func decodeBig(text string) (*big.Int, error) {
	v, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return nil, fmt.Errorf("%q is not a whole number", text)
	}
	return v, nil
}

func decodeTime(raw json.RawMessage) (time.Time, error) {
	if raw[0] != '[' {
		return time.Parse(time.RFC3339Nano, unquote(raw))
	}
	var parts [2]int64
	if err := json.Unmarshal(raw, &parts); err != nil {
		return time.Time{}, err
	}
	return time.Unix(parts[0], parts[1]).UTC(), nil
}

func decodeString(raw json.RawMessage) (string, error) {
	if raw[0] != '[' {
		var text string
		err := json.Unmarshal(raw, &text)
		return text, err
	}
	var parts [2]string
	if err := json.Unmarshal(raw, &parts); err != nil {
		return "", err
	}
	text, err := base64.StdEncoding.DecodeString(parts[1])
	return string(text), err
}

// unquote takes the quotes off a JSON string that needs no escapes.
func unquote(raw json.RawMessage) string {
	if len(raw) >= 2 && raw[0] == '"' {
		return string(raw[1 : len(raw)-1])
	}
	return string(raw)
}
