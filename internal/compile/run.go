package compile

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/larder-data/larder/internal/fault"
)

// Options say how to compile.
type Options struct {
	Cache   Cache  // nil: everything is compiled anew
	Version string // of the program: what another one kept in the Cache is compiled anew
	Workers int    // models bound at once; 0: one per processor, four at most
}

// Result is a compiled project, with the shadow catalog kept open for binding
// more against it.
type Result struct {
	Graph *Graph
	c     *compiler

	mu     sync.Mutex // binding takes turns
	binder *session
}

var (
	errName  = errors.New("a dataset's name has two parts")
	errTaken = errors.New("there is a dataset of that name already")
)

func errCycle(names []string) error {
	if len(names) == 2 {
		return fmt.Errorf("the model reads itself")
	}
	return fmt.Errorf("models read each other in a circle: %s", strings.Join(names, " -> "))
}

// Compile binds all models and returns what the project means. When something
// is wrong with it the error is a fault.List of everything that is, each with
// its place, and the Result holds the part that is right; models that only
// depend on wrong ones are named in a hint and not accused themselves. When
// compiling itself fails, or ctx ends, there is no Result.
func Compile(ctx context.Context, in Input, opts Options) (*Result, error) {
	c := &compiler{
		in: in, cache: opts.Cache, version: opts.Version, workers: opts.Workers,
		places: map[string]fault.Place{}, jobs: map[string]*job{},
		nodes: map[string]*Node{}, upstreams: map[string]upstream{}, companions: map[string]string{},
	}
	if isNil(c.cache) {
		c.cache = nil
	}
	if c.workers <= 0 {
		c.workers = min(runtime.GOMAXPROCS(0), 4)
	}
	c.survey()
	err := c.untangle(ctx)
	if err == nil {
		err = c.compile(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	if keeper, ok := c.cache.(interface{ Flush() error }); ok {
		// What cannot be kept is compiled again next time: slower, and just as right.
		_ = keeper.Flush()
	}
	c.skipped()
	return &Result{Graph: arrange(c.nodes), c: c}, c.faults.Err()
}

func isNil(c Cache) bool {
	file, ok := c.(*FileCache)
	return ok && file == nil
}

// compiler is one call of Compile, and afterwards what binding needs.
type compiler struct {
	in      Input
	cache   Cache
	version string
	workers int
	tokens  []token

	datasets   []string               // all names, as written
	places     map[string]fault.Place // by lower-case dataset
	jobs       map[string]*job        // models by lower-case dataset
	nodes      map[string]*Node       // what is settled, by dataset
	upstreams  map[string]upstream    // the same from downstream, by lower-case dataset
	companions map[string]string      // by lower-case companion: the model it stands beside
	faults     fault.List

	mu     sync.Mutex
	shadow *shadow
	own    *session
}

func (c *compiler) fail(e *fault.Error) { c.faults = append(c.faults, e) }

// settle makes a finished dataset known to those that read it.
func (c *compiler) settle(n *Node, money map[string]string) {
	c.resolve(n)
	c.nodes[n.Dataset] = n
	key := strings.ToLower(n.Dataset)
	c.upstreams[key] = upstream{n.Dataset, n.Columns, money, summary(n.Dataset, n.Columns, money)}
	c.withCompanion(n, money)
}

// open opens the shadow catalog when it is first needed: with everything in the
// cache it never is.
func (c *compiler) open(ctx context.Context) (*shadow, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shadow != nil {
		return c.shadow, nil
	}
	var err error
	c.shadow, err = openShadow(ctx, c.in.TimeZone)
	return c.shadow, err
}

// session returns the compiler's own session.
func (c *compiler) session(ctx context.Context) (*session, error) {
	if c.own != nil {
		return c.own, nil
	}
	shadow, err := c.open(ctx)
	if err == nil {
		c.own, err = shadow.session(ctx)
	}
	return c.own, err
}

func (c *compiler) close() error {
	var errs []error
	if c.own != nil {
		errs = append(errs, c.own.close())
	}
	if c.shadow != nil {
		errs = append(errs, c.shadow.close())
	}
	c.own, c.shadow = nil, nil
	return errors.Join(errs...)
}

// compile settles all models, upstream first. What the cache knows is settled
// at once; the rest is bound by workers.
func (c *compiler) compile(ctx context.Context) error {
	users := map[string][]string{}
	ready := &nameHeap{}
	for key, j := range c.jobs {
		for _, up := range j.candidates {
			if c.jobs[up] != nil && up != key {
				users[up] = append(users[up], key)
				j.waits++
			}
		}
		if j.waits == 0 {
			*ready = append(*ready, key)
		}
	}
	heap.Init(ready)
	p := newPool(ctx, c)
	defer p.stop()
	done := func(key string) {
		for _, user := range users[key] {
			if c.jobs[user].waits--; c.jobs[user].waits == 0 {
				heap.Push(ready, user)
			}
		}
	}
	for ready.Len() > 0 || p.running > 0 {
		if err := ctx.Err(); err != nil {
			return fault.New(fault.Interrupted, "%w", err)
		}
		if ready.Len() > 0 {
			key := heap.Pop(ready).(string)
			t, err := c.task(ctx, key)
			switch {
			case err != nil:
				return err
			case t == nil:
				done(key)
			default:
				p.give(t)
			}
			continue
		}
		out, err := p.take()
		if err != nil {
			return err
		}
		c.accept(out)
		done(out.key)
	}
	return nil
}

// task prepares a model for binding; nil when there is nothing to bind because
// the cache knows it, something it reads is wrong, or it is for another engine.
func (c *compiler) task(ctx context.Context, key string) (*task, error) {
	j := c.jobs[key]
	if j.failed {
		return nil, nil
	}
	if slices.ContainsFunc(j.candidates, c.isWrong) {
		if err := c.refine(ctx, j); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(j.candidates, c.isWrong) {
			j.failed = true
			return nil, nil
		}
	}
	t := &task{key: key, model: j.model, upstreams: make(map[string]upstream, len(j.candidates))}
	for _, up := range j.candidates {
		if known, ok := c.upstreams[up]; ok && up != key {
			t.upstreams[up] = known
		}
	}
	if j.model.Dialect != "" {
		c.accept(c.describe(t))
		return nil, nil
	}
	if c.cache == nil {
		return t, nil
	}
	t.kept = c.cacheKey(j.model, j.params, t.upstreams)
	if data, ok := c.cache.Get(t.kept); ok {
		if e, err := decodeEntry(data); err == nil {
			c.take(e, j.model)
			return nil, nil
		}
	}
	return t, nil
}

func (c *compiler) isWrong(key string) bool { return c.jobs[key] != nil && c.jobs[key].failed }

func (c *compiler) accept(out outcome) {
	if len(out.faults) > 0 {
		c.faults = append(c.faults, out.faults...)
		c.jobs[out.key].failed, c.jobs[out.key].accused = true, true
		return
	}
	if c.cache != nil && out.kept != "" {
		c.cache.Put(out.kept, out.entry.encode())
	}
	c.take(out.entry, c.jobs[out.key].model)
}

// take settles a model that is right in itself, and tells what engines of other
// targets refuse.
func (c *compiler) take(e *entry, m *Model) {
	c.settle(e.node(m, c.in.Engine), e.money)
	for _, p := range e.refused {
		c.fail(p.fault(m))
	}
}

// skipped says once which models were not looked at because something they
// read is wrong, in the hint of the first thing that is.
func (c *compiler) skipped() {
	var names []string
	for _, key := range sortedKeys(c.jobs) {
		if j := c.jobs[key]; j.failed && !j.accused {
			names = append(names, j.model.Dataset)
		}
	}
	if len(names) == 0 || len(c.faults) == 0 {
		return
	}
	note := "not looked at, because it reads this: " + names[0]
	if len(names) > 1 {
		note = fmt.Sprintf("not looked at, because they depend on what is wrong: %s", strings.Join(names[:min(len(names), 5)], ", "))
	}
	if len(names) > 5 {
		note += fmt.Sprintf(" and %d more", len(names)-5)
	}
	first := c.faults[0]
	first.Hint = strings.TrimPrefix(first.Hint+"; "+note, "; ")
}
