package duckdb

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/table"
)

// Land brings archived loads into the lake table, retires what they supersede
// and writes the marker, in one transaction. Loads the warehouse holds already
// are passed over.
func (e *Engine) Land(ctx context.Context, l engine.Landing) (engine.Landed, error) {
	if err := e.ensureSchema(ctx, l.Target.Schema); err != nil {
		return engine.Landed{}, explain(l.Target.Dataset(), err)
	}
	held, err := e.held(ctx, l.Target)
	if err != nil {
		return engine.Landed{}, err
	}
	c := newChange(l, held)
	var landed engine.Landed
	err = e.transact(ctx, func(t *transaction) error {
		if err := e.shape(ctx, t, l.Target, l); err != nil {
			return err
		}
		if err := t.exec(ctx, fenced(l.Marker)); err != nil {
			return err
		}
		if landed, err = c.apply(ctx, t, l.Target); err != nil {
			return err
		}
		return t.exec(ctx, c.companions(e.hasForm(engine.QuarantineOf(l.Target)))+marked(l.Marker))
	})
	if err != nil {
		return engine.Landed{}, explain(l.Target.Dataset(), err)
	}
	e.remember(l.Target, engine.Table)
	e.remember(engine.LoadsOf(l.Target), engine.View)
	e.remember(engine.QuarantineOf(l.Target), engine.Table)
	e.checkpointAfter(ctx, landed.Inserted, l.Columns)
	return landed, nil
}

// Preview makes the table as it would be after the landing readable under a
// staging name: a view where rows only come in, a changed copy otherwise.
func (e *Engine) Preview(ctx context.Context, l engine.Landing) (engine.Staged, error) {
	if err := e.ensureSchema(ctx, l.Target.Schema); err != nil {
		return engine.Staged{}, explain(l.Target.Dataset(), err)
	}
	held, err := e.held(ctx, l.Target)
	if err != nil {
		return engine.Staged{}, err
	}
	s := engine.Staged{
		Relation: staging(l.Target, l.Marker.Run), Target: l.Target, Form: engine.Table, Rows: -1,
		Columns: append(append([]table.Column(nil), l.Columns...), engine.Provenance()...),
	}
	c := newChange(l, held)
	if err := e.Discard(ctx, s); err != nil {
		return engine.Staged{}, err
	}
	err = e.transact(ctx, func(t *transaction) error {
		if err := e.copyShape(ctx, t, s.Relation, l); err != nil {
			return err
		}
		_, err := c.apply(ctx, t, s.Relation)
		return err
	})
	if err != nil {
		return engine.Staged{}, explain(l.Target.Dataset(), err)
	}
	e.remember(s.Relation, engine.Table)
	return s, nil
}

// Loads returns the loads the warehouse holds for a lake table, oldest first.
func (e *Engine) Loads(ctx context.Context, r engine.Relation) ([]engine.HeldLoad, error) {
	held, err := e.held(ctx, r)
	if err != nil {
		return nil, err
	}
	out := make([]engine.HeldLoad, len(held))
	for i, h := range held {
		out[i] = h.HeldLoad
	}
	return out, nil
}

// heldLoad is a load in larder.loads with the files its rows are in.
type heldLoad struct {
	engine.HeldLoad
	paths []string
}

func (e *Engine) held(ctx context.Context, r engine.Relation) ([]heldLoad, error) {
	batch, err := engine.ReadAll(ctx, e, `SELECT id, sequence, "rows", coalesce(superseded_by, ''), array_to_string(paths, chr(10))
		FROM larder.loads WHERE dataset = `+engine.Literal(r.Dataset())+" ORDER BY sequence", 0)
	if err != nil {
		return nil, explain("larder.loads", err)
	}
	out := make([]heldLoad, len(batch.Rows))
	for i, row := range batch.Rows {
		out[i] = heldLoad{HeldLoad: engine.HeldLoad{
			ID: row[0].(string), Sequence: row[1].(int64), Rows: row[2].(int64), SupersededBy: row[3].(string),
		}}
		if text := row[4].(string); text != "" {
			out[i].paths = strings.Split(text, "\n")
		}
	}
	return out, nil
}

func (e *Engine) hasForm(r engine.Relation) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, ok := e.forms[key(r)]
	return ok
}

// shape creates the lake table, or widens the one there is.
func (e *Engine) shape(ctx context.Context, t *transaction, r engine.Relation, l engine.Landing) error {
	if !e.hasForm(r) {
		return t.exec(ctx, "CREATE TABLE "+r.String()+" ("+definitions(l.Columns)+")")
	}
	there, err := e.Columns(ctx, r)
	if err != nil {
		return t.abandon(err)
	}
	for _, c := range l.Columns {
		was, ok := table.Find(there, c.Name)
		switch {
		case !ok:
			err = t.exec(ctx, "ALTER TABLE "+r.String()+" ADD COLUMN "+engine.Quote(c.Name)+" "+c.Type.String())
		case was.Type != c.Type:
			err = t.exec(ctx, "ALTER TABLE "+r.String()+" ALTER "+engine.Quote(c.Name)+" TYPE "+c.Type.String())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// copyShape makes a copy of the lake table, in the new shape, with its rows.
func (e *Engine) copyShape(ctx context.Context, t *transaction, to engine.Relation, l engine.Landing) error {
	if err := t.exec(ctx, "CREATE TABLE "+to.String()+" ("+definitions(l.Columns)+")"); err != nil {
		return err
	}
	if !e.hasForm(l.Target) {
		return nil
	}
	return t.exec(ctx, "INSERT INTO "+to.String()+" BY NAME SELECT * FROM "+l.Target.String())
}

func definitions(columns []table.Column) string {
	var parts []string
	for _, c := range append(append([]table.Column(nil), columns...), engine.Provenance()...) {
		parts = append(parts, engine.Quote(c.Name)+" "+c.Type.String())
	}
	return strings.Join(parts, ", ")
}

// change is what a landing does to the loads and the current state.
type change struct {
	engine.Landing
	held    []heldLoad
	fresh   []engine.ArchivedLoad // not held yet, not superseded by another fresh one
	retired map[string]string     // held load -> the load that supersedes it
}

func newChange(l engine.Landing, held []heldLoad) change {
	c := change{Landing: l, held: held, retired: map[string]string{}}
	holds, gone := map[string]bool{}, map[string]bool{}
	for _, h := range held {
		holds[h.ID] = true
	}
	for _, load := range l.Loads {
		for _, id := range load.Supersedes {
			gone[id] = true
			if holds[id] && !holds[load.ID] {
				c.retired[id] = load.ID
			}
		}
	}
	for _, load := range l.Loads {
		if !holds[load.ID] && !gone[load.ID] {
			c.fresh = append(c.fresh, load)
		}
	}
	return c
}

// apply changes the rows of the relation to the current state after the landing.
func (c change) apply(ctx context.Context, t *transaction, to engine.Relation) (engine.Landed, error) {
	var landed engine.Landed
	var err error
	paths := freshPaths(c.fresh)
	switch {
	case len(paths) == 0 && len(c.retired) == 0:
		return landed, nil
	case c.Mode == engine.Append || c.Mode == "":
		if landed.Removed, err = c.deleteRetired(ctx, t, to); err != nil || len(paths) == 0 {
			return landed, err
		}
		landed.Inserted, err = t.affected(ctx, "INSERT INTO "+to.String()+" BY NAME SELECT * FROM "+parquet(paths))
		return landed, err
	default:
		return c.applyRanked(ctx, t, to, paths)
	}
}

func (c change) deleteRetired(ctx context.Context, t *transaction, to engine.Relation) (int64, error) {
	if len(c.retired) == 0 {
		return 0, nil
	}
	return t.affected(ctx, "DELETE FROM "+to.String()+" WHERE _load IN ("+literals(keys(c.retired))+")")
}

// applyRanked recomputes what the landing touches: the windows or keys of the
// fresh rows and of the retired ones. The candidates are every current load's
// archived rows with those windows or keys.
func (c change) applyRanked(ctx context.Context, t *transaction, to engine.Relation, fresh []string) (engine.Landed, error) {
	var landed engine.Landed
	by := c.Key
	if c.Mode == engine.Window {
		by = []string{c.WindowColumn}
	}
	columns := quoted(by)
	touched := append([]string(nil), fresh...)
	all := append([]string(nil), fresh...)
	for _, h := range c.held {
		if _, retired := c.retired[h.ID]; retired {
			touched = append(touched, h.paths...)
		} else if h.SupersededBy == "" {
			all = append(all, h.paths...)
		}
	}
	if len(touched) == 0 {
		return landed, nil
	}
	err := t.exec(ctx, "CREATE OR REPLACE TEMP TABLE larder_touched AS SELECT DISTINCT "+columns+" FROM "+parquet(touched))
	if err != nil {
		return landed, err
	}
	same := make([]string, len(by))
	for i, column := range by {
		same[i] = "a." + engine.Quote(column) + " IS NOT DISTINCT FROM b." + engine.Quote(column)
	}
	matching := "EXISTS (SELECT 1 FROM larder_touched AS b WHERE " + strings.Join(same, " AND ") + ")"
	landed.Removed, err = t.affected(ctx, "DELETE FROM "+to.String()+" AS a WHERE "+matching)
	if err != nil {
		return landed, err
	}
	if len(all) > 0 {
		landed.Inserted, err = t.affected(ctx, "INSERT INTO "+to.String()+" BY NAME "+c.ranked(columns, parquet(all), matching))
		if err != nil {
			return landed, err
		}
	}
	return landed, t.exec(ctx, "DROP TABLE larder_touched")
}

// ranked selects, among the candidates, the newest load's rows of each window
// or the newest row of each key.
func (c change) ranked(by, candidates, matching string) string {
	sequence := "(CASE a._load " + c.sequences() + " END)"
	if c.Mode == engine.Window {
		return "SELECT a.* FROM " + candidates + " AS a WHERE " + matching +
			" QUALIFY " + sequence + " = max(" + sequence + ") OVER (PARTITION BY " + by + ")"
	}
	order := sequence + " DESC, a._row DESC"
	if c.Version != "" {
		order = "a." + engine.Quote(c.Version) + " DESC NULLS LAST, " + order
	}
	newest := "SELECT a.* FROM " + candidates + " AS a WHERE " + matching +
		" QUALIFY row_number() OVER (PARTITION BY " + by + " ORDER BY " + order + ") = 1"
	if c.Deleted == "" {
		return newest
	}
	return "SELECT * FROM (" + newest + ") WHERE (" + c.Deleted + "\n) IS NOT TRUE"
}

func (c change) sequences() string {
	var b strings.Builder
	for _, h := range c.held {
		fmt.Fprintf(&b, " WHEN %s THEN %d", engine.Literal(h.ID), h.Sequence)
	}
	for _, l := range c.fresh {
		fmt.Fprintf(&b, " WHEN %s THEN %d", engine.Literal(l.ID), l.Sequence)
	}
	return b.String()
}

// companions returns the statements that keep larder.loads, the view of all
// loads and the quarantine table.
func (c change) companions(hasQuarantine bool) string {
	var b strings.Builder
	for id, by := range c.retired {
		fmt.Fprintf(&b, "UPDATE larder.loads SET superseded_by = %s WHERE dataset = %s AND id = %s;",
			engine.Literal(by), engine.Literal(c.Target.Dataset()), engine.Literal(id))
	}
	for _, l := range c.fresh {
		fmt.Fprintf(&b, "INSERT INTO larder.loads VALUES (%s, %s, %d, %d, NULL, %s);",
			engine.Literal(c.Target.Dataset()), engine.Literal(l.ID), l.Sequence, l.Rows, "["+literals(l.Parquet)+"]::VARCHAR[]")
	}
	b.WriteString("CREATE OR REPLACE VIEW " + engine.LoadsOf(c.Target).String() + " AS " + c.everything() + ";")
	quarantine := engine.QuarantineOf(c.Target).String()
	if !hasQuarantine {
		b.WriteString("CREATE TABLE " + quarantine + ` (_load VARCHAR, _file VARCHAR, line BIGINT, column_name VARCHAR,
			reason VARCHAR, text VARCHAR, _loaded_at TIMESTAMPTZ);`)
	}
	var paths []string
	for _, l := range c.fresh {
		paths = append(paths, l.Quarantine...)
	}
	if len(paths) > 0 {
		b.WriteString("INSERT INTO " + quarantine + " BY NAME SELECT * FROM " + parquet(paths) + ";")
	}
	return b.String()
}

// everything selects all rows that ever arrived, from the archive. Where the
// loads lie side by side in one folder, a pattern stands for them all, so that
// the view stays small; the loads the warehouse holds are picked by id.
func (c change) everything() string {
	var paths []string
	for _, h := range c.held {
		paths = append(paths, h.paths...)
	}
	paths = append(paths, freshPaths(c.fresh)...)
	list := columnList(c.Columns)
	if len(paths) == 0 {
		return "SELECT " + list + " FROM " + c.Target.String() + " WHERE false"
	}
	if pattern := common(paths); pattern != "" {
		paths = []string{pattern}
	}
	empty := "SELECT " + list + " FROM " + c.Target.String() + " WHERE false"
	return empty + " UNION ALL BY NAME SELECT * FROM " + parquet(paths) +
		" WHERE _load IN (SELECT id FROM larder.loads WHERE dataset = " + engine.Literal(c.Target.Dataset()) + ")"
}

// common returns the glob that stands for paths of the form folder/*/file, or
// "" when they differ more.
func common(paths []string) string {
	home, name := filepath.Dir(filepath.Dir(paths[0])), filepath.Base(paths[0])
	for _, p := range paths {
		if filepath.Dir(filepath.Dir(p)) != home || filepath.Base(p) != name || strings.ContainsAny(home, "*?[{") {
			return ""
		}
	}
	return filepath.Join(home, "*", name)
}

func columnList(columns []table.Column) string {
	return quoted(table.Names(append(append([]table.Column(nil), columns...), engine.Provenance()...)))
}

func freshPaths(loads []engine.ArchivedLoad) []string {
	var paths []string
	for _, l := range loads {
		paths = append(paths, l.Parquet...)
	}
	return paths
}

// parquet reads the files as one table; a column one of them lacks is NULL there.
func parquet(paths []string) string {
	return "read_parquet([" + literals(paths) + "], union_by_name = true)"
}

func literals(texts []string) string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = engine.Literal(text)
	}
	return strings.Join(out, ", ")
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = engine.Quote(name)
	}
	return strings.Join(out, ", ")
}

func keys(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}
