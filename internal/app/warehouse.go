package app

import (
	"context"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/engine/duckdb"
	"github.com/larder-data/larder/internal/engine/postgres"
	"github.com/larder-data/larder/internal/fault"
)

// The engines of targets.
const (
	onDuckDB   = "duckdb"
	onPostgres = "postgres"
)

// engineKinds are the warehouses this program builds into.
func engineKinds() map[string]any {
	return map[string]any{onDuckDB: &duckdb.Settings{}, onPostgres: &postgres.Settings{}}
}

// reader is a warehouse that is open for questions only.
type reader interface {
	engine.Engine
	engine.Exporter
}

// openWarehouse opens the target for writing.
func (a *App) openWarehouse(ctx context.Context) error {
	if a.Project.Target.Engine == onPostgres {
		settings, err := a.postgres(ctx)
		if err != nil {
			return err
		}
		e, err := postgres.Open(ctx, settings)
		if err != nil {
			return err
		}
		a.engine = e
		return nil
	}
	settings, err := a.duckdb()
	if err != nil {
		return err
	}
	e, err := duckdb.Open(ctx, settings)
	if err != nil {
		return err
	}
	a.engine = e
	a.notices = append(a.notices, e.Notices()...)
	return nil
}

// openReader opens the warehouse for reading, contained: it cannot write.
func (a *App) openReader(ctx context.Context) (reader, error) { return a.openFor(ctx, false) }

// openBare opens the warehouse for reading, also where Larder has built nothing
// yet but other tools have.
func (a *App) openBare(ctx context.Context) (reader, error) { return a.openFor(ctx, true) }

func (a *App) openFor(ctx context.Context, bare bool) (reader, error) {
	if a.Project.Target.Engine == onPostgres {
		settings, err := a.postgres(ctx)
		if err != nil {
			return nil, err
		}
		settings.ReadOnly, settings.Bare = true, bare
		return opened(postgres.Open(ctx, settings))
	}
	settings, err := a.duckdb()
	if err != nil {
		return nil, err
	}
	if settings.ReadOnly = true; a.Project.Lake.Path != "" {
		settings.AllowDirs = []string{a.Project.Lake.Path}
	}
	return opened(duckdb.Open(ctx, settings))
}

// opened is a reader, or none at all.
func opened[E reader](e E, err error) (reader, error) {
	if err != nil {
		return nil, err
	}
	return e, nil
}

// duckdb are the settings of a target in a DuckDB file.
func (a *App) duckdb() (duckdb.Settings, error) {
	var s duckdb.Settings
	if err := a.Project.Target.Decode(&s).Err(); err != nil {
		return s, err
	}
	s.Path, s.TimeZone = a.Project.Target.Path, a.Project.TimeZone.String()
	return s, nil
}

// postgres are the settings of a target in a PostgreSQL database, with a DuckDB
// beside it that reads the lake's files.
func (a *App) postgres(ctx context.Context) (postgres.Settings, error) {
	var s postgres.Settings
	if err := a.Project.Target.Decode(&s).Err(); err != nil {
		return s, err
	}
	if a.parquet == nil {
		e, err := duckdb.OpenPlain(ctx)
		if err != nil {
			return s, fault.Wrap("reader of the lake", err)
		}
		a.parquet = e
	}
	s.TimeZone, s.Archive = a.Project.TimeZone.String(), a.parquet
	return s, nil
}
