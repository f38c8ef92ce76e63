package duckdb

import (
	"context"
	"os"
	"strings"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// contain leaves a reader nothing but questions: files only below AllowDirs,
// no network, no extension, and no way to change that. What a large query
// spills goes to the folder settled when the file was opened.
func (e *Engine) contain(ctx context.Context) error {
	scratch, err := os.MkdirTemp("", "larder-")
	if err != nil {
		return fault.New(fault.Denied, "temporary folder: %w", err)
	}
	e.scratch = scratch
	dirs := []string{folderLiteral(scratch)}
	for _, dir := range e.settings.AllowDirs {
		dirs = append(dirs, folderLiteral(dir))
	}
	statements := []string{
		"SET GLOBAL allowed_directories = [" + strings.Join(dirs, ", ") + "]",
		"SET GLOBAL allow_persistent_secrets = false",
		"SET GLOBAL enable_external_access = false",
	}
	if err := e.pool.fill(ctx); err != nil {
		return err
	}
	return e.exec(ctx, strings.Join(append(statements, "SET GLOBAL lock_configuration = true"), ";"))
}

func folderLiteral(dir string) string {
	return engine.Literal(strings.TrimSuffix(dir, "/") + "/")
}

// admit refuses everything but a question. It keeps people from mistakes with
// a clear message; what keeps strangers out is that the file is open read-only
// and contained.
func admit(prepared *duck.Stmt, query string) error {
	kind, err := prepared.StatementType()
	if err != nil {
		return err
	}
	question := kind == duck.STATEMENT_TYPE_SELECT || kind == duck.STATEMENT_TYPE_RELATION
	if word := engine.FirstWord(query); kind == duck.STATEMENT_TYPE_EXPLAIN {
		question = true
	} else if word == "PRAGMA" || word == "CALL" {
		question = false // DuckDB turns some of them into SELECTs
	}
	if !question {
		return fault.New(fault.Invalid, "only a SELECT is allowed here").WithHint("tables are changed by models and sources: larder run")
	}
	return nil
}
