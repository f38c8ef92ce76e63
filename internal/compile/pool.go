package compile

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/fault"
)

// outcome is what a worker found out about a model.
type outcome struct {
	key    string
	entry  *entry
	faults fault.List
	kept   string // the cache key
}

// task is a model to bind, with all it needs.
type task struct {
	key       string
	model     *Model
	upstreams map[string]upstream
	kept      string
}

// pool is the workers that bind.
type pool struct {
	c       *compiler
	ctx     context.Context
	cancel  context.CancelFunc
	group   *errgroup.Group
	tasks   chan *task
	results chan outcome
	errs    chan error
	workers int
	running int // given and not yet taken
}

func newPool(ctx context.Context, c *compiler) *pool {
	ctx, cancel := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	return &pool{
		c: c, ctx: ctx, cancel: cancel, group: group,
		tasks: make(chan *task, len(c.jobs)), results: make(chan outcome, len(c.jobs)), errs: make(chan error, c.workers),
	}
}

// give hands a task to the workers; one more is started while they are few.
func (p *pool) give(t *task) {
	p.running++
	p.tasks <- t // there is room for all
	if p.workers < min(p.c.workers, p.running) {
		p.workers++
		p.group.Go(p.work)
	}
}

func (p *pool) take() (outcome, error) {
	select {
	case out := <-p.results:
		p.running--
		return out, nil
	case err := <-p.errs:
		return outcome{}, err
	}
}

func (p *pool) stop() {
	close(p.tasks)
	p.cancel()
	_ = p.group.Wait() // what went wrong came through errs
}

func (p *pool) work() error {
	err := p.bindAll()
	if err != nil {
		p.errs <- err
	}
	return err
}

func (p *pool) bindAll() error {
	shadow, err := p.c.open(p.ctx)
	if err != nil {
		return err
	}
	s, err := shadow.session(p.ctx)
	if err != nil {
		return err
	}
	for t := range p.tasks {
		out, err := p.c.bind(p.ctx, s, t)
		if err != nil {
			return errors.Join(fault.Wrap("model "+t.model.Dataset, err), s.close())
		}
		p.results <- out
	}
	return s.close()
}

// bind binds a model and holds it against what is declared.
func (c *compiler) bind(ctx context.Context, s *session, t *task) (outcome, error) {
	m := t.model
	out := outcome{key: t.key, kept: t.kept}
	question := asked{
		sql: m.SQL, params: c.in.Params, settings: m.Settings, view: m.View, upstreams: t.upstreams,
		scope: func() scope { return c.scope(t.upstreams).without(m.Dataset) },
	}
	l := c.lintFor(t)
	if l != nil {
		question.look = l.readPlan
	}
	b, err := s.bind(ctx, question)
	if err != nil {
		return out, err
	}
	var warned []problem
	if len(b.columns) > 0 {
		var refused []problem
		refused, warned = b.money(b.statement, m.Columns)
		b.problems = append(b.problems, refused...)
		out.faults = append(promises("model "+m.Dataset, m.Columns, b.columns, m.Where), grains(m, b.columns)...)
	}
	for _, p := range b.problems {
		out.faults = append(out.faults, p.fault(m))
	}
	out.entry = &entry{
		columns: b.columns, lineage: b.lineage, reads: b.reads, fingerprint: b.fingerprint, params: b.params,
		money: moneyOf(m.Columns, b.inherit(t.upstreams)), warnings: append(b.warnings, warned...),
	}
	if len(out.faults) == 0 {
		c.overrides(t, &out)
		if l != nil {
			l.st = b.statement
			err = l.portable(ctx, s, out.entry)
		}
	}
	return out, err
}

// scope is what names in a query could mean. Only errors ask.
func (c *compiler) scope(upstreams map[string]upstream) scope {
	in := scope{datasets: c.datasets}
	for _, key := range sortedKeys(upstreams) {
		in.columns = append(in.columns, columnsOf(upstreams[key].columns)...)
	}
	slices.Sort(in.columns)
	in.columns = slices.Compact(in.columns)
	return in
}
