package postgres

import (
	"context"
	"fmt"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// Publish makes staged rows visible under their real name and writes the
// marker, in one transaction. NotFound says that the staging relation is gone.
func (e *Engine) Publish(ctx context.Context, p engine.Publication) error {
	return e.PublishAll(ctx, []engine.Publication{p})
}

// PublishAll publishes several staging relations in one transaction.
func (e *Engine) PublishAll(ctx context.Context, publications []engine.Publication) error {
	if len(publications) == 0 {
		return nil
	}
	var markers []engine.Marker
	var names, targets []engine.Relation
	for _, p := range publications {
		markers, targets = append(markers, p.Marker), append(targets, p.Staged.Target)
		names = append(names, p.Staged.Relation, p.Staged.Target)
	}
	filled := map[int]bool{}
	err := e.transact(ctx, func(ctx context.Context, t *transaction) error {
		h, err := t.history(ctx, targets, markers...)
		if err != nil {
			return err
		}
		if err := t.mark(ctx, markers); err != nil {
			return err
		}
		found, err := look(ctx, t.ask, names...)
		if err != nil {
			return err
		}
		for i, p := range publications {
			staged, target := found[2*i], found[2*i+1]
			if !staged.there() {
				return fault.New(fault.NotFound, "the staged rows of %s are gone", p.Staged.Target.Dataset())
			}
			if err := t.whole(ctx, p.Staged, staged); err != nil {
				return err
			}
			t.about = p.Staged.Target
			filled[i], err = t.replace(ctx, p.Staged, staged, target, h.succeed(p.Staged.Target, target, p.Marker, p.Keep))
			if err != nil {
				return err
			}
		}
		return nil
	}, e.marked(markers))
	if err != nil {
		return fault.Wrap(subject(markers), err)
	}
	for i, p := range publications {
		if filled[i] {
			e.written.add(p.Staged.Target, p.Staged.Rows)
		}
	}
	return nil
}

func subject(markers []engine.Marker) string {
	if len(markers) == 1 {
		return markers[0].Dataset
	}
	return fmt.Sprintf("%d datasets from %s", len(markers), markers[0].Dataset)
}

// replace gives the staged rows their real name. A table of the same columns is
// emptied and filled, which passes its readers and keeps all that hangs on it;
// the result says so. Anything else is exchanged.
func (t *transaction) replace(ctx context.Context, s engine.Staged, staged, target relation, next succession) (filled bool, err error) {
	t.forget(next)
	if target.kind == "r" && staged.kind == "r" && target.shape == staged.shape {
		list := quoted(target.columns)
		t.add("keep", next.copied())
		t.add("delete", "DELETE FROM "+s.Target.String())
		t.add("insert", "INSERT INTO "+s.Target.String()+" ("+list+") SELECT "+list+" FROM "+s.Relation.String())
		if next.keep {
			t.log(s.Relation, staged)
			t.add("keep", "ALTER TABLE "+s.Relation.String()+" RENAME TO "+engine.Quote(next.own.Name))
		} else {
			t.add("drop", "DROP TABLE "+s.Relation.String())
		}
		t.flush(ctx)
		return true, t.failed
	}
	t.log(s.Relation, staged)
	err = t.exchange(ctx, s.Target, target, next.away(), func() {
		t.add("rename", "ALTER "+staged.word()+" "+s.Relation.String()+" RENAME TO "+engine.Quote(s.Target.Name))
	})
	return false, err
}

// whole refuses a staged table that a crash of the server has emptied, which it
// does to every table that is not logged.
func (t *transaction) whole(ctx context.Context, s engine.Staged, staged relation) error {
	if staged.logged || s.Rows <= 0 {
		return nil
	}
	rows, err := t.texts(ctx, "SELECT 1 FROM "+s.Relation.String()+" LIMIT 1")
	if err == nil && len(rows) == 0 {
		err = emptied(s.Target)
	}
	return err
}

// emptied is the error for prepared rows the server has lost; to prepare them
// again helps.
func emptied(target engine.Relation) error {
	return fault.New(fault.Unreachable, "the server failed since the rows of %s were prepared, and lost them", target.Dataset()).
		WithHint("run again: nothing was published")
}

// log makes a staged table survive a crash of the server.
func (t *transaction) log(r engine.Relation, staged relation) {
	if !staged.logged {
		t.add("log", "ALTER TABLE "+r.String()+" SET LOGGED")
	}
}
