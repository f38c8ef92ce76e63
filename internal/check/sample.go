package check

import (
	"context"
	"errors"
	"fmt"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/state"
)

const mostSamples = 20 // failing rows kept in a result

// fetchSample adds some failing rows to a result. A sample that cannot be had
// is said in the message; the verdict stands.
func (c *Checker) fetchSample(ctx context.Context, s scope, p *probe, r *state.Result) error {
	sql := fmt.Sprintf("%s limit %d", p.sample, mostSamples)
	batch, err := engine.ReadAll(ctx, c.Engine, sql, mostSamples)
	if err != nil {
		if ctx.Err() != nil || interrupts(err) {
			return errors.Join(err, ctx.Err())
		}
		r.Message += " (no sample: " + s.reason(err) + ")"
		return nil
	}
	if p.derived {
		s.coverQuery(ctx, &batch, p.check.Rule.SQL)
	} else {
		s.cover(&batch)
	}
	r.Samples = &batch
	return nil
}
