package parquet

import (
	"encoding/binary"
	"math/big"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Column takes the values of one column, one a row.
type Column struct {
	table.Column
	physical parquet.Type
	length   int // of values of a fixed length
	levels   []int16
	bools    []bool
	ints32   []int32
	ints64   []int64
	floats   []float32
	doubles  []float64
	arena    []byte
	ends     []int // where each text ends in the arena
	views    []parquet.ByteArray
	fixed    []parquet.FixedLenByteArray
}

func newColumn(c table.Column) *Column {
	_, physical, length := shape(c.Type)
	return &Column{Column: c, physical: physical, length: length}
}

// Null appends no value.
func (c *Column) Null() { c.levels = append(c.levels, 0) }

// Bool appends a BOOLEAN.
func (c *Column) Bool(v bool) {
	c.bools = append(c.bools, v)
	c.levels = append(c.levels, 1)
}

// Int appends a whole number, the days of a DATE since 1970, the microseconds of
// a TIME since midnight or of a TIMESTAMP since 1970, or the unscaled value of a
// DECIMAL of up to 18 digits. Unsigned numbers come as their bits.
func (c *Column) Int(v int64) {
	if c.physical == parquet.Types.Int32 {
		c.ints32 = append(c.ints32, int32(v))
	} else {
		c.ints64 = append(c.ints64, v)
	}
	c.levels = append(c.levels, 1)
}

// Float appends a FLOAT or a DOUBLE.
func (c *Column) Float(v float64) {
	if c.physical == parquet.Types.Float {
		c.floats = append(c.floats, float32(v))
	} else {
		c.doubles = append(c.doubles, v)
	}
	c.levels = append(c.levels, 1)
}

// Bytes appends a VARCHAR, a JSON, a BLOB or the 16 bytes of a UUID; they are
// copied.
func (c *Column) Bytes(v []byte) {
	c.arena = append(c.arena, v...)
	c.ends = append(c.ends, len(c.arena))
	c.levels = append(c.levels, 1)
}

// Wide appends the unscaled value of a DECIMAL of more than 18 digits.
func (c *Column) Wide(v *big.Int) {
	var b [wideDecimal]byte
	if v.Sign() >= 0 {
		v.FillBytes(b[:])
	} else { // two's complement
		new(big.Int).Add(v, new(big.Int).Lsh(big.NewInt(1), 8*wideDecimal)).FillBytes(b[:])
	}
	c.Bytes(b[:])
}

// Wide128 is Wide for a value of 128 bits.
func (c *Column) Wide128(high int64, low uint64) {
	var b [wideDecimal]byte
	binary.BigEndian.PutUint64(b[:8], uint64(high))
	binary.BigEndian.PutUint64(b[8:], low)
	c.Bytes(b[:])
}

func (c *Column) size() int {
	return len(c.arena) + 8*(len(c.ints32)+len(c.ints64)+len(c.doubles)+len(c.floats)+len(c.ends))
}

func (c *Column) reset() {
	c.levels, c.bools, c.ints32, c.ints64 = c.levels[:0], c.bools[:0], c.ints32[:0], c.ints64[:0]
	c.floats, c.doubles, c.arena, c.ends = c.floats[:0], c.doubles[:0], c.arena[:0], c.ends[:0]
}

// write writes the group's values.
func (c *Column) write(to file.ColumnChunkWriter) error {
	var err error
	switch chunk := to.(type) {
	case *file.BooleanColumnChunkWriter:
		_, err = chunk.WriteBatch(c.bools, c.levels, nil)
	case *file.Int32ColumnChunkWriter:
		_, err = chunk.WriteBatch(c.ints32, c.levels, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = chunk.WriteBatch(c.ints64, c.levels, nil)
	case *file.Float32ColumnChunkWriter:
		_, err = chunk.WriteBatch(c.floats, c.levels, nil)
	case *file.Float64ColumnChunkWriter:
		_, err = chunk.WriteBatch(c.doubles, c.levels, nil)
	case *file.ByteArrayColumnChunkWriter:
		c.views = c.views[:0]
		from := 0
		for _, end := range c.ends {
			c.views = append(c.views, c.arena[from:end:end])
			from = end
		}
		_, err = chunk.WriteBatch(c.views, c.levels, nil)
	case *file.FixedLenByteArrayColumnChunkWriter:
		c.fixed = c.fixed[:0]
		for i := range c.ends {
			c.fixed = append(c.fixed, c.arena[i*c.length:(i+1)*c.length])
		}
		_, err = chunk.WriteBatch(c.fixed, c.levels, nil)
	default:
		err = fault.New(fault.Internal, "column %s: no writer for %s", c.Name, c.Type)
	}
	return err
}
