package http

import (
	"context"
	"errors"
	"strconv"

	"github.com/zeebo/xxh3"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
)

// fetched is what one fetch brought, complete.
type fetched struct {
	*spool
	completeness lake.Completeness
	most         moment // the newest position
}

// fromTheStart is how often a fetch is begun whose answers contradict each
// other.
const fromTheStart = 3

// fetch brings all records of a point into the spool, from the start again
// when the answers contradict each other. What stays contradictory is Held.
func (c *client) fetch(ctx context.Context, p point, into *spool, enough int) (fetched, error) {
	for attempt := 1; ; attempt++ {
		f := fetched{spool: into}
		if err := into.reset(); err != nil {
			return f, err
		}
		err := c.all(ctx, p, &f, enough)
		if err == nil || errors.Is(err, errEnough) {
			return f, into.finish()
		}
		var o odd
		var d damaged
		again := errors.As(err, &o) || errors.As(err, &d)
		if again && attempt < fromTheStart {
			if err := c.clock.Wait(ctx, c.clock.backoff(attempt)); err != nil {
				return f, err
			}
			continue
		}
		switch {
		case errors.As(err, &d):
			return f, d.error
		case errors.As(err, &o):
			w := walk{client: c}
			return f, c.tell(w.subject(), fault.New(fault.Held, "%s; asked %d times from the start", o.Error(), fromTheStart).
				WithHint("nothing of it was loaded; the next run asks again; if it stays so, ask the vendor"))
		}
		return f, err
	}
}

// all reads everything of a point once.
func (c *client) all(ctx context.Context, p point, f *fetched, enough int) error {
	var bytes int64
	if c.parent == nil {
		return c.walk(ctx, p, f, &bytes, enough, nil)
	}
	return c.each(ctx, p, f, &bytes, enough)
}

// walk reads all pages of one request into the spool.
func (c *client) walk(ctx context.Context, p point, f *fetched, bytes *int64, enough int, change func(record) (record, error)) error {
	w := &walk{client: c, point: p, bytes: bytes, head: f.columns}
	w.take = func(r record) (xxh3.Uint128, error) {
		hash, err := r.hash() // as the service sent it: pages are compared by it
		if err != nil {
			return hash, err
		}
		if change != nil {
			if r, err = change(r); err != nil {
				return hash, err
			}
		}
		if _, err = f.add(r); err != nil {
			return hash, err
		}
		if c.parent == nil {
			f.reach(c.Since, c.since, r)
		}
		if enough > 0 && f.sum.count >= int64(enough) {
			return hash, errEnough
		}
		return hash, nil
	}
	read := w.pages
	if c.Report != nil {
		read = w.report
	}
	if err := read(ctx); err != nil {
		return err
	}
	f.prove(w.total)
	return nil
}

// reach notes the newest position.
func (f *fetched) reach(s *Since, column path, r record) {
	if s == nil {
		return
	}
	if m, ok := momentOf(column.of(r.value)); ok && (f.most.text == "" || m.compare(f.most) > 0) {
		f.most = m
	}
}

// prove adds what a request's answer said it holds.
func (f *fetched) prove(total string) {
	if total == "" {
		f.completeness = lake.Completeness{By: lake.Unproven}
		return
	}
	if f.completeness.By == lake.Unproven {
		return // one of several requests said nothing
	}
	before, _ := strconv.ParseInt(f.completeness.Said, 10, 64)
	count, err := strconv.ParseInt(total, 10, 64)
	if err != nil {
		f.completeness = lake.Completeness{By: lake.Unproven}
		return
	}
	f.completeness = lake.Completeness{By: lake.ByCount, Said: strconv.FormatInt(before+count, 10)}
}

// each reads the other table's records of a point, and then all pages for each
// of their values.
func (c *client) each(ctx context.Context, p point, f *fetched, bytes *int64, enough int) error {
	parents, err := newSpool(c.parent.Format.Value == "csv")
	if err != nil {
		return err
	}
	defer parents.remove()
	parent := &client{settings: c.parent, service: c.service, clock: c.clock}
	of := fetched{spool: parents}
	if err := parent.walk(ctx, p, &of, bytes, enough, nil); err != nil && !errors.Is(err, errEnough) {
		return err
	}
	if err := parents.finish(); err != nil {
		return err
	}
	f.most = of.most
	f.extra = c.into
	done := map[string]bool{}
	proven := of.completeness
	err = parents.each(func(value map[string]any) error {
		of := words(c.settings.each.of(value))
		if of == "" || done[of] {
			return nil
		}
		done[of] = true
		with := func(r record) (record, error) { return r.with(c.into, of) }
		return c.walk(ctx, point{vars: map[string]string{c.as: of}}, f, bytes, enough, with)
	})
	if len(done) == 0 {
		f.completeness = proven
		if proven.By == lake.ByCount {
			f.completeness.Said = "0"
		}
	} else if proven.By != lake.ByCount {
		f.completeness = lake.Completeness{By: lake.Unproven}
	}
	return err
}
