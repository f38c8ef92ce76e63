package duckdb

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/table"
)

// backlog counts what was written since the last checkpoint. Bulk writes
// bypass the write-ahead log, so DuckDB's own trigger, the size of that log,
// never sees them, and the space of replaced tables would never be used again.
type backlog struct {
	mu    sync.Mutex
	cells int64
}

// checkpointCells is how much may be written before a checkpoint, about a
// quarter of a gigabyte before compression. DuckDB could count entries of its
// log instead; but a checkpoint costs about a millisecond a table, which many
// small models would pay over and over.
const checkpointCells = 32 << 20

// wrote counts, and checkpoints when enough was written. An open writer keeps
// the checkpoint from happening, which the next one makes up for.
func (e *Engine) wrote(ctx context.Context, rows int64, columns []table.Column) {
	b := &e.written
	b.mu.Lock()
	b.cells += cells(rows, columns)
	due := b.cells >= checkpointCells
	if due {
		b.cells = 0
	}
	b.mu.Unlock()
	if due && e.checkpoint(ctx) != nil {
		b.mu.Lock()
		b.cells += checkpointCells / 2
		b.mu.Unlock()
	}
}

func (e *Engine) checkpoint(ctx context.Context) error {
	return e.exec(ctx, "CHECKPOINT "+engine.Quote(catalogName))
}

// Tidy brings the file to a clean checkpoint, so that it is small and opens at
// once. Whoever is at work in the file may keep it from that: it is tried a
// few times, and then left to the next one.
func (e *Engine) Tidy(ctx context.Context) error {
	const tries, pause = 4, 50 * time.Millisecond
	for try := 1; ; try++ {
		err := e.checkpoint(ctx)
		if err == nil {
			return nil
		}
		if !strings.Contains(err.Error(), "Cannot CHECKPOINT") {
			return explain("checkpoint", err)
		}
		if try == tries {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return explain("checkpoint", ctx.Err())
		}
	}
}

// setThreads turns DuckDB's own threads on or off.
func (e *Engine) setThreads(on bool) error {
	external := e.settings.threads()
	if on {
		external = 1
	}
	return e.with(context.Background(), func(ctx context.Context, s *session) error {
		found, err := s.conn.QueryContext(ctx, "SET GLOBAL external_threads = "+itoa(external), nil)
		if err != nil {
			return err
		}
		return found.Close()
	})
}
