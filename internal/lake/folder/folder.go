// Package folder keeps the lake's loads in a local folder: one folder a load,
// which appears complete or not at all.
//
//	<home>/<dataset>/<load>/manifest.json
//	<home>/<dataset>/<load>/rows.parquet
//	<home>/<dataset>/<load>/quarantine.parquet
//	<home>/<dataset>/index.jsonl        a copy of the manifests, for reading them fast
//	<home>/.drafts/<process>/<n>/       loads being written
//
// What a load means and which loads count is the lake package's business.
package folder

import (
	"context"
	"path/filepath"
	"sync"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
)

const (
	manifestFile   = "manifest.json"
	rowsFile       = "rows.parquet"
	quarantineFile = "quarantine.parquet"
	draftsFolder   = ".drafts"
)

// Folder is an Archive in a local folder. Its methods may be called by several
// goroutines at once.
type Folder struct {
	home  string
	bench *lake.Workbench

	mu    sync.Mutex
	index map[string]*sync.Mutex // guards one dataset's index file
}

// Open returns the archive below home, an absolute path. The folder is made
// when the first load is written; opening one that is not there is no error.
func Open(home string) *Folder {
	return &Folder{home: home, bench: lake.NewWorkbench(filepath.Join(home, draftsFolder)), index: map[string]*sync.Mutex{}}
}

// Close lets go of the place for drafts. It is safe to call twice.
func (f *Folder) Close() error { return f.bench.Close() }

// Begin returns a new draft, in a folder no reader looks at.
func (f *Folder) Begin(ctx context.Context, dataset, load string) (lake.Draft, error) {
	if err := ctx.Err(); err != nil {
		return nil, &fault.Error{Op: "load of " + dataset, Kind: fault.Interrupted, Err: err}
	}
	at, err := f.bench.Draft()
	if err != nil {
		return nil, fault.Wrap("lake "+f.home, err)
	}
	return &draft{folder: f, at: at, dataset: dataset, load: load}, nil
}

// Files returns the load's files that exist by its manifest, where they lie.
func (f *Folder) Files(_ context.Context, m lake.Manifest) (lake.Files, error) {
	var files lake.Files
	at := f.place(m.Dataset, m.ID)
	if m.HasRows {
		files.Rows = []string{filepath.Join(at, rowsFile)}
	}
	if m.Quarantined > 0 {
		files.Quarantine = []string{filepath.Join(at, quarantineFile)}
	}
	return files, nil
}

// Sweep removes the drafts of processes that no longer run.
func (f *Folder) Sweep(ctx context.Context) (int, error) { return f.bench.Sweep(ctx, nil) }

func (f *Folder) place(dataset, load string) string {
	return filepath.Join(f.home, lake.FileName(dataset), lake.FileName(load))
}

func (f *Folder) indexLock(dataset string) *sync.Mutex {
	f.mu.Lock()
	defer f.mu.Unlock()
	lock, ok := f.index[dataset]
	if !ok {
		lock = &sync.Mutex{}
		f.index[dataset] = lock
	}
	return lock
}
