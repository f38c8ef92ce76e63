package duckdb

import (
	"encoding/hex"
	"math"
	"math/big"
	"time"

	"github.com/cockroachdb/apd/v3"
	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/table"
)

// reader returns the function that turns the driver's value of a column into
// what table.Batch documents. It is never called with NULL.
func reader(t table.Type) func(any) any {
	switch t.Kind {
	case table.UUID:
		return uuid
	case table.Date:
		return date
	case table.Timestamp, table.TimestampTZ:
		return instantOf
	}
	return plain
}

func plain(value any) any {
	switch v := value.(type) {
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
		return apd.NewWithBigInt(new(apd.BigInt).SetMathBigInt(v.Value), -int32(v.Scale))
	default:
		return v // bool, int64, float64, string, []byte, *big.Int
	}
}

// uuid writes the 16 bytes of a UUID the usual way.
func uuid(value any) any {
	b, ok := value.([]byte)
	if !ok || len(b) != 16 {
		return value
	}
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// Days and instants may be infinite, which time.Time cannot be: those are the
// texts DuckDB writes. The driver shows them as times no finite value has.
const (
	forever = "infinity"
	ever    = "-infinity"
)

var (
	endOfDays   = time.Date(5881580, 7, 11, 0, 0, 0, 0, time.UTC)
	startOfDays = time.Date(-5877641, 6, 24, 0, 0, 0, 0, time.UTC)
)

func date(value any) any {
	v, ok := value.(time.Time)
	switch {
	case !ok:
		return value
	case v.Equal(endOfDays):
		return forever
	case v.Equal(startOfDays):
		return ever
	}
	return v
}

func instantOf(value any) any {
	v, ok := value.(time.Time)
	if !ok {
		return value
	}
	// Whatever its unit, an infinite instant is the largest number of it.
	for _, count := range []int64{v.UnixMicro(), v.Unix(), v.UnixMilli(), v.UnixNano()} {
		switch count {
		case math.MaxInt64:
			return forever
		case -math.MaxInt64:
			return ever
		}
	}
	return v.UTC()
}
