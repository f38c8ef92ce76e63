package app

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/check"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/ingest/bucket"
	"github.com/larder-data/larder/internal/ingest/existing"
	"github.com/larder-data/larder/internal/ingest/files"
	"github.com/larder-data/larder/internal/ingest/http"
	"github.com/larder-data/larder/internal/ingest/mysql"
	source "github.com/larder-data/larder/internal/ingest/postgres"
	"github.com/larder-data/larder/internal/ingest/sftp"
	"github.com/larder-data/larder/internal/ingest/upload"
	objects "github.com/larder-data/larder/internal/lake/bucket"
	"github.com/larder-data/larder/internal/lake/folder"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/state/sqlite"
)

// sourceKinds are the kinds of sources this program reads.
func sourceKinds() map[string]project.Kind {
	return map[string]project.Kind{
		"files":    {Source: &files.Source{}, Table: &files.Table{}, Column: &format.Column{}},
		"bucket":   {Source: &bucket.Source{}, Table: &bucket.Table{}, Column: &format.Column{}},
		"http":     {Source: &http.Source{}, Table: &http.Table{}, Column: &format.Column{}},
		"sftp":     {Source: &sftp.Source{}, Table: &sftp.Table{}, Column: &format.Column{}},
		"upload":   {Source: &upload.Source{}, Table: &upload.Table{}, Column: &format.Column{}},
		"postgres": {Source: &source.Source{}, Table: &source.Table{}, Column: &source.Column{}},
		"mysql":    {Source: &mysql.Source{}, Table: &mysql.Table{}, Column: &mysql.Column{}},

		existing.Kind: {Source: &existing.Source{}, Table: &existing.Table{}, Stands: true},
	}
}

// sourceReaders are what reads each kind.
func (a *App) sourceReaders() map[string]ingest.Reader {
	return map[string]ingest.Reader{
		"files":    files.NewReader(a.Project.Root),
		"bucket":   bucket.NewReader(os.LookupEnv),
		"http":     a.web,
		"sftp":     a.drops,
		"upload":   upload.Reader{},
		"postgres": source.NewReader(),
		"mysql":    mysql.NewReader(),
	}
}

// remember opens the ledger.
func (a *App) remember(ctx context.Context) error {
	if a.store != nil {
		return nil
	}
	store, err := sqlite.Open(ctx, a.Project.State, sqlite.Options{Now: a.options.Now})
	if err != nil {
		return fault.Wrap("state", err)
	}
	a.store = store
	return nil
}

// Connect opens the warehouse for writing and the ledger, and mends what a
// process that died left between the two.
func (a *App) Connect(ctx context.Context) error {
	if err := a.openWarehouse(ctx); err != nil {
		return err
	}
	if err := a.remember(ctx); err != nil {
		return err
	}
	if err := a.abandon(ctx); err != nil {
		return err
	}
	repairs, err := a.builder(nil).Reconcile(ctx)
	if err != nil {
		return fault.Wrap("after the last stop", err)
	}
	a.tell(repairs)
	if _, err := a.archive.Sweep(ctx); err != nil {
		// What lies there is in nobody's way: the next start sweeps.
		a.notices = append(a.notices, fmt.Sprintf("what a stopped run left in the lake was not removed: %v", err))
	}
	if err := a.recallAccepted(ctx); err != nil {
		return err
	}
	return a.enter(ctx)
}

// abandon closes the runs of processes that are gone.
func (a *App) abandon(ctx context.Context) error {
	runs, err := a.store.Abandon(ctx, a.env, func(r state.Run) bool {
		alive, known := state.ProcessAlive(r.Process)
		return alive || !known
	})
	if err != nil {
		return fault.Wrap("journal", err)
	}
	for _, r := range runs {
		a.notices = append(a.notices, fmt.Sprintf("run %s stopped before it finished; what it did not publish is built again", r.ID))
	}
	return nil
}

// tell turns repairs into notices.
func (a *App) tell(r build.Repairs) {
	say := func(datasets []string, one, many, text string) {
		switch {
		case len(datasets) == 1:
			a.notices = append(a.notices, datasets[0]+" "+one+" "+text)
		case len(datasets) > 1:
			a.notices = append(a.notices, strings.Join(datasets, ", ")+" "+many+" "+text)
		}
	}
	say(r.RolledForward, "had", "had", "been published just before a stop: entered in the ledger")
	say(r.Lost, "is", "are", "in the ledger but not in the warehouse: built again by the next run")
	say(r.Adopted, "is", "are", "in the warehouse but not in the ledger: built again by the next run")
}

// judge evaluates the project's rules in the warehouse.
func (a *App) judge() judge {
	return judge{a: a, checker: &check.Checker{
		Engine: a.engine, Capabilities: a.engine.Capabilities(), History: a.store, Clock: a.options.Now,
	}}
}

// builder joins what a build needs.
func (a *App) builder(observe func(build.Event)) *build.Builder {
	checks := a.judge()
	models := make(map[string]build.Model, len(a.Graph.Nodes))
	for dataset := range a.Graph.Nodes {
		models[dataset] = a.buildModel(dataset)
	}
	var ingester build.Ingester
	if a.env == build.Production {
		ingester = &landing{a: a, judge: checks}
	}
	return &build.Builder{
		Env: a.env, Graph: a.Graph, Models: models, CheckReads: a.checkReads, Engine: a.engine, Store: a.store, Checker: checks,
		Ingester: ingester, Render: a.render, Binder: a, Dialect: a.compiled.Dialect(),
		Now: a.options.Now, Observe: observe,
	}
}

// buildModel is what the build needs of a dataset.
func (a *App) buildModel(dataset string) build.Model {
	node := a.Graph.Nodes[dataset]
	m := build.Model{SQL: node.SQL, Dialect: node.Dialect, Form: a.form(dataset), Owner: a.Facts[dataset].Owner}
	if model, ok := a.models[dataset]; ok {
		m.Keep = model.History
	}
	return m
}

// lakeKinds are the lakes this program keeps beside those in a folder, by the
// scheme of their addresses.
func lakeKinds() map[string]any { return map[string]any{objects.Scheme: &objects.Settings{}} }

// openArchive opens the lake's archive.
func (a *App) openArchive() error {
	if a.Project.Lake.Path != "" {
		a.archive = folder.Open(a.Project.Lake.Path)
		return nil
	}
	var settings objects.Settings
	if err := a.Project.Lake.Decode(&settings).Err(); err != nil {
		return err
	}
	home, err := settings.Home(a.Project.Lake.Address, a.Project.Root, os.LookupEnv)
	if err != nil {
		return err
	}
	archive, err := objects.Open(home, a.options.Now)
	if err != nil {
		return err
	}
	a.archive = archive
	return nil
}

// openLake opens the archive and the readers of sources.
func (a *App) openLake() error {
	if err := a.openArchive(); err != nil {
		return err
	}
	a.raw = format.NewReader(format.Options{TimeZone: a.Project.TimeZone.String()})
	a.web = http.NewReader(a.Project.Root, a.options.Now, http.Clock{})
	a.drops = sftp.NewReader(a.Project.Root, a.options.Now)
	a.ingest = ingest.New(a.archive, a.sourceReaders(), a.raw, a.landedSources(), a.options.Now)
	return nil
}
