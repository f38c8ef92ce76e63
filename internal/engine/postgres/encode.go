package postgres

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// encode appends a value as the server's receive function of the type wants it.
func encode(b []byte, value any, of table.Type) ([]byte, error) {
	switch v := value.(type) {
	case bool:
		if v {
			return append(b, 1), nil
		}
		return append(b, 0), nil
	case int64:
		return encodeInteger(b, v, of), nil
	case *big.Int:
		return encodeNumeric(b, v, 0), nil
	case *apd.Decimal:
		n := v.Coeff.MathBigInt()
		if v.Negative {
			n.Neg(n)
		}
		return encodeNumeric(b, n, int(-v.Exponent)), nil
	case float64:
		if of.Kind == table.Float {
			return binary.BigEndian.AppendUint32(b, math.Float32bits(float32(v))), nil
		}
		return binary.BigEndian.AppendUint64(b, math.Float64bits(v)), nil
	case []byte:
		return append(b, v...), nil
	case time.Time:
		return encodeTime(b, v, of), nil
	case string:
		return encodeText(b, v, of)
	}
	return b, fault.New(fault.Internal, "a value of type %T", value)
}

func encodeInteger(b []byte, v int64, of table.Type) []byte {
	switch spell(of) {
	case "smallint":
		return binary.BigEndian.AppendUint16(b, uint16(v))
	case "integer":
		return binary.BigEndian.AppendUint32(b, uint32(v))
	}
	return binary.BigEndian.AppendUint64(b, uint64(v))
}

func encodeTime(b []byte, v time.Time, of table.Type) []byte {
	if of.Kind == table.Date {
		return binary.BigEndian.AppendUint32(b, uint32(int32(floor(v.Unix()-secondsTo, 24*3600))))
	}
	return binary.BigEndian.AppendUint64(b, uint64((v.Unix()-secondsTo)*1e6+int64(v.Nanosecond()/1e3)))
}

// encodeText appends what is read as text: texts, and values whose text is all
// there is of them.
func encodeText(b []byte, v string, of table.Type) ([]byte, error) {
	switch {
	case of.Kind == table.UUID:
		raw, err := hex.DecodeString(strings.ReplaceAll(v, "-", ""))
		return append(b, raw...), err
	case of.Kind == table.Time:
		micros, err := parseClock(v)
		return binary.BigEndian.AppendUint64(b, uint64(micros)), err
	case of.Kind == table.Interval:
		return encodeInterval(b, v)
	case of.Kind == table.Date:
		return binary.BigEndian.AppendUint32(b, uint32(int32(infinite(v, math.MaxInt32, math.MinInt32)))), nil
	case of.IsTemporal():
		return binary.BigEndian.AppendUint64(b, uint64(infinite(v, math.MaxInt64, math.MinInt64))), nil
	case strings.IndexByte(v, 0) >= 0:
		return b, fault.New(fault.Invalid, "a text has a zero byte in it")
	}
	return append(b, v...), nil
}

func infinite(v string, last, first int64) int64 {
	if v == ever {
		return first
	}
	return last
}

// parseClock reads hours, minutes, seconds and what is behind their point.
func parseClock(v string) (micros int64, err error) {
	unsigned := strings.TrimPrefix(v, "-")
	parts := strings.Split(unsigned, ":")
	if len(parts) != 3 {
		return 0, fmt.Errorf("%q is no time", v)
	}
	whole, fraction, _ := strings.Cut(parts[2], ".")
	size := uint64(0)
	for i, part := range []string{parts[0], parts[1], whole, (fraction + "000000")[:6]} {
		n, err := strconv.ParseUint(part, 10, 32) // the sum of four cannot overflow
		if err != nil {
			return 0, err
		}
		size += n * []uint64{3600e6, 60e6, 1e6, 1}[i]
	}
	negative := unsigned != v
	switch {
	case size > 1<<63, size == 1<<63 && !negative:
		return 0, fmt.Errorf("%q is too long a time", v)
	case negative:
		size = -size
	}
	return int64(size), nil
}

// encodeInterval reads DuckDB's text: "1 year 2 months 3 days 04:05:06.000007".
func encodeInterval(b []byte, v string) ([]byte, error) {
	var months, days, micros int64
	for words := strings.Fields(v); len(words) > 0; {
		if strings.Contains(words[0], ":") {
			clock, err := parseClock(words[0])
			if err != nil {
				return b, err
			}
			micros, words = clock, words[1:]
			continue
		}
		n, err := strconv.ParseInt(words[0], 10, 32)
		if err != nil || len(words) < 2 {
			return b, fmt.Errorf("%q is no interval", v)
		}
		switch strings.TrimSuffix(words[1], "s") {
		case "year":
			months += 12 * n
		case "month":
			months += n
		case "day":
			days += n
		default:
			return b, fmt.Errorf("%q is no interval", v)
		}
		words = words[2:]
	}
	if int64(int32(days)) != days || int64(int32(months)) != months {
		return b, fmt.Errorf("%q is too long an interval", v)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(micros))
	b = binary.BigEndian.AppendUint32(b, uint32(int32(days)))
	return binary.BigEndian.AppendUint32(b, uint32(int32(months))), nil
}

// encodeNumeric writes n / 10^scale in digits of base 10,000 that line up with
// the point.
func encodeNumeric(b []byte, n *big.Int, scale int) []byte {
	sign := uint16(0)
	if n.Sign() < 0 {
		sign = numericMinus
	}
	pad := (numericPerDigit - scale%numericPerDigit) % numericPerDigit // zeros behind, to fill the last digit
	left := new(big.Int).Abs(n)
	if pad > 0 {
		left.Mul(left, big.NewInt([]int64{1, 10, 100, 1000}[pad]))
	}
	var digits []uint16 // the last first
	if left.IsUint64() {
		for u := left.Uint64(); u > 0; u /= numericBase {
			digits = append(digits, uint16(u%numericBase))
		}
	} else {
		base, rest := big.NewInt(numericBase), new(big.Int)
		for left.Sign() > 0 {
			left.QuoRem(left, base, rest)
			digits = append(digits, uint16(rest.Uint64()))
		}
	}
	weight := len(digits) - (scale+pad)/numericPerDigit - 1
	for len(digits) > 0 && digits[0] == 0 {
		digits = digits[1:]
	}
	if len(digits) == 0 {
		weight = 0
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(digits)))
	b = binary.BigEndian.AppendUint16(b, uint16(int16(weight)))
	b = binary.BigEndian.AppendUint16(b, sign)
	b = binary.BigEndian.AppendUint16(b, uint16(scale))
	for _, d := range slices.Backward(digits) {
		b = binary.BigEndian.AppendUint16(b, d)
	}
	return b
}
