package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// question is something asked of the catalog for every dataset. Each connection
// prepares it once: to plan it takes the server longer than to answer it.
type question struct{ name, sql string }

// asks returns what asks questions on a connection.
func asks(on *pgconn.PgConn) asker {
	return func(ctx context.Context, q *question, parameters ...any) ([][]string, error) {
		if on.CustomData()[q.name] == nil {
			if _, err := on.Prepare(ctx, q.name, q.sql, nil); err != nil {
				return nil, err
			}
			on.CustomData()[q.name] = true
		}
		values := make([][]byte, len(parameters))
		for i, p := range parameters {
			values[i] = parameter(p)
		}
		return all(on.ExecPrepared(ctx, q.name, values, nil, nil))
	}
}

// parameter writes a text, or a list of texts as an array.
func parameter(p any) []byte {
	list, ok := p.([]string)
	if !ok {
		text, _ := p.(string)
		return []byte(text)
	}
	quoted := make([]string, len(list))
	for i, text := range list {
		quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
	}
	return []byte("{" + strings.Join(quoted, ",") + "}")
}

// all reads a small answer as text, NULL as the empty text.
func all(reader *pgconn.ResultReader) ([][]string, error) {
	var out [][]string
	for reader.NextRow() {
		var row []string
		for _, value := range reader.Values() {
			row = append(row, string(value))
		}
		out = append(out, row)
	}
	_, err := reader.Close()
	return out, err
}
