package build

import (
	"context"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
	"github.com/larder-data/larder/internal/table"
)

// staged is a model's rows, computed once, and waiting for their checks.
type staged struct {
	kept     engine.Staged
	rejected *engine.Staged // the rows that were set apart; nil when no rule rejects
	unsplit  error          // why they could not be told apart
}

// all are the relations there are, for publishing and discarding.
func (s staged) all() []engine.Staged {
	if s.rejected == nil {
		return []engine.Staged{s.kept}
	}
	return []engine.Staged{s.kept, *s.rejected}
}

// apart is where the rejected rows are, and how many: nil when no rule rejects.
func (s staged) apart() (engine.Relation, *int64) {
	if s.rejected == nil {
		return engine.Relation{}, nil
	}
	return s.rejected.Relation, &s.rejected.Rows
}

// compute computes a model's rows and sets those apart that rules reject.
func (x *execution) compute(ctx context.Context, m *making) (staged, error) {
	computed, err := x.b.Engine.Stage(ctx, m.request)
	if err != nil {
		return staged{}, err
	}
	out := staged{kept: computed}
	split, apart, err := x.splitOf(m, out)
	if err == nil && apart {
		out, err = x.split(ctx, m, computed, split)
	}
	if err != nil {
		x.discard(ctx, staged{kept: computed})
	}
	return out, err
}

// splitOf tells which of the computed rows are set apart; false when there is
// nothing to set apart, and no table for it. A version that is restored has the
// rejected rows it had.
func (x *execution) splitOf(m *making, s staged) (Split, bool, error) {
	switch {
	case m.rejects != "":
		return Split{Rejected: m.rejects}, true, nil
	case m.step.Action == Rollback:
	default:
		split, rejects, err := x.b.Checker.Split(x.subject(m, s))
		if rejects || err != nil {
			return split, rejects, err
		}
	}
	return Split{Rejected: noRejects(s.kept)}, m.leaves, nil
}

// leavesRejects reports whether a dataset has rejected rows of which earlier
// versions are kept. Then its rejected rows go on being published, though none may
// be rejected any more: it can be rolled back to when some were.
func (x *execution) leavesRejects(dataset string) bool {
	was := x.plan.current[dataset]
	return was.Rejected != nil && !x.b.borrowed(was) && x.b.Models[dataset].Keep > 0
}

// noRejects selects no rejected rows, of the form they have beside staged ones.
func noRejects(s engine.Staged) string {
	sql, from, _ := strings.Cut(allOf(s.Columns, s.Relation), " FROM ")
	for _, c := range engine.RejectColumns() {
		sql += ", CAST(NULL AS " + c.Type.String() + ") AS " + table.Quote(c.Name)
	}
	return sql + " FROM " + from + " WHERE false"
}

// split sets rows apart. When there are any, the others are staged anew from what
// was computed, under a name no other dataset's rows can be staged at.
func (x *execution) split(ctx context.Context, m *making, computed engine.Staged, split Split) (staged, error) {
	out := staged{kept: computed}
	if _, ok := x.b.Engine.(engine.Bulk); !ok {
		return out, fault.New(fault.Invalid, "%s cannot publish two tables in one act, which rules that reject rows ask for",
			x.b.Engine.Capabilities().Name).WithHint("say severity: block or warn instead")
	}
	target := engine.RejectsOf(computed.Target)
	request := engine.Build{Target: target, Form: engine.Table, SQL: split.Rejected, Run: m.request.Run}
	if m.request.Columns != nil {
		request.Columns = slices.Concat(m.request.Columns, engine.RejectColumns())
	}
	rejected, err := x.b.Engine.Stage(ctx, request)
	switch {
	case err != nil && fault.KindOf(err) == fault.Invalid && split.Kept != "":
		out.unsplit = err
		return out, nil // the checks tell better which rule it is that cannot be evaluated
	case err != nil:
		return out, err
	}
	out.rejected = &rejected
	if rejected.Rows == 0 || split.Kept == "" {
		return out, nil
	}
	request.Target, request.SQL, request.Columns = engine.RejectsOf(target), split.Kept, m.request.Columns
	kept, err := x.b.Engine.Stage(ctx, request)
	if err == nil && kept.Rows+rejected.Rows != computed.Rows {
		x.discard(ctx, staged{kept: kept})
		err = fault.New(fault.Busy, "of %d rows %d are kept and %d rejected: what the rules compare with changed meanwhile",
			computed.Rows, kept.Rows, rejected.Rows)
	}
	if err != nil {
		x.discard(ctx, staged{kept: rejected})
		return out, err
	}
	x.discard(ctx, staged{kept: computed})
	kept.Target = computed.Target
	out.kept = kept
	return out, nil
}

// discard drops staging relations. What cannot be dropped now is swept by the
// next start.
func (x *execution) discard(ctx context.Context, s staged) {
	for _, one := range s.all() {
		_ = x.b.Engine.Discard(context.WithoutCancel(ctx), one)
	}
}

// publications make staged rows the truth under an entry: the rejected ones have
// a marker of their own, alike but for the name, and are kept as long.
func (x *execution) publications(s staged, entry state.Entry, keep int) []engine.Publication {
	marker := x.marker(entry)
	out := []engine.Publication{{Staged: s.kept, Marker: marker, Keep: keep}}
	if s.rejected != nil {
		marker.Dataset = engine.RejectsOf(engine.ParseRelation(marker.Dataset)).Dataset()
		out = append(out, engine.Publication{Staged: *s.rejected, Marker: marker, Keep: keep})
	}
	return out
}
