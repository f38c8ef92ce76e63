package enginetest

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // writes and reads the archive's Parquet

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/table"
)

// cargo is a load as a case tells it.
type cargo struct {
	sequence   int64          // the load's id is "load" and this number
	columns    []table.Column // nil: those of the lake table the cases use
	rows       []string       // each as SQL values: "1, 2, 'x'"
	supersedes []int64
	quarantine []string // reasons
}

// lakeColumns are the columns of the lake table most cases use: a key, a
// version or window, and a value.
var lakeColumns = []table.Column{integer("k"), integer("v"), integer("n")}

// archive writes a load's Parquet as the lake lays it out, a folder a load.
// The files are written apart from the engine under test.
func (h *house) archive(c cargo) engine.ArchivedLoad {
	h.Helper()
	load := engine.ArchivedLoad{ID: loadID(c.sequence), Sequence: c.sequence, Rows: int64(len(c.rows)), Passing: h.passing}
	for _, s := range c.supersedes {
		load.Supersedes = append(load.Supersedes, loadID(s))
	}
	if c.columns == nil {
		c.columns = lakeColumns
	}
	tail := fmt.Sprintf("'%s' AS _load, '%d.csv' AS _file, CAST(row AS BIGINT) AS _row, make_timestamptz(%d) AS _loaded_at",
		load.ID, c.sequence, loadedAt(c.sequence).UnixMicro())
	if len(c.rows) > 0 {
		names, casts, tuples := []string{}, []string{}, []string{}
		for _, column := range c.columns {
			name := engine.Quote(column.Name)
			names = append(names, name)
			casts = append(casts, "CAST("+name+" AS "+column.Type.String()+") AS "+name)
		}
		for i, row := range c.rows {
			tuples = append(tuples, "("+row+", "+itoa(i+1)+")")
		}
		load.Parquet = []string{h.write(load.ID, "rows", fmt.Sprintf("SELECT %s, %s FROM (VALUES %s) AS r(%s, row)",
			strings.Join(casts, ", "), tail, strings.Join(tuples, ", "), strings.Join(names, ", ")))}
	}
	if len(c.quarantine) > 0 {
		var tuples []string
		for i, reason := range c.quarantine {
			tuples = append(tuples, fmt.Sprintf("(%d, %s)", i+1, engine.Literal(reason)))
		}
		load.Quarantine = []string{h.write(load.ID, "quarantine", fmt.Sprintf(`SELECT _load, _file, CAST(row AS BIGINT) AS line, 'n' AS column_name,
			reason, 'the text' AS text, _loaded_at FROM (SELECT *, %s FROM (VALUES %s) AS r(row, reason))`, tail, strings.Join(tuples, ", ")))}
	}
	return load
}

func loadID(sequence int64) string { return "load" + strconv.FormatInt(sequence, 10) }

func loadedAt(sequence int64) time.Time { return noon.Add(time.Duration(sequence) * time.Minute) }

// write writes a query's rows as a Parquet file of a load.
func (h *house) write(load, name, query string) string {
	h.Helper()
	dir := filepath.Join(h.place, "archive", load)
	h.must(os.MkdirAll(dir, 0o755))
	path := filepath.Join(dir, name+".parquet")
	db := h.embedded()
	_, err := db.ExecContext(h.Context(), "COPY ("+query+") TO "+engine.Literal(path)+" (FORMAT parquet)")
	h.must(err)
	return path
}

// parquet runs a query about Parquet files, whose columns are all text.
func (h *house) parquet(query string) []string {
	h.Helper()
	rows, err := h.embedded().QueryContext(h.Context(), query)
	h.must(err)
	defer rows.Close()
	columns, err := rows.Columns()
	h.must(err)
	var out []string
	for rows.Next() {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		h.must(rows.Scan(into...))
		var line []string
		for _, v := range values {
			if !v.Valid {
				v.String = null
			}
			line = append(line, v.String)
		}
		out = append(out, strings.Join(line, " "))
	}
	h.must(rows.Err())
	return out
}

// embedded is a DuckDB of the suite's own, in memory.
func (h *house) embedded() *sql.DB {
	h.Helper()
	if h.own == nil {
		db, err := sql.Open("duckdb", "")
		h.must(err)
		h.Cleanup(func() { _ = db.Close() })
		h.own = db
	}
	return h.own
}

func itoa(n int) string { return strconv.Itoa(n) }
