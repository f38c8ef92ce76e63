package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// Ingester lands the tables of a project's sources.
type Ingester struct {
	archive lake.Archive
	readers map[string]Reader
	tables  map[string]Table
	order   []string
	now     func() time.Time

	mu      sync.Mutex
	learned map[string][]table.Column
}

// New returns an Ingester for the sources, read by the readers of their kinds.
func New(archive lake.Archive, readers map[string]Reader, sources []project.Source, now func() time.Time) *Ingester {
	i := &Ingester{archive: archive, readers: readers, tables: map[string]Table{}, now: now, learned: map[string][]table.Column{}}
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
// itself shows. All tables nothing is known of are reported together.
func (i *Ingester) Columns(ctx context.Context) (map[string][]table.Column, error) {
	out := make(map[string][]table.Column, len(i.order))
	var faults fault.List
	for _, dataset := range i.order {
		columns, err := i.columns(ctx, dataset)
		faults.Add(err)
		out[dataset] = columns
	}
	return out, faults.Err()
}

func (i *Ingester) columns(ctx context.Context, dataset string) ([]table.Column, error) {
	t := i.tables[dataset]
	manifests, err := i.archive.Manifests(ctx, dataset)
	if err != nil {
		return nil, fault.Wrap(dataset, err)
	}
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
	columns, err := i.readers[t.Source.Kind].Columns(ctx, t)
	if err != nil {
		return nil, fault.Wrap(dataset, err)
	}
	if len(columns) == 0 {
		return nil, fault.At(t.Where, fault.Invalid, "nothing is known of the columns of %s: none are declared and there is no data yet", dataset).
			WithHint("declare columns:, or put a first file where files: points")
	}
	i.learned[dataset] = columns
	return columns, nil
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
	arrivals, err := i.readers[t.Source.Kind].Look(ctx, t)
	if err != nil {
		return "", fault.Wrap(dataset, err)
	}
	news, err := i.news(ctx, dataset, manifests, arrivals, lander)
	if err != nil {
		return "", err
	}
	return news.String(), nil
}

func (i *Ingester) news(ctx context.Context, dataset string, manifests []lake.Manifest, arrivals []Arrival, lander engine.Lander) (News, error) {
	var news News
	history := lake.NewHistory(manifests)
	seen := map[string]bool{}
	for _, m := range manifests {
		seen[m.File] = true
	}
	for _, a := range arrivals {
		switch {
		case history.Untouched(a.Name, a.Size, a.Modified):
		case seen[a.Name]:
			hash, err := i.readers[i.tables[dataset].Source.Kind].Hash(ctx, a)
			if err != nil {
				return news, fault.Wrap(dataset, err)
			}
			if meaning, _ := history.Judge(a.Name, hash); meaning == lake.Corrected || meaning == lake.New {
				news.Corrected++
			}
		default:
			news.New++
		}
	}
	pending, err := pendingLoads(ctx, dataset, manifests, lander)
	news.Pending = len(pending)
	return news, err
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

// Archive reads every new arrival of a table into the lake and returns what is
// worth telling. The first arrival that cannot be loaded ends it; those
// before it are archived.
func (i *Ingester) Archive(ctx context.Context, dataset, run string) ([]string, error) {
	t := i.tables[dataset]
	reader := i.readers[t.Source.Kind]
	manifests, err := i.archive.Manifests(ctx, dataset)
	if err != nil {
		return nil, fault.Wrap(dataset, err)
	}
	arrivals, err := reader.Look(ctx, t)
	if err != nil {
		return nil, fault.Wrap(dataset, err)
	}
	var notes []string
	if len(arrivals) == 0 && len(manifests) == 0 {
		notes = append(notes, "no file matches yet")
	}
	history := lake.NewHistory(manifests)
	sequence := lake.NextSequence(manifests)
	known := lake.Evolve(Declared(t), lake.Schema(manifests))
	// A correction may leave a copy of the old bytes without a load: it is looked
	// at again.
	for queue := arrivals; len(queue) > 0; queue = orphans(history, arrivals) {
		for _, a := range queue {
			if history.Untouched(a.Name, a.Size, a.Modified) {
				continue
			}
			m, more, err := i.archiveOne(ctx, t, a, history, known, sequence, run)
			notes = append(notes, more...)
			if err != nil {
				return notes, fault.Wrap(dataset, err)
			}
			if m.ID == "" {
				continue
			}
			history.Add(m)
			sequence++
			if m.SameAs == "" {
				known = lake.Evolve(known, m.Columns)
			}
		}
	}
	return notes, nil
}

// orphans are the arrivals whose rows no load holds any more.
func orphans(history lake.History, arrivals []Arrival) []Arrival {
	var out []Arrival
	for _, a := range arrivals {
		if history.Orphaned(a.Name) {
			out = append(out, a)
		}
	}
	return out
}

// archiveOne makes a load of one arrival, or only a note that there is nothing
// new in it.
func (i *Ingester) archiveOne(ctx context.Context, t Table, a Arrival, history lake.History, known []table.Column, sequence int64, run string) (lake.Manifest, []string, error) {
	reader, started := i.readers[t.Source.Kind], i.now()
	hash, err := reader.Hash(ctx, a)
	if err != nil {
		return lake.Manifest{}, nil, err
	}
	meaning, other := history.Judge(a.Name, hash)
	if meaning == lake.Same {
		return lake.Manifest{}, nil, nil
	}
	m := lake.Manifest{
		Format: 1, ID: lake.LoadID(sequence, hash), Dataset: t.Dataset, Sequence: sequence, Source: t.Source.Name,
		File: a.Name, Size: a.Size, Modified: a.Modified, Hash: hash, LoadedAt: started.UTC(), Run: run,
	}
	var notes []string
	if other.ID != "" && meaning != lake.Copy {
		m.Supersedes = []string{other.ID}
	}
	switch meaning {
	case lake.Copy:
		m.SameAs = other.File
		notes = append(notes, a.Name+" has the same bytes as "+other.File+": nothing to load")
	case lake.Corrected:
		notes = append(notes, a.Name+" was corrected: it supersedes the load of "+other.LoadedAt.Format("2006-01-02 15:04"))
	}
	draft, err := i.archive.Begin(ctx, t.Dataset, m.ID)
	if err != nil {
		return lake.Manifest{}, notes, err
	}
	defer func() { _ = draft.Abandon() }() // after Commit it does nothing
	if meaning != lake.Copy {
		outcome, err := i.read(ctx, t, a, known, &m, draft)
		notes = append(notes, outcome.Notes...)
		if err != nil {
			return lake.Manifest{}, notes, err
		}
	}
	m.Took = i.now().Sub(started)
	return m, notes, draft.Commit(ctx, m)
}

// read fills the draft and the manifest, and holds a load whose columns
// drifted.
func (i *Ingester) read(ctx context.Context, t Table, a Arrival, known []table.Column, m *lake.Manifest, draft lake.Draft) (Outcome, error) {
	reader := i.readers[t.Source.Kind]
	outcome, err := reader.Read(ctx, t, a, known, Load{ID: m.ID, LoadedAt: m.LoadedAt}, draft)
	if err != nil {
		return outcome, err
	}
	m.Columns, m.Rows, m.Quarantined, m.HasRows = outcome.Columns, outcome.Rows, outcome.Quarantined, outcome.Rows > 0
	if err := i.steady(ctx, reader, a, m.Hash); err != nil || len(known) == 0 {
		return outcome, err
	}
	for _, change := range lake.Compare(known, outcome.Columns) {
		if !change.Evolves() {
			return outcome, fault.New(fault.Held, "%s does not fit %s: %s", a.Name, t.Dataset, change).
				WithHint("the last good data stays; ask for a corrected file, or change columns: in %s", t.Where)
		}
		outcome.Notes = append(outcome.Notes, a.Name+": "+change.String())
	}
	return outcome, nil
}

// steady makes sure that an arrival did not change while it was read: a file
// that grew meanwhile is half a file.
func (i *Ingester) steady(ctx context.Context, reader Reader, a Arrival, hash string) error {
	if s, ok := reader.(Steady); ok && s.Steady(a) {
		return nil
	}
	again, err := reader.Hash(ctx, a)
	if err == nil && again != hash {
		err = fault.New(fault.Busy, "%s changed while it was read", a.Name).WithHint("the next run reads it again")
	}
	return err
}

// Pending returns what Land would bring into the warehouse, and the table's
// columns then.
func (i *Ingester) Pending(ctx context.Context, dataset string, lander engine.Lander) (engine.Landing, error) {
	t := i.tables[dataset]
	manifests, err := i.archive.Manifests(ctx, dataset)
	if err != nil {
		return engine.Landing{}, fault.Wrap(dataset, err)
	}
	pending, err := pendingLoads(ctx, dataset, manifests, lander)
	if err != nil {
		return engine.Landing{}, err
	}
	columns, err := i.columns(ctx, dataset)
	if err != nil {
		return engine.Landing{}, err
	}
	landing := engine.Landing{
		Target: engine.ParseRelation(dataset), Columns: columns, Mode: engine.Mode(t.Mode), WindowColumn: t.Window,
		Key: t.Key, Version: t.Version, Deleted: t.Deleted,
	}
	for _, m := range pending {
		rows, quarantine := i.archive.Paths(m)
		landing.Loads = append(landing.Loads, engine.ArchivedLoad{
			ID: m.ID, Sequence: m.Sequence, Parquet: rows, Quarantine: quarantine, Supersedes: slices.Clone(m.Supersedes), Rows: m.Rows,
		})
	}
	return landing, nil
}
