package engine

import (
	"context"
	"strings"
	"sync"

	"github.com/larder-data/larder/internal/fault"
)

// Life is the time an engine is open: adapters begin every statement in it. Make
// one with NewLife.
type Life struct {
	name       string
	ctx        context.Context
	end        context.CancelFunc
	gate       sync.Mutex // a statement begins, or the end does
	statements sync.WaitGroup
}

// NewLife begins the life of the warehouse with a name people know it by.
func NewLife(name string) *Life {
	l := &Life{name: name}
	l.ctx, l.end = context.WithCancel(context.Background())
	return l
}

// Context ends with the life.
func (l *Life) Context() context.Context { return l.ctx }

// Begin returns a context that also ends with the life, for a statement that is
// over when the function is called. After the end it is Unreachable.
func (l *Life) Begin(ctx context.Context) (context.Context, func(), error) {
	l.gate.Lock()
	defer l.gate.Unlock()
	if l.ctx.Err() != nil {
		return nil, nil, fault.New(fault.Unreachable, "the warehouse %s is closed", l.name)
	}
	l.statements.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(l.ctx, cancel)
	return ctx, func() {
		unhook()
		cancel()
		l.statements.Done()
	}, nil
}

// End stops the statements under way, waits for them, and refuses all others.
func (l *Life) End() {
	l.gate.Lock()
	l.end()
	l.gate.Unlock()
	l.statements.Wait()
}

// Locks serialise work by name, without regard to case, and let other names go
// on. The zero value is ready.
type Locks struct {
	mu   sync.Mutex
	held map[string]*lock
}

type lock struct {
	sync.Mutex
	waiting int
}

// Lock locks a name and returns what unlocks it.
func (l *Locks) Lock(name string) (unlock func()) {
	name = strings.ToLower(name)
	l.mu.Lock()
	if l.held == nil {
		l.held = map[string]*lock{}
	}
	one := l.held[name]
	if one == nil {
		one = &lock{}
		l.held[name] = one
	}
	one.waiting++
	l.mu.Unlock()
	one.Lock()
	return func() {
		one.Unlock()
		l.mu.Lock()
		defer l.mu.Unlock()
		if one.waiting--; one.waiting == 0 {
			delete(l.held, name)
		}
	}
}
