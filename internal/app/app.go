// Package app joins the parts: it reads the settings, opens the adapters, and
// gives the command line one call for each thing a person can ask.
//
// It is the only package that knows which adapters exist.
package app

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/larder-data/larder/internal/build"
	"github.com/larder-data/larder/internal/compile"
	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/duckdb"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/ingest/existing"
	"github.com/larder-data/larder/internal/ingest/http"
	"github.com/larder-data/larder/internal/ingest/sftp"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/state/sqlite"
)

// Options say which project to open and how.
type Options struct {
	Dir     string // the project's folder; "" finds the nearest from the working directory upwards
	Target  string // of those in larder.yml; "" is the one named there
	Env     string // the environment to work in; "" is production
	Version string // of the program, for the journal
	Now     func() time.Time
}

// archive is where loads are kept, to be closed.
type archive interface {
	lake.Archive
	Close() error
}

// App is a project that was read and found valid, with what of the outside
// world was opened so far. Close it.
type App struct {
	Project *project.Project
	Graph   *compile.Graph
	Facts   map[string]Facts // by dataset

	options    Options
	env        string
	compiled   *compile.Result
	renderer   *compile.Renderer
	models     map[string]*project.Model
	tables     map[string]*project.SourceTable
	stand      map[string]existing.Standing // the lake tables another tool lands
	doubts     fault.List                   // what is wrong with them
	checks     map[string][]project.Check
	versions   map[string]string   // of each dataset's checks
	checkReads map[string][]string // the other datasets a dataset's checks read
	declared   map[string][]project.Column
	personal   map[string]map[string]project.Column
	accepted   []state.Acceptance
	apart      sync.Map // whether readers see rejected rows of a dataset: dataset -> bool
	standing   sync.Map // where the environment's own datasets stand: dataset -> engine.Relation

	archive archive
	raw     *format.Reader
	web     *http.Reader
	drops   *sftp.Reader
	ingest  *ingest.Ingester
	store   *sqlite.Store
	engine  engine.Engine
	parquet *duckdb.Engine // reads the lake for a warehouse that cannot
	notices []string
}

// Load reads the project, compiles it and binds its checks: all that can be
// known without data. The error lists everything wrong at once.
func Load(ctx context.Context, o Options) (*App, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := checkEnvironment(o.Env); err != nil {
		return nil, err
	}
	root, err := findRoot(o.Dir)
	if err != nil {
		return nil, err
	}
	p, err := project.Load(root, project.Options{
		Env: os.LookupEnv, Target: o.Target, Kinds: sourceKinds(), Engines: engineKinds(), Lakes: lakeKinds(),
	})
	if p == nil {
		return nil, err
	}
	a := &App{Project: p, options: o, env: cmp.Or(o.Env, build.Production)}
	if err := a.understand(ctx, err); err != nil {
		if closed := a.Close(); closed != nil {
			err = errors.Join(err, closed)
		}
		return nil, err
	}
	return a, nil
}

func findRoot(dir string) (string, error) {
	if dir != "" {
		return filepath.Abs(dir)
	}
	here, err := os.Getwd()
	if err != nil {
		return "", fault.New(fault.Unreachable, "the working directory: %w", err)
	}
	return project.Find(here)
}

// understand opens the archive, learns the lake's columns and compiles. The
// error is everything wrong with the project: with its files, which the caller
// has found, with what its models mean, and with its checks. What only follows
// from another mistake is not told.
func (a *App) understand(ctx context.Context, files error) error {
	var faults fault.List
	faults.Add(files)
	faulty := map[string]bool{}
	for _, f := range faults {
		faulty[f.Where.File] = true
	}
	a.index()
	if err := a.openLake(); err != nil {
		return errors.Join(files, err)
	}
	meaning := a.compile(ctx)
	if a.compiled == nil {
		return errors.Join(files, meaning)
	}
	a.inheritPersonal()
	a.followChanges()
	var more fault.List
	more.Add(meaning)
	more.Add(a.validateChecks(ctx))
	for _, f := range more {
		if !faulty[f.Where.File] {
			faults = append(faults, f)
		}
	}
	return faults.Err()
}

// index looks up what the project says by dataset.
func (a *App) index() {
	a.models, a.tables = map[string]*project.Model{}, map[string]*project.SourceTable{}
	a.checks, a.versions, a.checkReads = map[string][]project.Check{}, map[string]string{}, map[string][]string{}
	a.Facts, a.declared = map[string]Facts{}, map[string][]project.Column{}
	for i := range a.Project.Sources {
		s := &a.Project.Sources[i]
		for j := range s.Tables {
			t := &s.Tables[j]
			a.tables[t.Dataset], a.declared[t.Dataset] = t, t.Columns
			a.Facts[t.Dataset] = Facts{
				Dataset: t.Dataset, Layer: "lake", Owner: t.Owner, Source: s.Name, Path: t.Where.File, Tags: t.Tags,
			}
		}
	}
	for i := range a.Project.Models {
		m := &a.Project.Models[i]
		a.models[m.Dataset], a.declared[m.Dataset] = m, m.Columns
		a.Facts[m.Dataset] = Facts{Dataset: m.Dataset, Layer: m.Layer, Owner: m.Owner, Path: m.Path, Tags: m.Tags}
	}
	for _, c := range a.Project.Checks {
		a.checks[c.Dataset] = append(a.checks[c.Dataset], c)
	}
}

// Close closes what was opened. Calling it again does nothing.
func (a *App) Close() error {
	var errs []error
	if a.engine != nil {
		errs = append(errs, a.engine.Close())
	}
	if a.parquet != nil {
		errs = append(errs, a.parquet.Close())
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if a.raw != nil {
		errs = append(errs, a.raw.Close())
	}
	if a.web != nil {
		errs = append(errs, a.web.Close())
	}
	if a.drops != nil {
		errs = append(errs, a.drops.Close())
	}
	if a.renderer != nil {
		errs = append(errs, a.renderer.Close())
	}
	if a.compiled != nil {
		errs = append(errs, a.compiled.Close())
	}
	if a.archive != nil {
		errs = append(errs, a.archive.Close())
	}
	a.engine, a.parquet, a.store, a.raw, a.web, a.drops, a.renderer, a.compiled, a.archive = nil, nil, nil, nil, nil, nil, nil, nil, nil
	return errors.Join(errs...)
}

// Notices are things worth telling that happened while opening: repairs after
// a crash, a damaged write-ahead log put aside.
func (a *App) Notices() []string { return a.notices }

// Owner names the squad that owns a dataset and how to reach it.
func (a *App) Owner(dataset string) string {
	owner := a.Facts[dataset].Owner
	squad, ok := a.Project.Squads[owner]
	if !ok {
		return owner
	}
	text := squad.Title
	if text == "" {
		text = squad.Name
	}
	if squad.Channel != "" {
		text += ", " + squad.Channel
	}
	if len(squad.People) > 0 {
		text += ", " + squad.People[0].Name
	}
	return text
}

// Now is the instant it is by the clock the app was given.
func (a *App) Now() time.Time { return a.options.Now() }
