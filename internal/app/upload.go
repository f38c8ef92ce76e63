package app

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// Upload is a file somebody brings, as it would change its dataset. Nothing is
// in the lake until it is confirmed; it is closed in any case.
type Upload struct {
	Dataset string         `json:"dataset"`
	File    string         `json:"file"`
	Load    string         `json:"load"`
	Rows    int64          `json:"rows"`        // that can be read
	Left    int64          `json:"quarantined"` // that cannot
	Sample  table.Batch    `json:"sample"`      // the first rows, personal columns hidden
	Before  int64          `json:"rows_before"` // of the table
	After   int64          `json:"rows_after"`
	Leaving int64          `json:"rows_replaced"`
	Already int64          `json:"rows_already_there"` // rows equal to some that are there
	Windows []UploadWindow `json:"windows,omitempty"`  // of a table with window:, those the file replaces
	Unusual []string       `json:"unusual"`            // what a person should look at twice
	Notes   []string       `json:"notes"`
	Checks  []state.Result `json:"checks"`
	Held    string         `json:"held,omitempty"`  // the checks that stand in the way
	Known   *lake.Manifest `json:"known,omitempty"` // the load of the same bytes: there is nothing to do
	offered *ingest.Offered
	app     *App
}

// UploadWindow is a window the file brings rows for.
type UploadWindow struct {
	Value  string `json:"value"`
	Before int64  `json:"rows_before"`
	After  int64  `json:"rows_after"`
}

// sampleRows is how many rows of a file are shown.
const sampleRows = 5

// PreviewUpload reads a file for a lake dataset and tells how it would change
// it. Connect comes first. Errors are those of ingest.Offer.
func (a *App) PreviewUpload(ctx context.Context, dataset, path, reason string) (*Upload, error) {
	if a.tables[dataset] == nil {
		_, err := a.tablesOf(dataset)
		if err == nil {
			err = fault.New(fault.Invalid, "%s is a source: name one of its tables", dataset)
		}
		return nil, err
	}
	if a.env != build.Production {
		return nil, fault.New(fault.Invalid, "environments read the lake of production: upload there")
	}
	l := &landing{a: a, judge: a.judge()}
	w, err := l.warehouse()
	if err != nil {
		return nil, err
	}
	run, err := a.runID(ctx)
	if err != nil {
		return nil, err
	}
	now := a.options.Now()
	offered, err := a.ingest.Offer(ctx, ingest.Step{
		Env: a.env, Run: run, Dataset: dataset, Warehouse: w, Ledger: a.store, Checker: landingJudge{l.judge, run, now, a.options.Now},
	}, path, who(), reason)
	if err != nil {
		return nil, err
	}
	u := &Upload{Dataset: dataset, File: path, offered: offered, app: a, Unusual: []string{}, Notes: []string{}, Checks: []state.Result{}}
	if offered.Known.ID != "" {
		u.Known = &offered.Known
		return u, nil
	}
	u.Load, u.Rows, u.Left = offered.Manifest.ID, offered.Manifest.Rows, offered.Manifest.Quarantined
	u.Notes, u.Checks = append(u.Notes, offered.Notes...), append(u.Checks, offered.Results...)
	if offered.Held != nil {
		u.Held = offered.Held.Error()
	}
	if err := u.compare(ctx); err != nil {
		return nil, firstOf(err, u.Close(ctx))
	}
	return u, nil
}

func firstOf(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// Confirm takes the file; the plan returned brings it to the warehouse and
// builds what is made from it.
func (u *Upload) Confirm(ctx context.Context) (build.Plan, error) {
	if err := u.offered.Take(ctx, u.app.options.Now()); err != nil {
		return build.Plan{}, err
	}
	if err := u.Close(ctx); err != nil {
		return build.Plan{}, err
	}
	return u.app.Plan(ctx, Request{Select: []string{u.Dataset + "+"}})
}

// Close removes what was made to look at the file. Calling it again does
// nothing.
func (u *Upload) Close(ctx context.Context) error { return u.offered.Withdraw(ctx) }

// compare holds the file's rows and the table as it would be against the table
// as it is.
func (u *Upload) compare(ctx context.Context) error {
	staged := u.offered.Staged.Relation.String()
	mine := " WHERE _load = " + engine.Literal(u.Load)
	var names []string
	for _, c := range u.offered.Columns() {
		names = append(names, c.Name)
	}
	sample, err := u.rows(ctx, "SELECT "+table.QuoteAll("", names)+" FROM "+staged+mine+" ORDER BY _row LIMIT "+strconv.Itoa(sampleRows))
	if err != nil {
		return err
	}
	u.app.hide(u.Dataset, &sample)
	u.Sample = sample
	entering, err := u.count(ctx, staged+mine)
	if err == nil {
		u.After, err = u.count(ctx, staged)
	}
	if err != nil || !u.there(ctx) {
		return err
	}
	current := engine.ParseRelation(u.Dataset).String()
	if u.Before, err = u.count(ctx, current); err != nil {
		return err
	}
	u.Leaving = u.Before - (u.After - entering)
	for _, look := range []func(context.Context, string, string, string) error{u.already, u.windows, u.numbers} {
		if err := look(ctx, staged, mine, current); err != nil {
			return err
		}
	}
	return nil
}

// there reports whether the table exists, with rows to compare with.
func (u *Upload) there(ctx context.Context) bool {
	_, err := u.app.engine.Columns(ctx, engine.ParseRelation(u.Dataset))
	return err == nil
}

// already counts the rows that are in the table as they are.
func (u *Upload) already(ctx context.Context, staged, mine, current string) error {
	there, err := u.app.engine.Columns(ctx, engine.ParseRelation(u.Dataset))
	if err != nil {
		return err
	}
	var names []string
	for _, c := range u.offered.Columns() {
		if _, ok := table.Find(there, c.Name); ok && c.Type.Kind != table.JSON && c.Type.Kind != table.Nested {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	list := table.QuoteAll("", names)
	var same []string
	for _, name := range names {
		same = append(same, "a."+table.Quote(name)+" IS NOT DISTINCT FROM b."+table.Quote(name))
	}
	u.Already, err = u.count(ctx, staged+" AS a"+strings.Replace(mine, "_load", "a._load", 1)+
		" AND EXISTS (SELECT 1 FROM (SELECT DISTINCT "+list+" FROM "+current+") AS b WHERE "+strings.Join(same, " AND ")+")")
	if err == nil && u.Already > 0 && u.Already*2 >= u.Rows {
		u.Unusual = append(u.Unusual, fmt.Sprintf("%d of its %d rows are in the table already, exactly as they are", u.Already, u.Rows))
	}
	return err
}

// mostWindows is how many windows are told one by one.
const mostWindows = 10

// windows tells which windows of the table the file replaces.
func (u *Upload) windows(ctx context.Context, staged, mine, current string) error {
	of := u.app.tables[u.Dataset].Window
	if of == "" {
		return nil
	}
	column := table.Quote(of)
	batch, err := u.rows(ctx, "SELECT CAST(n."+column+" AS VARCHAR), (SELECT count(*) FROM "+current+" AS c WHERE c."+column+" IS NOT DISTINCT FROM n."+column+"), count(*) FROM "+
		staged+" AS n"+strings.Replace(mine, "_load", "n._load", 1)+" GROUP BY n."+column+" ORDER BY n."+column)
	if err != nil {
		return err
	}
	replaced := 0
	for _, row := range batch.Rows {
		value, _ := row[0].(string)
		before, _ := row[1].(int64)
		after, _ := row[2].(int64)
		if before > 0 {
			replaced++
		}
		if len(u.Windows) < mostWindows {
			u.Windows = append(u.Windows, UploadWindow{value, before, after})
		}
	}
	if replaced > 0 {
		u.Unusual = append(u.Unusual, fmt.Sprintf("it replaces the rows of %d %s that had come before", replaced, of))
	}
	return nil
}

// farFromUsual is how many times larger or smaller than ever a file's number
// may be before a person is asked to look twice.
const farFromUsual = 10

// numbers holds the sums and the largest values of the file against those of the
// loads before.
func (u *Upload) numbers(ctx context.Context, staged, mine, _ string) error {
	loads := engine.LoadsOf(engine.ParseRelation(u.Dataset))
	there, err := u.app.engine.Columns(ctx, loads)
	if err != nil {
		return nil //nolint:nilerr // a table without loads has nothing to compare with
	}
	for _, c := range u.offered.Columns() {
		if _, ok := table.Find(there, c.Name); !ok || !isNumber(c.Type) || slices.Contains(u.app.tables[u.Dataset].Key, c.Name) {
			continue
		}
		column := table.Quote(c.Name)
		pick := "SELECT CAST(coalesce(sum(abs(" + column + ")), 0) AS DOUBLE PRECISION), CAST(coalesce(max(abs(" + column + ")), 0) AS DOUBLE PRECISION) FROM "
		own, err := u.rows(ctx, pick+staged+mine)
		if err != nil {
			return err
		}
		past, err := u.rows(ctx, pick+loads.String()+" GROUP BY _load")
		if err != nil {
			return err
		}
		u.unusual(c.Name, own.Rows[0], past.Rows)
	}
	return nil
}

func isNumber(of table.Type) bool {
	return of.Kind >= table.TinyInt && of.Kind <= table.Decimal
}

// unusual notes a column whose sum or largest value is far from what came
// before.
func (u *Upload) unusual(column string, own []any, past [][]any) {
	for i, what := range []string{"sum", "largest value"} {
		now, _ := own[i].(float64)
		least, most := math.Inf(1), 0.0
		for _, row := range past {
			was, _ := row[i].(float64)
			least, most = min(least, was), max(most, was)
		}
		switch {
		case most > 0 && now >= farFromUsual*most:
			u.Unusual = append(u.Unusual, fmt.Sprintf("the %s of %s, %s, is %s times that of any load before", what, column, plainly(now), plainly(math.Round(now/most))))
		case i == 0 && !math.IsInf(least, 1) && least > 0 && now*farFromUsual <= least:
			u.Unusual = append(u.Unusual, fmt.Sprintf("the %s of %s, %s, is less than a tenth of any load before", what, column, plainly(now)))
		}
	}
}

func plainly(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func (u *Upload) rows(ctx context.Context, sql string) (table.Batch, error) {
	return engine.ReadAll(ctx, u.app.engine, sql, 0)
}

func (u *Upload) count(ctx context.Context, from string) (int64, error) {
	batch, err := u.rows(ctx, "SELECT count(*) FROM "+from)
	if err != nil {
		return 0, err
	}
	n, _ := batch.Rows[0][0].(int64)
	return n, nil
}
