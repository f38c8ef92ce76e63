package state

import "context"

// Abandoner is the extra power to close the runs of processes that died.
type Abandoner interface {
	// Abandon asks alive about every running run of the environment. A run that
	// is not alive becomes Interrupted, and with it its steps that were running
	// or still waiting. Nobody knows when it died: it counts as finished when it
	// was last heard of. The runs closed so are returned, oldest first.
	Abandon(ctx context.Context, env string, alive func(Run) bool) ([]Run, error)
}
