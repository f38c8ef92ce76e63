package duckdb

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/table"
)

// register enters the loads that arrived, and what they supersede.
func (c change) register(t *transaction) {
	dataset := engine.Literal(c.Target.Dataset())
	for _, id := range c.Retired {
		t.add("loads", fmt.Sprintf("UPDATE larder.loads SET superseded_by = %s WHERE dataset = %s AND id = %s",
			engine.Literal(c.Dead[id]), dataset, engine.Literal(id)))
	}
	if len(c.Arrived) == 0 {
		return
	}
	rows := make([]string, len(c.Arrived))
	for i, l := range c.Arrived {
		by := "NULL"
		if id := c.Dead[l.ID]; id != "" {
			by = engine.Literal(id)
		}
		var paths []string
		if !l.Passing {
			paths = l.Parquet
		}
		rows[i] = fmt.Sprintf("(%s, %s, %d, %d, %s, [%s]::VARCHAR[], [%s]::VARCHAR[])",
			dataset, engine.Literal(l.ID), l.Sequence, l.Rows, by, table.Literals(l.Supersedes), table.Literals(paths))
	}
	t.add("loads", "INSERT INTO larder.loads VALUES "+strings.Join(rows, ", "))
}

// quarantine keeps the rows that could not be read, of every load that arrived.
func (c change) quarantine(t *transaction, exists bool) {
	r := engine.QuarantineOf(c.Target).String()
	if !exists {
		t.add("quarantine", "CREATE TABLE "+r+` (_load VARCHAR, _file VARCHAR, line BIGINT, column_name VARCHAR,
			reason VARCHAR, text VARCHAR, _loaded_at TIMESTAMPTZ)`)
	}
	var paths []string
	for _, l := range c.Arrived {
		paths = append(paths, l.Quarantine...)
	}
	if len(paths) > 0 {
		t.add("quarantine", "INSERT INTO "+r+" BY NAME SELECT * FROM "+parquet(paths))
	}
}

// loadsView returns the query of the view of everything that arrived, "" when
// the view there is shows it already. To define it anew DuckDB opens every
// file, so where the loads lie side by side in one folder a pattern stands for
// them all, and the loads the warehouse holds are picked by id.
func (e *Engine) loadsView(ctx context.Context, c change) (string, error) {
	text := c.everything()
	was, ok := e.views.Load(key(engine.LoadsOf(c.Target)))
	if !ok && e.known.form(engine.LoadsOf(c.Target)) == engine.View {
		there, err := e.Columns(ctx, c.Target)
		if err != nil {
			return "", err
		}
		// DuckDB writes a view's query in its own way: what it shows is compared.
		shown, err := engine.ReadAll(ctx, e, "SELECT sql FROM duckdb_views() WHERE database_name = current_database() AND schema_name = "+
			engine.Literal(c.Target.Schema)+" AND view_name = "+engine.Literal(engine.LoadsOf(c.Target).Name), 1)
		if err != nil {
			return "", err
		}
		if pattern := c.pattern(); pattern != "" && len(there) == len(engine.WithProvenance(c.Columns)) && len(shown.Rows) == 1 &&
			strings.Contains(fmt.Sprint(shown.Rows[0][0]), engine.Literal(pattern)) {
			return "", nil
		}
	}
	if ok && was == text {
		return "", nil
	}
	return text, nil
}

// everything selects all rows that ever arrived, from the archive.
func (c change) everything() string {
	o := origin{files: c.allPaths()}
	if pattern := c.pattern(); pattern != "" {
		o.files = []string{pattern}
	}
	return "SELECT * FROM " + c.rows(o) +
		" WHERE _load IN (SELECT id FROM larder.loads WHERE dataset = " + engine.Literal(c.Target.Dataset()) + ")"
}

func (c change) allPaths() []string {
	return append(c.held(everyHeld).files, c.arrived().files...)
}

// pattern stands for all files when they are of the form folder/*/file, "" when
// they differ more.
func (c change) pattern() string {
	paths := c.allPaths()
	if len(paths) == 0 {
		return ""
	}
	home, name := filepath.Dir(filepath.Dir(paths[0])), filepath.Base(paths[0])
	for _, p := range paths {
		if filepath.Dir(filepath.Dir(p)) != home || filepath.Base(p) != name || strings.ContainsAny(home+name, "*?[{") {
			return ""
		}
	}
	return filepath.Join(home, "*", name)
}
