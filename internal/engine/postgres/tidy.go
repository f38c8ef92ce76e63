package postgres

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larder-data/larder/internal/engine"
)

// stale are the tables that were emptied and filled: until they are vacuumed
// they hold the old rows too, and the planner knows them as they were.
type stale struct {
	mu     sync.Mutex
	tables map[engine.Relation]bool
}

// worthIt is how many rows a table has for which a look at it is worth its time.
const worthIt = 10_000

func (s *stale) add(r engine.Relation, rows int64) {
	if rows < worthIt {
		return // the server's own vacuum will do
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tables == nil {
		s.tables = map[engine.Relation]bool{}
	}
	s.tables[r] = true
}

func (s *stale) take() []engine.Relation {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []engine.Relation
	for r := range s.tables {
		out = append(out, r)
	}
	s.tables = nil
	return out
}

// Tidy vacuums what was filled anew. A table somebody drops meanwhile, or holds
// on to, is left to the server's own vacuum.
func (e *Engine) Tidy(ctx context.Context) error {
	tables := e.written.take()
	if len(tables) == 0 {
		return nil
	}
	return e.with(ctx, func(ctx context.Context, on *pgconn.PgConn) error {
		for _, r := range tables {
			if _, err := exec(ctx, on, "VACUUM (ANALYZE, SKIP_LOCKED) "+r.String()); err != nil && ctx.Err() != nil {
				return err
			}
		}
		return nil
	})
}

// refresh lets the planner know a large table that was just filled: whatever is
// built from it next is planned with it. A failure costs time at most.
func refresh(ctx context.Context, on *pgconn.PgConn, r engine.Relation, rows int64) {
	if rows >= worthIt {
		_, _ = exec(ctx, on, "ANALYZE "+r.String()) // see above
	}
}
