package build

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// Report is how a run went.
type Report struct {
	Run     state.Run
	Steps   []state.Step
	Results []state.Result
}

// execution is one run of a plan. Steps wait in a ready queue fed as their
// inputs finish; nothing is scanned again to find the next one.
type execution struct {
	b       *Builder
	plan    Plan
	run     state.Run
	waiting map[string][]string // dataset -> steps that wait for it
	steps   map[string]Step

	mu      sync.Mutex
	pending map[string]int    // inputs a step still waits for
	stopped map[string]string // dataset -> the held or failed dataset it waits for
	current map[string]state.Entry
	records []state.Step
	results []state.Result
	left    int
	ready   chan string // holds every step at most once; closed after the last
}

// Execute runs the plan under the run's identity and returns how it went. A
// step that is held or fails stops what depends on it and nothing else. The
// error is the run's own: the store or the warehouse broke, or ctx ended; the
// outcome of the steps is in the report.
func (b *Builder) Execute(ctx context.Context, plan Plan, run state.Run, workers int) (Report, error) {
	x := newExecution(b, plan, run)
	if err := b.Store.StartRun(ctx, x.run); err != nil {
		return Report{}, fault.Wrap("journal", err)
	}
	err := b.Store.SaveSteps(ctx, x.planned())
	if err == nil {
		err = x.work(ctx, max(1, min(workers, b.Engine.Capabilities().Parallel)))
	}
	x.finish(ctx, err)
	// The journal must be told even when the run was interrupted.
	if saveErr := b.Store.FinishRun(context.WithoutCancel(ctx), x.run); err == nil {
		err = fault.Wrap("journal", saveErr)
	}
	return Report{Run: x.run, Steps: x.records, Results: x.results}, err
}

func newExecution(b *Builder, plan Plan, run state.Run) *execution {
	run.Env, run.AsOf, run.Started, run.Outcome = b.Env, plan.AsOf, b.Now(), state.Running
	x := &execution{
		b: b, plan: plan, run: run, left: len(plan.Steps),
		waiting: map[string][]string{}, steps: map[string]Step{}, pending: map[string]int{},
		stopped: map[string]string{}, current: map[string]state.Entry{},
		ready: make(chan string, len(plan.Steps)),
	}
	for dataset, entry := range plan.current {
		x.current[dataset] = entry
	}
	for _, step := range plan.Steps {
		x.steps[step.Dataset] = step
		before := slices.Concat(step.After, step.Beside)
		x.pending[step.Dataset] = len(before)
		for _, input := range before {
			x.waiting[input] = append(x.waiting[input], step.Dataset)
		}
		if len(before) == 0 {
			x.ready <- step.Dataset
		}
	}
	if x.left == 0 {
		close(x.ready)
	}
	return x
}

// planned is the plan as the journal remembers it before anything ran.
func (x *execution) planned() []state.Step {
	steps := make([]state.Step, len(x.plan.Steps))
	for i, s := range x.plan.Steps {
		steps[i] = state.Step{Run: x.run.ID, Dataset: s.Dataset, Action: string(s.Action), Reason: s.Why(), Outcome: state.Running}
	}
	return steps
}

// work runs steps until none is left or the run itself cannot go on.
func (x *execution) work(ctx context.Context, workers int) error {
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		group.Go(func() error {
			for {
				select {
				case <-ctx.Done():
					return fault.New(fault.Interrupted, "the run was stopped: %w", context.Cause(ctx))
				case dataset, more := <-x.ready:
					if !more {
						return nil
					}
					if err := x.several(ctx, x.take(x.steps[dataset])); err != nil {
						return err
					}
				}
			}
		})
	}
	return group.Wait()
}

// finished is a step that ended, before it is written down.
type finished struct {
	step   Step
	record state.Step
	done   outcome
}

// several runs steps, or marks those blocked of which something upstream did not
// make it, writes them down together, and lets the steps that waited go on.
func (x *execution) several(ctx context.Context, steps []Step) error {
	all := make([]finished, len(steps))
	var makings []*making
	for i, step := range steps {
		all[i] = finished{step: step, record: state.Step{
			Run: x.run.ID, Dataset: step.Dataset, Action: string(step.Action), Reason: step.Why(),
			Started: x.b.Now(), Attempts: 1, Outcome: state.Done,
		}}
		if blocker := x.blocker(step); blocker != "" {
			all[i].record.Outcome, all[i].record.Attempts = state.Blocked, 0
			all[i].record.Error = "waits for " + blocker
			continue
		}
		x.observe(Event{Kind: StepStarted, Step: step})
		if len(steps) > 1 {
			makings = append(makings, x.prepare(ctx, step, &all[i]))
		} else {
			x.alone(ctx, &all[i])
		}
	}
	x.together(ctx, makings)
	for i := range all {
		all[i].record.Finished = x.b.Now()
	}
	if err := x.save(ctx, all); err != nil {
		return err
	}
	x.forgetRejects(ctx, all)
	for _, f := range all {
		if f.record.Outcome == state.Interrupted {
			return f.done.err
		}
	}
	return nil
}

// alone runs a step by itself.
func (x *execution) alone(ctx context.Context, f *finished) {
	f.done = x.attempt(ctx, f.step, &f.record)
	x.judge(ctx, &f.record, f.done)
}

// blocker returns the dataset that was held or failed upstream of the step.
func (x *execution) blocker(step Step) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, input := range step.After {
		if root, ok := x.stopped[input]; ok {
			return root
		}
	}
	return ""
}

// attempt runs the step, again after a pause when somebody else was in the way.
func (x *execution) attempt(ctx context.Context, step Step, record *state.Step) outcome {
	pause := cmp.Or(x.b.Pause, 100*time.Millisecond)
	for {
		done := x.perform(ctx, step)
		if !passing(done.err) || record.Attempts == 3 {
			return done
		}
		if done.settled != nil { // the next attempt has an entry of its own
			_ = x.b.Store.Commit(context.WithoutCancel(ctx), &state.Batch{Settlements: []state.Settlement{*done.settled}})
		}
		record.Attempts++
		select {
		case <-ctx.Done():
			return done
		case <-time.After(pause):
			pause *= 4
		}
	}
}

// passing reports whether trying again may help.
func passing(err error) bool {
	kind := fault.KindOf(err)
	return err != nil && (kind == fault.Busy || kind == fault.Unreachable)
}

// judge turns what happened into the step's record.
func (x *execution) judge(ctx context.Context, record *state.Step, done outcome) {
	record.Rows, record.Version, record.Detail = done.rows, done.entry.Version, detail(done.entry)
	if done.err == nil {
		return
	}
	record.Hint = fault.HintOf(done.err)
	record.Error, record.Kind = done.err.Error(), fault.KindOf(done.err).String()
	switch {
	case ctx.Err() != nil:
		record.Outcome = state.Interrupted
	case fault.KindOf(done.err) == fault.Held:
		record.Outcome = state.HeldBack
	default:
		record.Outcome = state.Errored
	}
}

// save writes steps, their check results and what became of their ledger
// entries down in one act, and releases what waited for them.
func (x *execution) save(ctx context.Context, all []finished) error {
	var batch state.Batch
	for _, f := range all {
		batch.Steps = append(batch.Steps, f.record)
		batch.Results = append(batch.Results, f.done.results...)
		if f.done.settled != nil {
			batch.Settlements = append(batch.Settlements, *f.done.settled)
		}
	}
	if err := x.b.Store.Commit(context.WithoutCancel(ctx), &batch); err != nil {
		return fault.Wrap("journal", err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, f := range all {
		x.records = append(x.records, f.record)
		x.results = append(x.results, f.done.results...)
		if f.done.entry.Version > 0 {
			x.current[f.step.Dataset] = f.done.entry
		}
		x.release(f.step, f.record)
		if x.b.Observe != nil {
			x.b.Observe(Event{
				Kind: StepFinished, Step: f.step, Record: f.record, Results: f.done.results, Notes: f.done.notes,
				Done: len(x.records), Total: len(x.plan.Steps),
			})
		}
	}
	return nil
}

// release lets the steps that waited for this one go on. The caller holds mu.
func (x *execution) release(step Step, record state.Step) {
	switch record.Outcome {
	case state.HeldBack, state.Errored:
		// A check of what is published judges; it takes nothing away from readers.
		if step.Action != Check {
			x.stopped[step.Dataset] = step.Dataset
		}
	case state.Blocked:
		for _, input := range step.After {
			if root, ok := x.stopped[input]; ok {
				x.stopped[step.Dataset] = root
			}
		}
	}
	for _, next := range x.waiting[step.Dataset] {
		if x.pending[next]--; x.pending[next] == 0 {
			x.ready <- next
		}
	}
	if x.left--; x.left == 0 {
		close(x.ready)
	}
}

func (x *execution) observe(e Event) {
	if x.b.Observe == nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	e.Done, e.Total = len(x.records), len(x.plan.Steps)
	x.b.Observe(e)
}

// finish decides how the run as a whole ended.
func (x *execution) finish(ctx context.Context, err error) {
	x.run.Finished, x.run.Outcome = x.b.Now(), state.Done
	for _, record := range x.records {
		switch record.Outcome {
		case state.Errored:
			x.run.Outcome = state.Errored
		case state.HeldBack, state.Blocked:
			if x.run.Outcome == state.Done {
				x.run.Outcome = state.HeldBack
			}
		}
	}
	if err != nil {
		x.run.Outcome, x.run.Error = state.Errored, err.Error()
	}
	if ctx.Err() != nil {
		x.run.Outcome = state.Interrupted
	}
}
