package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	// The driver registers itself as "duckdb".
	_ "github.com/duckdb/duckdb-go/v2"
)

// bencher measures one program in a folder of its own.
type bencher struct {
	larder string
	work   string
}

// fresh makes a project of the kind anew and returns its folder.
func (b bencher) fresh(n, checks int, model func(int) string) (dir, statements string, err error) {
	dir = filepath.Join(b.work, "project")
	if err := os.RemoveAll(dir); err != nil {
		return "", "", err
	}
	statements, err = write(dir, n, checks, model)
	return dir, statements, err
}

// build measures a first run, and then one with nothing to do.
func (b bencher) build(n, checks int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%d models", n)
	if checks > 0 {
		name += fmt.Sprintf(" + %d checks", n*checks)
	}
	var dir, statements string
	limit, err := best(func() (cost, error) {
		if dir, statements, err = b.fresh(n, checks, tiny); err != nil {
			return cost{}, err
		}
		return run(dir, self, "-bare", statements)
	})
	if err != nil {
		return err
	}
	line(name+": bare DuckDB", limit, 0, "")
	first, err := best(func() (cost, error) {
		if dir, _, err = b.fresh(n, checks, tiny); err != nil {
			return cost{}, err
		}
		return run(dir, b.larder, "run", "-q")
	})
	if err != nil {
		return err
	}
	goal := "1.3 x"
	if checks > 0 {
		goal = "1.5 x"
	}
	line(name+": run", first, limit.cpu, goal)
	validate, err := best(func() (cost, error) { return run(dir, b.larder, "validate", "-q") })
	if err != nil {
		return err
	}
	nothing, err := best(func() (cost, error) { return run(dir, b.larder, "run", "-q") })
	if err != nil {
		return err
	}
	line(name+": validate again, all from the cache", validate, 0, "0.3 s")
	line(name+": run with nothing to do", nothing, 0, fmt.Sprintf("validate + 0.5 s = %.2f", validate.cpu.Seconds()+0.5))
	return nil
}

// validate measures compiling, from nothing and after one edit.
func (b bencher) validate(n int, isRealistic bool) error {
	name, model, goal := fmt.Sprintf("%d tiny models", n), tiny, "2 s"
	if isRealistic {
		name, model, goal = fmt.Sprintf("%d realistic models", n), realistic, "4 s, 120 MB"
	}
	if n > 1000 {
		goal = fmt.Sprintf("%d x that of 1000", n/1000)
	}
	var dir string
	c, err := best(func() (c cost, err error) {
		if dir, _, err = b.fresh(n, 0, model); err != nil {
			return cost{}, err
		}
		return run(dir, b.larder, "validate", "-q")
	})
	if err != nil {
		return err
	}
	line(name+": validate", c, 0, goal)
	edits := 0
	c, err = best(func() (cost, error) {
		edits++
		last := fmt.Sprintf("m%05d.sql", n-1)
		edited := strings.Replace(model(n-1), "select id", fmt.Sprintf("select %d as edited, id", edits), 1)
		if err := os.WriteFile(filepath.Join(dir, "models", "mart", last), []byte(edited), 0o644); err != nil {
			return cost{}, err
		}
		return run(dir, b.larder, "validate", "-q")
	})
	if err != nil {
		return err
	}
	line(name+": validate after one edit", c, 0, "0.3 s for 1000")
	return nil
}

// runBare runs the statements of a file one after the other on one connection.
func runBare(ctx context.Context, path string) (err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "larder-bare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	db, err := sql.Open("duckdb", filepath.Join(dir, "bare.duckdb"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	for statement := range strings.SplitSeq(string(text), ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if err := runOne(ctx, db, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// runOne runs a statement and reads its whole answer.
func runOne(ctx context.Context, db *sql.DB, statement string) error {
	rows, err := db.QueryContext(ctx, statement)
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return errors.Join(rows.Err(), rows.Close())
}
