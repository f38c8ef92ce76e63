package duckdb

import (
	"context"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/library"
)

// installLibrary brings the functions of the schema larder into the file when
// it has none or those of another version. Asking the file costs one lookup.
func (e *Engine) installLibrary(ctx context.Context) error {
	const which = "SELECT larder.library_version()"
	if found, err := engine.ReadAll(ctx, e, which, 0); err == nil && len(found.Rows) == 1 && text(found.Rows[0][0]) == library.Version() {
		return nil
	}
	statements, err := library.Statements(library.DuckDB)
	if err != nil {
		return err
	}
	return e.transact(ctx, func(_ context.Context, t *transaction) error {
		t.add("install the functions of the schema larder", strings.Join(statements, ";\n"))
		return nil
	})
}
