package format

import (
	"context"
	"fmt"

	"github.com/larder-data/larder/internal/table"
)

// First returns the first rows of a Parquet file, their values as text.
func (r *Reader) First(ctx context.Context, path string, columns []table.Column, rows int) (table.Batch, error) {
	conn, err := r.conn(ctx)
	if err != nil {
		return table.Batch{}, err
	}
	defer conn.Close()
	out := table.Batch{}
	list := ""
	for i, c := range columns {
		if i > 0 {
			list += ", "
		}
		list += "CAST(" + table.Quote(c.Name) + " AS VARCHAR)"
		out.Columns = append(out.Columns, table.Column{Name: c.Name, Type: table.Type{Kind: table.Varchar}})
	}
	found, err := conn.QueryContext(ctx, fmt.Sprintf("SELECT %s FROM read_parquet(%s) LIMIT %d", list, table.Literal(path), rows))
	if err != nil {
		return out, unreadable(err)
	}
	defer found.Close()
	for found.Next() {
		values, targets := make([]*string, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := found.Scan(targets...); err != nil {
			return out, unreadable(err)
		}
		row := make([]any, len(columns))
		for i, v := range values {
			if v != nil {
				row[i] = *v
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out, unreadable(found.Err())
}
