package postgres

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/larder-data/larder/internal/fault"
)

// The server's binary formats are those of its send functions: numbers in
// network byte order, days and instants counted from 2000-01-01.
const (
	binaryFormat = 1
	textFormat   = 0
)

var (
	millennium = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	secondsTo  = millennium.Unix()
)

// Days and instants may be infinite, which time.Time cannot be.
const (
	forever = "infinity"
	ever    = "-infinity"
)

// decoder turns the bytes of a value into what table.Batch documents.
type decoder struct {
	format int16
	read   func([]byte) (any, error)
}

var decoders = map[uint32]decoder{
	pgtype.BoolOID:        {binaryFormat, func(b []byte) (any, error) { return b[0] != 0, nil }},
	pgtype.Int2OID:        {binaryFormat, func(b []byte) (any, error) { return int64(int16(binary.BigEndian.Uint16(b))), nil }},
	pgtype.Int4OID:        {binaryFormat, func(b []byte) (any, error) { return int64(int32(binary.BigEndian.Uint32(b))), nil }},
	pgtype.Int8OID:        {binaryFormat, func(b []byte) (any, error) { return int64(binary.BigEndian.Uint64(b)), nil }},
	pgtype.OIDOID:         {binaryFormat, func(b []byte) (any, error) { return int64(binary.BigEndian.Uint32(b)), nil }},
	pgtype.Float4OID:      {binaryFormat, func(b []byte) (any, error) { return shortest(math.Float32frombits(binary.BigEndian.Uint32(b))), nil }},
	pgtype.Float8OID:      {binaryFormat, func(b []byte) (any, error) { return math.Float64frombits(binary.BigEndian.Uint64(b)), nil }},
	pgtype.NumericOID:     {binaryFormat, numeric},
	pgtype.ByteaOID:       {binaryFormat, func(b []byte) (any, error) { return append([]byte{}, b...), nil }},
	pgtype.DateOID:        {binaryFormat, date},
	pgtype.TimeOID:        {binaryFormat, func(b []byte) (any, error) { return clock(int64(binary.BigEndian.Uint64(b))), nil }},
	pgtype.TimestampOID:   {binaryFormat, moment},
	pgtype.TimestamptzOID: {binaryFormat, moment},
	pgtype.IntervalOID:    {binaryFormat, interval},
	pgtype.UUIDOID:        {binaryFormat, uuid},
}

// decoderOf is the decoder of a type; what has none is read as the server's text.
func decoderOf(oid uint32) decoder {
	if d, ok := decoders[oid]; ok {
		return d
	}
	return decoder{textFormat, func(b []byte) (any, error) { return string(b), nil }}
}

// decode reads one value; a server that sends too few bytes is no PostgreSQL.
func (d decoder) decode(b []byte) (value any, err error) {
	defer func() {
		if recover() != nil {
			value, err = nil, fault.New(fault.Broken, "the server sent a value of %d bytes that cannot be read", len(b))
		}
	}()
	return d.read(b)
}

func shortest(f float32) float64 { return float64(f) }

func date(b []byte) (any, error) {
	days := int32(binary.BigEndian.Uint32(b))
	switch days {
	case math.MaxInt32:
		return forever, nil
	case math.MinInt32:
		return ever, nil
	}
	return millennium.AddDate(0, 0, int(days)), nil
}

func moment(b []byte) (any, error) {
	micros := int64(binary.BigEndian.Uint64(b))
	switch micros {
	case math.MaxInt64:
		return forever, nil
	case math.MinInt64:
		return ever, nil
	}
	return time.Unix(secondsTo+floor(micros, 1e6), (micros-floor(micros, 1e6)*1e6)*1e3).UTC(), nil
}

// floor divides downwards, so that what is left is never negative.
func floor(n, by int64) int64 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return q
}

// clock writes microseconds as hours, minutes and seconds; hours may be many.
func clock(micros int64) string {
	sign, size := "", uint64(micros)
	if micros < 0 {
		sign, size = "-", -size
	}
	seconds := size / 1e6
	text := fmt.Sprintf("%s%02d:%02d:%02d", sign, seconds/3600, seconds/60%60, seconds%60)
	if rest := size % 1e6; rest != 0 {
		text += strings.TrimRight(fmt.Sprintf(".%06d", rest), "0")
	}
	return text
}

// interval writes an interval as DuckDB does.
func interval(b []byte) (any, error) {
	micros, days, months := int64(binary.BigEndian.Uint64(b)), int32(binary.BigEndian.Uint32(b[8:])), int32(binary.BigEndian.Uint32(b[12:]))
	var parts []string
	for _, part := range []struct {
		n    int32
		unit string
	}{{months / 12, "year"}, {months % 12, "month"}, {days, "day"}} {
		switch part.n {
		case 0:
		case 1, -1:
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.unit))
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", part.n, part.unit))
		}
	}
	if micros != 0 || len(parts) == 0 {
		parts = append(parts, clock(micros))
	}
	return strings.Join(parts, " "), nil
}

func uuid(b []byte) (any, error) {
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}

// The signs of a numeric, as numeric.c has them.
const (
	numericMinus    = 0x4000
	numericNaN      = 0xC000
	numericForever  = 0xD000
	numericEver     = 0xF000
	numericBase     = 10000
	numericPerDigit = 4 // decimal digits in one of base 10,000
)

// numeric reads base-10,000 digits, the first of them worth 10,000^weight, of
// which scale decimal digits stand behind the point.
func numeric(b []byte) (any, error) {
	count, weight := int(binary.BigEndian.Uint16(b)), int(int16(binary.BigEndian.Uint16(b[2:])))
	sign, scale := binary.BigEndian.Uint16(b[4:]), int(binary.BigEndian.Uint16(b[6:]))
	switch sign {
	case numericNaN:
		return &apd.Decimal{Form: apd.NaN}, nil
	case numericForever:
		return &apd.Decimal{Form: apd.Infinite}, nil
	case numericEver:
		return &apd.Decimal{Form: apd.Infinite, Negative: true}, nil
	}
	digits := b[8 : 8+2*count]
	shift := numericPerDigit*(weight-count+1) + scale // decimal digits the coefficient lacks
	d := &apd.Decimal{Negative: sign == numericMinus, Exponent: -int32(scale)}
	if count <= 4 && shift <= 2 && shift >= -numericPerDigit {
		n := uint64(0)
		for i := 0; i < len(digits); i += 2 {
			n = n*numericBase + uint64(binary.BigEndian.Uint16(digits[i:]))
		}
		for ; shift > 0; shift-- {
			n *= 10
		}
		for ; shift < 0; shift++ {
			n /= 10
		}
		d.Coeff.SetUint64(n)
		return d, nil
	}
	n, base, digit := new(big.Int), big.NewInt(numericBase), new(big.Int)
	for i := 0; i < len(digits); i += 2 {
		n.Mul(n, base).Add(n, digit.SetUint64(uint64(binary.BigEndian.Uint16(digits[i:]))))
	}
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(shift, -shift))), nil)
	if shift >= 0 {
		n.Mul(n, power)
	} else {
		n.Quo(n, power) // only zeros are cut: the server sends no digit behind scale
	}
	d.Coeff.SetMathBigInt(n)
	return d, nil
}
