package mysql

import (
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/parquet"
	"github.com/larder-data/larder/internal/table"
)

// text is a value that came as text.
func (c *column) text(v driver.Value) ([]byte, error) {
	switch v := v.(type) {
	case []byte:
		return v, nil
	case string:
		return []byte(v), nil
	}
	return nil, fault.New(fault.Broken, "column %s: the server sent a value that is no %s", c.source, c.server)
}

func (c *column) putText(to *parquet.Column, v driver.Value) error {
	b, err := c.text(v)
	if err == nil {
		to.Bytes(b)
	}
	return err
}

// whole is a whole number that may be beyond 63 bits, as its bits, or the bits
// of a BIT column.
func (c *column) whole(v driver.Value) (n int64, beyond bool, err error) {
	if n, ok := v.(int64); ok {
		return n, false, nil
	}
	b, err := c.text(v)
	if err != nil {
		return 0, false, err
	}
	var u uint64
	if strings.HasPrefix(c.server, "bit") {
		for _, digit := range b {
			u = u<<8 | uint64(digit)
		}
	} else if u, err = strconv.ParseUint(string(b), 10, 64); err != nil {
		return 0, false, fault.New(fault.Broken, "column %s: the server sent a value that is no %s", c.source, c.server)
	}
	return int64(u), u > math.MaxInt64, nil
}

// reach are the least and the most of each kind of whole number.
var reach = map[table.Kind][2]int64{
	table.TinyInt: {math.MinInt8, math.MaxInt8}, table.SmallInt: {math.MinInt16, math.MaxInt16}, table.Integer: {math.MinInt32, math.MaxInt32},
	table.BigInt: {math.MinInt64, math.MaxInt64}, table.UTinyInt: {0, math.MaxUint8}, table.USmallInt: {0, math.MaxUint16},
	table.UInteger: {0, math.MaxUint32}, table.UBigInt: {0, math.MaxInt64},
}

func (c *column) putWhole(to *parquet.Column, v driver.Value) error {
	n, beyond, err := c.whole(v)
	if err != nil {
		return err
	}
	within := reach[c.Type.Kind]
	if beyond && c.Type.Kind != table.UBigInt || !beyond && (n < within[0] || n > within[1]) {
		return c.unfit("declare a wider type for it under columns:")
	}
	to.Int(n)
	return nil
}

func (c *column) putBool(to *parquet.Column, v driver.Value) error {
	n, beyond, err := c.whole(v)
	if err != nil {
		return err
	}
	if beyond || n != 0 && n != 1 {
		return c.unfit("it holds numbers other than 0 and 1: declare it as smallint under columns:")
	}
	to.Bool(n == 1)
	return nil
}

func (c *column) putFloat(to *parquet.Column, v driver.Value) error {
	switch v := v.(type) {
	case float32:
		to.Float(float64(v))
	case float64:
		to.Float(v)
	default:
		return fault.New(fault.Broken, "column %s: the server sent a value that is no %s", c.source, c.server)
	}
	return nil
}

// putDecimal writes a number exactly: digits behind the declared places must be
// zeros.
func (c *column) putDecimal(to *parquet.Column, v driver.Value) error {
	b, err := c.text(v)
	if err != nil {
		return err
	}
	high, low, ok := unscaled(b, c.Type.Precision, c.Type.Scale)
	if !ok {
		return c.unfit("declare more digits for it under columns:")
	}
	if c.Type.Precision <= 18 {
		to.Int(int64(low))
	} else {
		to.Wide128(high, low)
	}
	return nil
}

// unscaled reads a decimal number as the whole number of its smallest places, in
// 128 bits; false when it does not fit the type exactly.
func unscaled(b []byte, precision, scale int) (high int64, low uint64, ok bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	var h, l uint64
	digits, places, point := 0, 0, false
	add := func(digit uint64) {
		carry, product := bits.Mul64(l, 10)
		var over uint64
		l, over = bits.Add64(product, digit, 0)
		h = h*10 + carry + over
		if digits > 0 || digit > 0 {
			digits++
		}
	}
	for _, d := range b {
		switch {
		case d == '.' && !point:
			point = true
		case d < '0' || d > '9':
			return 0, 0, false
		case point && places == scale:
			if d != '0' {
				return 0, 0, false
			}
		default:
			if add(uint64(d - '0')); point {
				places++
			}
			if digits > precision {
				return 0, 0, false
			}
		}
	}
	for ; places < scale; places++ {
		add(0)
	}
	if digits > precision || len(b) == 0 {
		return 0, 0, false
	}
	if negative {
		var borrow uint64
		l, borrow = bits.Sub64(0, l, 0)
		h, _ = bits.Sub64(0, h, borrow)
	}
	return int64(h), l, true
}

func (c *column) putDate(to *parquet.Column, v driver.Value) error {
	b, err := c.text(v)
	if err != nil {
		return err
	}
	if days, ok := dayOf(b); ok {
		to.Int(days)
		return nil
	}
	return c.noDay(to)
}

func (c *column) putInstant(to *parquet.Column, v driver.Value) error {
	b, err := c.text(v)
	if err != nil {
		return err
	}
	if micros, ok := instantOf(b); ok {
		to.Int(micros)
		return nil
	}
	return c.noDay(to)
}

// noDay leaves a date empty that is none, such as 0000-00-00 or 2026-02-31, and
// counts it.
func (c *column) noDay(to *parquet.Column) error {
	c.noDays++
	to.Null()
	return nil
}

// dayOf is the days since 1970 of 2026-11-27, false when there is no such day.
func dayOf(b []byte) (int64, bool) {
	if len(b) < 10 || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	year, month, day := digits(b[:4]), digits(b[5:7]), digits(b[8:10])
	if year < 0 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, false
	}
	at := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return at.Unix() / 86_400, at.Day() == day // before 1970 it is whole days, too
}

// instantOf is the microseconds since 1970 of 2026-11-27 23:59:59.5, false when
// there is no such instant.
func instantOf(b []byte) (int64, bool) {
	day, ok := dayOf(b)
	if !ok || len(b) < 19 {
		return 0, false
	}
	clock, ok := clockOf(b[11:])
	return day*dayMicros + clock, ok
}

const dayMicros = 86_400_000_000

// clockOf is the microseconds of [-]23:59:59.5; the server's times reach from
// -838 to 838 hours.
func clockOf(b []byte) (int64, bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	hours := 0
	for len(b) > 0 && b[0] != ':' {
		hours = hours*10 + int(b[0]-'0')
		b = b[1:]
	}
	if len(b) < 6 || b[3] != ':' {
		return 0, false
	}
	minutes, seconds := digits(b[1:3]), digits(b[4:6])
	micros := int64(hours*3600+minutes*60+seconds) * 1_000_000
	if b = b[6:]; len(b) > 1 {
		unit := int64(100_000)
		for _, d := range b[1:] {
			micros += int64(d-'0') * unit
			unit /= 10
		}
	}
	if negative {
		micros = -micros
	}
	return micros, minutes >= 0 && minutes < 60 && seconds >= 0 && seconds < 60
}

// digits is the number a text of digits is, -1 when it is none.
func digits(b []byte) int {
	n := 0
	for _, d := range b {
		if d < '0' || d > '9' {
			return -1
		}
		n = n*10 + int(d-'0')
	}
	return n
}

func (c *column) putTime(to *parquet.Column, v driver.Value) error {
	b, err := c.text(v)
	if err != nil {
		return err
	}
	micros, ok := clockOf(b)
	if !ok || micros < 0 || micros >= dayMicros {
		return c.unfit("it is a length of time rather than a time of day: declare it as varchar under columns:")
	}
	to.Int(micros)
	return nil
}

func (c *column) putUUID(to *parquet.Column, v driver.Value) error {
	b, err := c.text(v)
	if err != nil {
		return err
	}
	var id [16]byte
	if len(b) == 16 {
		to.Bytes(b)
		return nil
	}
	if _, err := hex.Decode(id[:], []byte(strings.ReplaceAll(string(b[:min(len(b), 36)]), "-", ""))); err != nil {
		return c.unfit("declare it as varchar under columns:")
	}
	to.Bytes(id[:])
	return nil
}

// record appends a value to the bytes a row is known by.
func record(to []byte, v driver.Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(to, 0)
	case int64:
		return appendUint(append(to, 1), uint64(v))
	case float32:
		return appendUint(append(to, 2), uint64(math.Float32bits(v)))
	case float64:
		return appendUint(append(to, 3), math.Float64bits(v))
	case []byte:
		return append(appendUint(append(to, 4), uint64(len(v))), v...)
	case string:
		return append(appendUint(append(to, 4), uint64(len(v))), v...)
	}
	return append(to, 5)
}

func appendUint(to []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(to, v) }
