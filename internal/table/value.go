package table

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/cockroachdb/apd/v3"
)

// Batch is rows in memory. A value is nil for NULL, otherwise by kind of its
// column:
//
//	Boolean                                  bool
//	TinyInt .. BigInt, UTinyInt .. UInteger  int64
//	HugeInt, UBigInt, UHugeInt               *big.Int
//	Float, Double                            float64
//	Decimal                                  *apd.Decimal, Exponent = -Scale
//	Varchar, UUID, Time, Interval, JSON      string
//	Nested                                   string, as JSON
//	Blob                                     []byte
//	Date                                     time.Time at midnight UTC
//	Timestamp                                time.Time, wall clock carried in UTC
//	TimestampTZ                              time.Time, an instant, in UTC
type Batch struct {
	Columns []Column `json:"columns"`
	Rows    [][]any  `json:"rows"`
}

// Format writes a value of the type as text that reads back exactly: decimals
// with all their digits, days as 2006-01-02, instants in RFC 3339. NULL is "".
func Format(value any, of Type) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case *big.Int:
		return v.String()
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case *apd.Decimal:
		return v.Text('f')
	case []byte:
		return hex.EncodeToString(v)
	case time.Time:
		switch of.Kind {
		case Date:
			return v.Format(time.DateOnly)
		case TimestampTZ:
			return v.Format("2006-01-02T15:04:05.999999Z07:00")
		default:
			return v.Format("2006-01-02 15:04:05.999999")
		}
	default:
		return fmt.Sprint(v)
	}
}

// Plain returns a value as JSON can carry it without loss: decimals, days,
// instants and whole numbers beyond 53 bits as text, floats that JSON lacks
// (NaN, infinities) as text too, nested values as they are.
func Plain(value any, of Type) any {
	const exact = 1 << 53
	switch v := value.(type) {
	case nil, bool:
		return v
	case string:
		if of.Kind == Nested || of.Kind == JSON {
			if json.Valid([]byte(v)) {
				return json.RawMessage(v)
			}
		}
		return v
	case int64:
		if v >= -exact && v <= exact {
			return v
		}
	case float64:
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v
		}
	}
	return Format(value, of)
}
