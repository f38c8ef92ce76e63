package duckdb

import (
	"context"
	"strings"
	"sync"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/table"
)

// catalog is what the engine knows of the warehouse without asking: as it is
// the only writer, asking would only cost time. It is read at the start and
// again when a statement shows that somebody changed the file by hand.
type catalog struct {
	mu      *sync.Mutex
	forms   map[engine.Relation]engine.Form // what exists, by key
	columns map[engine.Relation][]table.Column
	schemas map[string]bool
	markers map[string]held
	pasts   map[engine.Relation][]int64 // versions kept, by key of what their names have in common
}

// held is what the marker table holds for a dataset.
type held struct {
	dataset string // as spelled there
	version int64
	fence   int64
}

func newCatalog() catalog {
	c := catalog{mu: new(sync.Mutex)}
	c.clear()
	return c
}

func (c *catalog) clear() {
	c.forms = map[engine.Relation]engine.Form{}
	c.columns = map[engine.Relation][]table.Column{}
	c.schemas, c.markers = map[string]bool{}, map[string]held{}
	c.pasts = map[engine.Relation][]int64{}
}

// key is a relation as DuckDB compares names: without regard to case.
func key(r engine.Relation) engine.Relation {
	return engine.Relation{Schema: strings.ToLower(r.Schema), Name: strings.ToLower(r.Name)}
}

// form returns what a relation is, "" when it does not exist.
func (c *catalog) form(r engine.Relation) engine.Form {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.forms[key(r)]
}

// made records that a relation now exists with these columns (nil: unknown).
func (c *catalog) made(r engine.Relation, form engine.Form, columns []table.Column) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.enter(key(r), form, columns)
}

// enter is made by key; the caller holds mu.
func (c *catalog) enter(k engine.Relation, form engine.Form, columns []table.Column) {
	c.forms[k], c.columns[k] = form, columns
	if stem, version, ok := engine.PastBy(k.Name); ok {
		k.Name = stem
		c.pasts[k] = append(without(c.pasts[k], version), version)
	}
}

// gone records that relations no longer exist.
func (c *catalog) gone(relations ...engine.Relation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range relations {
		k := key(r)
		delete(c.forms, k)
		delete(c.columns, k)
		if stem, version, ok := engine.PastBy(k.Name); ok {
			k.Name = stem
			c.pasts[k] = without(c.pasts[k], version)
		}
	}
}

// drop returns the statement that removes a relation, "" when there is none. One
// that went by hand is no trouble; one that became a view, or a table, is.
func (c *catalog) drop(r engine.Relation) string {
	switch c.form(r) {
	case engine.Table:
		return "DROP TABLE IF EXISTS " + r.String()
	case engine.View:
		return "DROP VIEW IF EXISTS " + r.String()
	default:
		return ""
	}
}

// marker returns what the marker table holds for a dataset.
func (c *catalog) marker(dataset string) (held, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, ok := c.markers[strings.ToLower(dataset)]
	return h, ok
}

// marked records what the marker table now holds.
func (c *catalog) marked(m engine.Marker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.markers[strings.ToLower(m.Dataset)] = held{m.Dataset, m.Version, m.Fence}
}

// unmarked records that a dataset's marker is gone.
func (c *catalog) unmarked(dataset string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.markers, strings.ToLower(dataset))
}

// everything lists the tables and views of the file.
const everything = `SELECT schema_name, table_name AS name, 'table' AS form FROM duckdb_tables()
	WHERE NOT internal AND NOT temporary AND database_name = current_database()
UNION ALL SELECT schema_name, view_name, 'view' FROM duckdb_views()
	WHERE NOT internal AND NOT temporary AND database_name = current_database()`

// learn reads which tables, views and markers there are. What others do in the
// meantime is entered after it.
func (e *Engine) learn(ctx context.Context) error {
	c := &e.known
	c.mu.Lock()
	defer c.mu.Unlock()
	relations, err := engine.ReadAll(ctx, e, everything, 0)
	if err != nil {
		return err
	}
	markers, err := e.Published(ctx)
	if err != nil {
		return err
	}
	c.clear()
	for _, row := range relations.Rows {
		r := engine.Relation{Schema: text(row[0]), Name: text(row[1])}
		c.enter(key(r), engine.Form(text(row[2])), nil)
	}
	for _, m := range markers {
		c.markers[strings.ToLower(m.Dataset)] = held{m.Dataset, m.Version, m.Fence}
	}
	return nil
}

// text is a VARCHAR value, "" for NULL.
func text(value any) string {
	s, _ := value.(string)
	return s
}
