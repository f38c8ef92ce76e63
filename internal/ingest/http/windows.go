package http

import (
	"context"
	"time"

	"github.com/larder-data/larder/internal/fault"
)

// window is a half-open span of time.
type window struct{ from, to time.Time }

// all are the windows from the start until now, the running one included.
func (s *settings) all(now time.Time) []window {
	var out []window
	of := s.Windows.Of.Value
	for from := s.start; !from.After(now); from = from.Add(of) {
		out = append(out, window{from, from.Add(of)})
	}
	return out
}

// name is the load's name: the day, or the span.
func (s *settings) windowName(w window) string {
	switch {
	case s.Windows.Of.Value == day && w.from.UTC().Truncate(day).Equal(w.from):
		return w.from.Format(time.DateOnly)
	case s.Windows.Of.Value%day == 0:
		return w.from.Format(time.DateOnly) + " to " + w.to.Format(time.DateOnly)
	}
	return w.from.Format(time.RFC3339) + " to " + w.to.Format(time.RFC3339)
}

// windowPoint asks for a window.
func (s *settings) windowPoint(w window) point {
	as := s.Windows.As.Value
	params := map[string]string{s.Windows.FromParam.Value: written(w.from, as)}
	if s.Windows.ToParam.Given() {
		to := w.to
		if s.Windows.To.Value == "inclusive" {
			to = to.Add(-day)
		}
		params[s.Windows.ToParam.Value] = written(to, as)
	}
	return point{params: params, numbers: as == "unix" || as == "unix_ms"}
}

// windows asks for the windows that are due: those without a load, and those
// that were not over, with their lookback, when last something came. Each is a
// load of its own.
func (a *asking) windows(ctx context.Context) error {
	s := a.span()
	was := positionOf(a.past.Position())
	last := time.Time{}
	for _, load := range a.past.Loads {
		if load.LoadedAt.After(last) {
			last = load.LoadedAt
		}
	}
	whole := len(a.past.Loads) == 0 || a.due(was.Whole)
	now := position{Whole: was.Whole}
	if whole {
		now.Whole = a.past.Now.UTC()
	}
	for _, w := range s.all(a.past.Now) {
		name := s.windowName(w)
		load, there := a.past.Load(name)
		if there && !whole && w.to.Add(s.Windows.Lookback.Value).Before(last) {
			continue
		}
		f, err := a.fetch(ctx, s.windowPoint(w), a.into, 0)
		if err != nil {
			return fault.Wrap(name, err)
		}
		if f.sum.count == 0 && there && load.Rows > 0 && f.completeness.By == "unproven" {
			subject := walk{client: a.client}
			return a.tell(subject.subject(), fault.New(fault.Held, "it answers with no record for %s; the load before had %d", name, load.Rows).
				WithHint("the last good data stays; if there is really nothing left, total: lets the service say so"))
		}
		if f.sum.count == 0 && !there && w.to.After(a.past.Now) {
			continue // it has only begun
		}
		b := a.batch(name, f)
		b.Window, b.Position = name, now.String()
		if err := a.to.Take(ctx, b); err != nil {
			return err
		}
	}
	return nil
}
