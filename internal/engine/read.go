package engine

import (
	"context"
	"slices"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// ReadAll runs a query and returns all its rows. It is for answers known to be
// small; Limit rows (0: no limit) is the most it accepts, and more is an error
// rather than a silent cut.
func ReadAll(ctx context.Context, q Queryer, sql string, limit int) (table.Batch, error) {
	rows, err := q.Query(ctx, sql)
	if err != nil {
		return table.Batch{}, err
	}
	defer rows.Close()
	batch := table.Batch{Columns: rows.Columns()}
	for rows.Next() {
		if limit > 0 && len(batch.Rows) == limit {
			return table.Batch{}, fault.New(fault.Invalid, "the answer has more than %d rows", limit)
		}
		batch.Rows = append(batch.Rows, slices.Clone(rows.Scan()))
	}
	if err := rows.Err(); err != nil {
		return table.Batch{}, err
	}
	return batch, rows.Close()
}
