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
	return func(ctx context.Context, q *question, parameters ...[]string) ([][]string, error) {
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

// escaped escapes what ends a text in an array.
var escaped = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// parameter writes a list of texts as an array.
func parameter(texts []string) []byte {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = `"` + escaped.Replace(text) + `"`
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
