package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larder-data/larder/internal/engine"
)

// keeper shows other Larders in the database which runs are alive, so that none
// sweeps away what another has staged: it holds a shared advisory lock for each
// run on a connection of its own. The server drops the locks with the
// connection, however its process ended.
type keeper struct {
	config *pgx.ConnConfig

	mu   sync.Mutex
	conn *pgconn.PgConn
	runs map[string]bool
}

// lockOf is the advisory lock of a run, as SQL.
func lockOf(run string) string {
	return "hashtextextended(" + engine.Literal("larder run "+run) + ", 0)"
}

// hold makes the run known as alive. The connection may have been lost, without
// anybody noticing, since it was last used: runs held before are held again.
func (k *keeper) hold(ctx context.Context, run string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conn == nil || k.conn.Ping(ctx) != nil {
		if err := k.connect(ctx); err != nil {
			return err
		}
	}
	if k.runs[run] {
		return nil
	}
	if err := k.take(ctx, run); err != nil {
		return err
	}
	if k.runs == nil {
		k.runs = map[string]bool{}
	}
	k.runs[run] = true
	return nil
}

// connect replaces the connection by one that holds what the last one held.
func (k *keeper) connect(ctx context.Context) error {
	k.drop()
	conn, err := pgconn.ConnectConfig(ctx, &k.config.Config)
	if err != nil {
		return err
	}
	k.conn = conn
	for known := range k.runs {
		if err := k.take(ctx, known); err != nil {
			k.drop() // rather than to hold some of them
			return err
		}
	}
	return nil
}

func (k *keeper) take(ctx context.Context, run string) error {
	_, err := exec(ctx, k.conn, "SELECT pg_advisory_lock_shared("+lockOf(run)+")")
	return err
}

// own reports whether the run is one of this engine's.
func (k *keeper) own(run string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.runs[run]
}

// close lets go of all runs.
func (k *keeper) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.drop()
}

// drop gives the connection up. The locks end with it, one way or the other.
func (k *keeper) drop() {
	if k.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = k.conn.Close(ctx)
	k.conn = nil
}

// elsewhere reports whether another Larder holds the run.
func elsewhere(ctx context.Context, on *pgconn.PgConn, run string) (bool, error) {
	free, err := texts(ctx, on, "SELECT pg_try_advisory_lock("+lockOf(run)+")")
	if err != nil {
		return false, err
	}
	if free[0][0] != "t" {
		return true, nil
	}
	_, err = exec(ctx, on, "SELECT pg_advisory_unlock("+lockOf(run)+")")
	return false, err
}
