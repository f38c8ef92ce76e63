// Package parquet writes typed rows as a Parquet file, in bounded memory: for
// sources whose rows have types already and need no parsing.
//
// A Writer has a Column for each column; a row is one value appended to each, and
// then Row. What the rows mean is left to others.
package parquet

import (
	"os"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Rows are written in groups of this many, or fewer when their texts are long.
const (
	groupRows  = 122_880
	groupBytes = 32 << 20
)

// Writer writes one file. It is used by one goroutine.
type Writer struct {
	path    string
	file    *os.File
	parquet *file.Writer
	columns []*Column
	rows    int64 // in all
	group   int   // in the group being filled
	closed  bool
}

// Create makes the file, replacing one that is there. A type Parquet has no
// equal for is Invalid; see Supports.
func Create(path string, columns []table.Column) (*Writer, error) {
	var fields schema.FieldList
	w := &Writer{path: path}
	for i, c := range columns {
		node, err := nodeOf(c, int32(i))
		if err != nil {
			return nil, err
		}
		fields = append(fields, node)
		w.columns = append(w.columns, newColumn(c))
	}
	root, err := schema.NewGroupNode("rows", parquet.Repetitions.Required, fields, -1)
	if err != nil {
		return nil, fault.New(fault.Internal, "Parquet schema: %w", err)
	}
	if w.file, err = os.Create(path); err != nil {
		return nil, fault.New(fault.OutOfRoom, "%w", err)
	}
	options := []parquet.WriterProperty{
		// Dictionaries and statistics of texts cost more than the rest together, and
		// the rows are read once, as a whole.
		parquet.WithCompression(compress.Codecs.Snappy), parquet.WithDictionaryDefault(false), parquet.WithStats(false),
		parquet.WithVersion(parquet.V2_LATEST), parquet.WithDataPageVersion(parquet.DataPageV1),
	}
	w.parquet = file.NewParquetWriter(w.file, root, file.WithWriterProps(parquet.NewWriterProperties(options...)))
	return w, nil
}

// Column returns the column at a position, to append the row's value to.
func (w *Writer) Column(i int) *Column { return w.columns[i] }

// Rows is how many rows were written.
func (w *Writer) Rows() int64 { return w.rows }

// Row ends a row. A full group of rows is written to the file: OutOfRoom when
// the disk is full. A column that got no value, or two, is a defect.
func (w *Writer) Row() error {
	w.rows++
	w.group++
	if w.group < groupRows && (w.group%1024 != 0 || w.size() < groupBytes) {
		return nil
	}
	return w.flush()
}

func (w *Writer) size() int {
	size := 0
	for _, c := range w.columns {
		size += c.size()
	}
	return size
}

func (w *Writer) flush() error {
	if w.group == 0 {
		return nil
	}
	group, err := w.parquet.AppendRowGroupChecked()
	if err != nil {
		return w.trouble(err)
	}
	for _, c := range w.columns {
		if len(c.levels) != w.group {
			return fault.New(fault.Internal, "column %s has %d values in %d rows", c.Name, len(c.levels), w.group)
		}
		chunk, err := group.NextColumn()
		if err == nil {
			err = c.write(chunk)
		}
		if err == nil {
			err = chunk.Close()
		}
		if err != nil {
			return w.trouble(err)
		}
		c.reset()
	}
	w.group = 0
	return w.trouble(group.Close())
}

func (w *Writer) trouble(err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.OutOfRoom, "writing the rows: %w", err).WithHint("free some disk space and run again: nothing was lost")
}

// Close finishes the file: without it there is none. Calling it again does
// nothing.
func (w *Writer) Close() error {
	if w.closed {
		return nil
	}
	w.closed = true
	err := w.flush()
	if closed := w.parquet.Close(); err == nil { // closes the file, too
		err = w.trouble(closed)
	}
	return err
}

// Abandon closes the file without finishing it; after Close it does nothing.
func (w *Writer) Abandon() {
	if !w.closed {
		w.closed = true
		_ = w.file.Close() // nobody reads it
	}
}

// Supports reports whether values of a type can be written as they are.
func Supports(of table.Type) bool {
	_, err := nodeOf(table.Column{Name: "c", Type: of}, 0)
	return err == nil
}

// nodeOf is the column in the file's schema.
func nodeOf(c table.Column, id int32) (schema.Node, error) {
	logical, physical, length := shape(c.Type)
	if physical == parquet.Types.Undefined {
		return nil, fault.New(fault.Invalid, "column %s: a %s cannot be written to Parquet", c.Name, c.Type)
	}
	if logical == nil {
		logical = schema.NoLogicalType{}
	}
	node, err := schema.NewPrimitiveNodeLogical(c.Name, parquet.Repetitions.Optional, logical, physical, length, id)
	if err != nil {
		return nil, fault.New(fault.Internal, "column %s: %w", c.Name, err)
	}
	return node, nil
}

// shape is how values of a type are kept in the file.
func shape(of table.Type) (logical schema.LogicalType, physical parquet.Type, length int) {
	whole := func(bits int8, signed bool) schema.LogicalType { return schema.NewIntLogicalType(bits, signed) }
	switch of.Kind {
	case table.Boolean:
		return nil, parquet.Types.Boolean, -1
	case table.TinyInt:
		return whole(8, true), parquet.Types.Int32, -1
	case table.SmallInt:
		return whole(16, true), parquet.Types.Int32, -1
	case table.Integer:
		return whole(32, true), parquet.Types.Int32, -1
	case table.BigInt:
		return whole(64, true), parquet.Types.Int64, -1
	case table.UTinyInt:
		return whole(8, false), parquet.Types.Int32, -1
	case table.USmallInt:
		return whole(16, false), parquet.Types.Int32, -1
	case table.UInteger:
		return whole(32, false), parquet.Types.Int32, -1
	case table.UBigInt:
		return whole(64, false), parquet.Types.Int64, -1
	case table.Float:
		return nil, parquet.Types.Float, -1
	case table.Double:
		return nil, parquet.Types.Double, -1
	case table.Decimal:
		decimal := schema.NewDecimalLogicalType(int32(of.Precision), int32(of.Scale))
		if of.Precision <= 18 {
			return decimal, parquet.Types.Int64, -1
		}
		return decimal, parquet.Types.FixedLenByteArray, wideDecimal
	case table.Varchar:
		return schema.StringLogicalType{}, parquet.Types.ByteArray, -1
	case table.JSON:
		return schema.JSONLogicalType{}, parquet.Types.ByteArray, -1
	case table.Blob:
		return nil, parquet.Types.ByteArray, -1
	case table.Date:
		return schema.DateLogicalType{}, parquet.Types.Int32, -1
	case table.Time:
		return schema.NewTimeLogicalType(false, schema.TimeUnitMicros), parquet.Types.Int64, -1
	case table.Timestamp:
		return schema.NewTimestampLogicalType(false, schema.TimeUnitMicros), parquet.Types.Int64, -1
	case table.TimestampTZ:
		return schema.NewTimestampLogicalType(true, schema.TimeUnitMicros), parquet.Types.Int64, -1
	case table.UUID:
		return schema.UUIDLogicalType{}, parquet.Types.FixedLenByteArray, 16
	default:
		return nil, parquet.Types.Undefined, -1
	}
}

// wideDecimal is the length, in bytes, of decimals beyond 18 digits.
const wideDecimal = 16
