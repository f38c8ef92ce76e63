package ingest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// Ingester lands the tables of a project's sources.
type Ingester struct {
	archive lake.Archive
	readers map[string]Reader
	parser  *format.Reader
	tables  map[string]Table
	order   []string
	now     func() time.Time

	mu      sync.Mutex
	learned map[string][]table.Column
}

// New returns an Ingester for the sources, brought by the readers of their
// kinds and read by the parser.
func New(archive lake.Archive, readers map[string]Reader, parser *format.Reader, sources []project.Source, now func() time.Time) *Ingester {
	i := &Ingester{archive: archive, readers: readers, parser: parser, tables: map[string]Table{}, now: now, learned: map[string][]table.Column{}}
	for _, s := range sources {
		for _, t := range s.Tables {
			i.tables[t.Dataset] = Table{SourceTable: t, Source: s}
			i.order = append(i.order, t.Dataset)
		}
	}
	return i
}

// Columns returns the columns of every lake table, without provenance: the
// declared ones and what earlier loads brought beside them, or what the data
// itself shows. All tables nothing is known of are reported together; a lake
// that cannot be read is told once.
func (i *Ingester) Columns(ctx context.Context) (map[string][]table.Column, error) {
	manifests := make([][]lake.Manifest, len(i.order))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(fetchers)
	for n, dataset := range i.order {
		group.Go(func() (err error) {
			manifests[n], err = i.archive.Manifests(within, dataset)
			return fault.Wrap(dataset, err)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := make(map[string][]table.Column, len(i.order))
	var faults fault.List
	for n, dataset := range i.order {
		columns, err := i.columnsAfter(ctx, dataset, manifests[n])
		faults.Add(err)
		out[dataset] = columns
	}
	return out, faults.Err()
}

func (i *Ingester) columns(ctx context.Context, dataset string) ([]table.Column, error) {
	manifests, err := i.archive.Manifests(ctx, dataset)
	if err != nil {
		return nil, fault.Wrap(dataset, err)
	}
	return i.columnsAfter(ctx, dataset, manifests)
}

// columnsAfter are the columns of a table that has these loads.
func (i *Ingester) columnsAfter(ctx context.Context, dataset string, manifests []lake.Manifest) ([]table.Column, error) {
	t := i.tables[dataset]
	known := lake.Schema(manifests)
	if declared := Declared(t); len(declared) > 0 {
		return lake.Evolve(declared, known), nil
	}
	if len(known) > 0 {
		return known, nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if columns, ok := i.learned[dataset]; ok {
		return columns, nil
	}
	columns, err := i.shown(ctx, t)
	if err != nil {
		return nil, fault.Wrap(dataset, err)
	}
	if len(columns) == 0 {
		hint := "declare columns:"
		if _, files := i.readers[t.Source.Kind].(Lister); files {
			hint += ", or put a first file where files: points"
		}
		return nil, fault.At(t.Where, fault.Invalid, "nothing is known of the columns of %s: none are declared and there is no data yet", dataset).
			WithHint("%s", hint)
	}
	i.learned[dataset] = columns
	return columns, nil
}

// shown returns the columns the source's own data show, none when there are no
// data yet.
func (i *Ingester) shown(ctx context.Context, t Table) ([]table.Column, error) {
	switch reader := i.readers[t.Source.Kind].(type) {
	case Lister:
		return i.shownByFiles(ctx, t, reader)
	case Asker:
		b, err := reader.Sample(ctx, t, sampleRows)
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.Remove(b.Path) }() // a leftover lies in the temporary folder
		return i.parser.Infer(ctx, format.Input{Layout: b.Layout, Name: b.Name, Path: b.Path, Size: b.Size})
	}
	return nil, nil
}

// sampleRows is how many records show the columns of a table nothing else is
// known of.
const sampleRows = 1000

func (i *Ingester) shownByFiles(ctx context.Context, t Table, reader Lister) ([]table.Column, error) {
	layout, err := reader.Layout(t)
	if err != nil {
		return nil, err
	}
	arrivals, err := reader.Look(ctx, t)
	if err != nil {
		return nil, err
	}
	for _, a := range arrivals {
		if a.Size == 0 {
			continue
		}
		local, err := reader.Fetch(ctx, t, a)
		if err != nil {
			return nil, fault.Wrap(a.Name, err)
		}
		defer local.release()
		columns, err := i.parser.Infer(ctx, format.Input{Layout: layout, Name: a.Name, Path: local.Path, Size: local.Size})
		return columns, fault.Wrap(a.Name, err)
	}
	return nil, nil
}

// Declared returns the columns the table's file declares a type for, none
// when it declares none.
func Declared(t Table) []table.Column {
	var out []table.Column
	for _, c := range t.SourceTable.Columns {
		of := c.Type
		if of == (table.Type{}) {
			of = table.Type{Kind: table.Varchar}
		}
		out = append(out, table.Column{Name: c.Name, Type: of})
	}
	return out
}

// News says in words what waits to be landed, "" when nothing does.
func (i *Ingester) News(ctx context.Context, dataset string, lander engine.Lander) (string, error) {
	t := i.tables[dataset]
	manifests, err := i.archive.Manifests(ctx, dataset)
	if err != nil {
		return "", fault.Wrap(dataset, err)
	}
	pending, err := pendingLoads(ctx, dataset, manifests, lander)
	if err != nil {
		return "", err
	}
	news := News{Pending: len(pending)}
	switch reader := i.readers[t.Source.Kind].(type) {
	case Lister:
		err = news.look(ctx, t, reader, manifests)
	case Asker:
		return join(reader.News(t, i.past(manifests, nil)), news.String()), nil
	}
	return news.String(), fault.Wrap(dataset, err)
}

// join puts what is told into one line.
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// look counts the files that are new or changed.
func (n *News) look(ctx context.Context, t Table, reader Lister, manifests []lake.Manifest) error {
	arrivals, err := look(ctx, reader, t, manifests)
	if err != nil {
		return err
	}
	history := lake.NewHistory(manifests)
	seen := map[string]bool{}
	for _, m := range manifests {
		seen[m.File] = true
	}
	for _, a := range arrivals {
		switch {
		case history.Untouched(a.seen()):
		case seen[a.Name]:
			local, err := reader.Fetch(ctx, t, a)
			if err != nil {
				return err
			}
			local.release()
			if meaning, _ := history.Judge(a.Name, local.Hash); meaning == lake.Corrected || meaning == lake.New {
				n.Corrected++
			}
		default:
			n.New++
		}
	}
	return nil
}

// String tells the news in words.
func (n News) String() string {
	var parts []string
	add := func(count int, one, many string) {
		if count == 1 {
			parts = append(parts, "1 "+one)
		} else if count > 1 {
			parts = append(parts, fmt.Sprintf("%d %s", count, many))
		}
	}
	add(n.New, "new file", "new files")
	add(n.Corrected, "corrected file", "corrected files")
	add(n.Pending, "load that was held", "loads that were held")
	return strings.Join(parts, ", ")
}

// pendingLoads are archived loads the warehouse does not hold yet.
func pendingLoads(ctx context.Context, dataset string, manifests []lake.Manifest, lander engine.Lander) ([]lake.Manifest, error) {
	held, err := lander.Loads(ctx, engine.ParseRelation(dataset))
	if err != nil {
		return nil, fault.Wrap(dataset, err)
	}
	ids := make(map[string]bool, len(held))
	for _, h := range held {
		ids[h.ID] = true
	}
	return lake.Pending(manifests, func(id string) bool { return ids[id] }), nil
}

// Archive brings what is new for a table into the lake and returns what is
// worth telling. The first arrival that cannot be loaded ends it; those before
// it are archived.
func (i *Ingester) Archive(ctx context.Context, dataset, run string) ([]string, error) {
	t := i.tables[dataset]
	manifests, err := i.archive.Manifests(ctx, dataset)
	if err != nil {
		return nil, fault.Wrap(dataset, err)
	}
	in := i.intake(t, run, manifests)
	switch reader := i.readers[t.Source.Kind].(type) {
	case Lister:
		err = in.list(ctx, reader, len(manifests) == 0)
	case Asker:
		err = reader.Ask(ctx, t, i.past(manifests, in.known), in)
	}
	return in.notes, fault.Wrap(dataset, err)
}

func (i *Ingester) intake(t Table, run string, manifests []lake.Manifest) *Intake {
	return &Intake{
		ingester: i, table: t, run: run, history: lake.NewHistory(manifests), loads: slices.Clone(manifests),
		known: lake.Evolve(Declared(t), lake.Schema(manifests)), sequence: lake.NextSequence(manifests),
	}
}

// past is what an Asker is told.
func (i *Ingester) past(manifests []lake.Manifest, known []table.Column) Past {
	return Past{Loads: lake.Active(manifests), Known: known, Now: i.now()}
}

// Pending returns what Land would bring into the warehouse, and the table's
// columns then. The files of its loads stay until release is called, which is
// never nil.
func (i *Ingester) Pending(ctx context.Context, dataset string, lander engine.Lander) (landing engine.Landing, release func(), err error) {
	release = func() {}
	t := i.tables[dataset]
	manifests, err := i.archive.Manifests(ctx, dataset)
	if err != nil {
		return landing, release, fault.Wrap(dataset, err)
	}
	pending, err := pendingLoads(ctx, dataset, manifests, lander)
	if err != nil {
		return landing, release, err
	}
	columns, err := i.columns(ctx, dataset)
	if err != nil {
		return landing, release, err
	}
	landing = engine.Landing{
		Target: engine.ParseRelation(dataset), Columns: columns, Mode: engine.Mode(t.Mode), WindowColumn: t.Window,
		Key: t.Key, Version: t.Version, Deleted: t.Deleted,
	}
	files, release, err := i.files(ctx, pending)
	for n, f := range files {
		m := pending[n]
		landing.Loads = append(landing.Loads, engine.ArchivedLoad{
			ID: m.ID, Sequence: m.Sequence, Parquet: f.Rows, Quarantine: f.Quarantine, Supersedes: slices.Clone(m.Supersedes), Rows: m.Rows,
			Passing: f.Done != nil,
		})
	}
	return landing, release, fault.Wrap(dataset, err)
}

// fetchers is how many things are asked of the archive at once.
const fetchers = 8

// files makes the files of loads readable, those of each in its place, until
// release is called, which is never nil. After an error there are none.
func (i *Ingester) files(ctx context.Context, loads []lake.Manifest) (files []lake.Files, release func(), err error) {
	files = make([]lake.Files, len(loads))
	release = func() {
		for n := range files {
			files[n].Release()
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fetchers)
	for n, m := range loads {
		group.Go(func() (err error) {
			files[n], err = i.archive.Files(ctx, m)
			return fault.Wrap("load "+m.ID, err)
		})
	}
	if err := group.Wait(); err != nil {
		release()
		return nil, func() {}, err
	}
	return files, release, nil
}
