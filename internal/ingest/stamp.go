package ingest

import (
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/parquet"
	"github.com/larder-data/larder/internal/table"
)

// Provenance is the columns a load's Parquet ends with.
func Provenance() []table.Column { return engine.Provenance() }

// Stamp is what the rows of one load say of where they come from.
type Stamp struct {
	Load, File string
	At         time.Time
}

// Put appends the provenance of a row to the columns from first on; rows count
// from 1.
func (s Stamp) Put(out *parquet.Writer, first int, row int64) {
	out.Column(first).Bytes([]byte(s.Load))
	out.Column(first + 1).Bytes([]byte(s.File))
	out.Column(first + 2).Int(row)
	out.Column(first + 3).Int(s.At.UnixMicro())
}
