package format

import (
	"context"
	"fmt"

	"github.com/larder-data/larder/internal/table"
)

// Again writes the rows of archived Parquet files once more, under the
// identity of another load. The files are those of one dataset.
func (r *Reader) Again(ctx context.Context, parquet []string, in Input) error {
	conn, err := r.conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.ExecContext(ctx, fmt.Sprintf(
		"COPY (SELECT * REPLACE (%s AS _load, %s AS _loaded_at) FROM read_parquet([%s], union_by_name = true)) TO %s (FORMAT parquet)",
		table.Literal(in.Load), at(in.LoadedAt), table.Literals(parquet), table.Literal(in.Rows)))
	return unreadable(err)
}
