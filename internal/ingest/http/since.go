package http

import (
	"context"
	"encoding/json"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/larder-data/larder/internal/fault"
)

// position is where a table was left off, as its loads keep it.
type position struct {
	At    string    `json:"at,omitempty"`     // the newest position there was
	From  string    `json:"from,omitempty"`   // what is asked for next
	Tail  string    `json:"tail,omitempty"`   // the hash of the records from there on
	Past  string    `json:"beyond,omitempty"` // the hash of those after it: a service may leave out the first
	Whole time.Time `json:"whole,omitzero"`   // when everything was asked for
}

// positionOf reads a load's position; what another version wrote is none.
func positionOf(written string) position {
	var p position
	if json.Unmarshal([]byte(written), &p) != nil {
		return position{}
	}
	return p
}

func (p position) String() string {
	text, _ := encodeJSON(p) // strings and a time
	return string(text)
}

// sincePoint is what asks for the records since a position, and the position
// as it is sent; whole asks for everything.
func (s *settings) sincePoint(at moment, whole bool) (point, moment, error) {
	from := moment{}
	if s.Since.Start.Given() {
		from, _ = momentOf(s.Since.Start.Value)
	}
	if at.text != "" && !whole {
		var err error
		if from, err = shift(s.Since.Lookback.Value, at); err != nil {
			return point{}, from, err
		}
	}
	if from.text == "" {
		return point{}, from, nil
	}
	from, err := from.as(s.Since.As.Value)
	if err != nil {
		return point{}, from, err
	}
	number := from.number != nil || s.Since.As.Value == "unix" || s.Since.As.Value == "unix_ms"
	return point{params: map[string]string{s.Since.Param.Value: from.text}, numbers: number}, from, nil
}

// since asks for what changed. Everything is asked for at first, and when a
// reread is due; that load replaces all before it.
func (a *asking) since(ctx context.Context) error {
	s := a.span()
	was := positionOf(a.past.Position())
	at, _ := momentOf(was.At)
	again := at.text != "" && a.due(was.Whole)
	whole := at.text == "" || again || a.past.Whole
	p, from, err := s.sincePoint(at, whole)
	if err != nil {
		return err
	}
	f, err := a.fetch(ctx, p, a.into, 0)
	if err != nil {
		return err
	}
	if hash := f.sum.String(); !whole && (hash == was.Tail || hash == was.Past || f.sum.count == 0) {
		return nil // exactly what was known
	}
	if f.sum.count == 0 && len(a.past.Loads) == 0 {
		a.to.Note("there are no records yet")
		return nil
	}
	if f.sum.count > 0 && f.most.text == "" && a.parent == nil {
		w := walk{client: a.client}
		return a.tell(w.subject(), fault.New(fault.Held, "no record has a position at %s", s.Since.Column.Value).WithHint("check column: of since"))
	}
	next := position{At: at.text, Whole: was.Whole}
	if f.most.text != "" && (at.text == "" || f.most.compare(at) > 0) {
		next.At = f.most.text
	}
	if whole {
		next.Whole = a.past.Now.UTC()
	}
	if err := a.remember(&next, f); err != nil {
		return err
	}
	name := "since " + from.text
	if from.text == "" {
		name = "from the beginning"
	}
	b := a.batch(name, f)
	if b.Window, b.Position = name, next.String(); whole && len(a.past.Loads) > 0 {
		b.Name, b.Whole = "everything on "+next.Whole.Format("2006-01-02 15:04:05"), true
	}
	return a.to.Take(ctx, b)
}

// due reports whether everything is to be asked for again.
func (a *asking) due(last time.Time) bool {
	every := a.Reread.Value
	return a.past.Whole || every > 0 && a.past.Now.Sub(last) >= every
}

// remember keeps the hashes of the records the next question will bring again.
func (a *asking) remember(next *position, f fetched) error {
	at, ok := momentOf(next.At)
	if !ok || a.parent != nil {
		return nil
	}
	_, from, err := a.sincePoint(at, false)
	if err != nil {
		return err
	}
	next.From = from.text
	var tail, beyond sum
	err = f.spool.each(func(value map[string]any) error {
		m, ok := momentOf(a.settings.since.of(value))
		if !ok || m.compare(from) < 0 {
			return nil
		}
		text, err := encodeJSON(value)
		if err != nil {
			return err
		}
		hash := xxh3.Hash128(text)
		if tail.add(hash); m.compare(from) > 0 {
			beyond.add(hash)
		}
		return nil
	})
	next.Tail, next.Past = tail.String(), beyond.String()
	return err
}
