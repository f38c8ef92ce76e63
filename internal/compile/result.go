package compile

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// Dialect names what binds the SQL and how its meaning is fingerprinted.
func (r *Result) Dialect() string { return Dialect() }

// Close gives back the shadow catalog. Closing twice is no error.
func (r *Result) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var err error
	if r.binder != nil {
		err = r.binder.close()
	}
	r.binder = nil
	return errors.Join(err, r.c.close())
}

// session returns the session for binding; the lock must be held.
func (r *Result) session(ctx context.Context) (*session, error) {
	if r.binder != nil {
		return r.binder, nil
	}
	shadow, err := r.c.open(ctx)
	if err == nil {
		r.binder, err = shadow.session(ctx)
	}
	return r.binder, err
}

// Bind returns the columns a query over the project's datasets would return.
// Parameters are allowed as in models. Errors are Invalid and without a place,
// except when ctx ended.
func (r *Result) Bind(ctx context.Context, sql string) ([]table.Column, error) {
	st := readStatement(sql, r.c.in.Params)
	if len(st.problems) > 0 {
		return nil, st.problems[0].plain()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.session(ctx)
	if err != nil {
		return nil, err
	}
	upstreams := r.c.mentionedBy(sql)
	for _, key := range sortedKeys(upstreams) {
		if err := s.ensure(ctx, upstreams[key].dataset, upstreams[key].columns); err != nil {
			return nil, err
		}
	}
	if err := s.functions(ctx, sql); err != nil {
		return nil, err
	}
	answer, err := s.serialize(ctx, s.plan, st.wrapped())
	if err != nil {
		return nil, err
	}
	if answer.get("error").yes() {
		return nil, st.explain(readRefusal(answer), r.c.scope(upstreams)).plain()
	}
	var out bound
	if err := s.output(ctx, st, answer.get("plans").first(), &out); err != nil {
		return nil, err
	}
	return out.columns, nil
}

// Lineage returns, for each column a query over the project's datasets would
// return, the columns of datasets its values come from. Errors are as Bind's.
func (r *Result) Lineage(ctx context.Context, sql string) ([]Edge, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.session(ctx)
	if err != nil {
		return nil, err
	}
	upstreams := r.c.mentionedBy(sql)
	b, err := s.bind(ctx, asked{
		sql: sql, params: r.c.in.Params, upstreams: upstreams, scope: func() scope { return r.c.scope(upstreams) },
	})
	if err != nil {
		return nil, err
	}
	if len(b.problems) > 0 {
		return nil, b.problems[0].plain()
	}
	return r.c.resolved(b.lineage), nil
}

// plain makes an error of a problem that has no place in a file.
func (p problem) plain() error {
	return (&fault.Error{Kind: fault.Invalid, Err: errors.New(p.message)}).WithHint("%s", p.hint)
}

// mentionedBy returns the datasets a text mentions.
func (c *compiler) mentionedBy(sql string) map[string]upstream {
	j := &job{model: &Model{SQL: sql}}
	c.mentions(j)
	out := make(map[string]upstream, len(j.candidates))
	for _, key := range j.candidates {
		if up, ok := c.upstreams[key]; ok {
			out[key] = up
		}
	}
	return out
}

// Rebind returns the fingerprint that a text stored earlier has under this
// engine, over the upstream columns stored with it and with m's settings. It
// tells whether a new engine or a new way of fingerprinting changed anything.
func (r *Result) Rebind(ctx context.Context, m Model, sql string, upstreams map[string][]table.Column) (string, error) {
	known := make(map[string]upstream, len(upstreams))
	for dataset, columns := range upstreams {
		known[strings.ToLower(dataset)] = upstream{dataset: dataset, columns: columns}
	}
	if _, dialect := m.runs(r.c.in.Engine); dialect != "" {
		return r.c.foreign(sql, dialect).fingerprint(r.c.in, &m, known, r.Graph.Nodes[m.Dataset].Columns), nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.session(ctx)
	if err != nil {
		return "", err
	}
	b, err := s.bind(ctx, asked{
		sql: sql, params: r.c.in.Params, settings: m.Settings, view: m.View, upstreams: known,
		scope: func() scope { return scope{datasets: slices.Sorted(maps.Keys(upstreams))} },
	})
	if err != nil {
		return "", fault.Wrap("model "+m.Dataset, err)
	}
	if len(b.problems) > 0 {
		var list fault.List
		for _, p := range b.problems {
			list = append(list, p.fault(&Model{Dataset: m.Dataset, Where: m.Where}))
		}
		return "", list.Err()
	}
	return b.fingerprint, nil
}
