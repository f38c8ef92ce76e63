package lake

import (
	"fmt"
	"slices"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/larder-data/larder/internal/fault"
)

// Undo returns the manifest of a load that takes another one back, and the
// loads whose rows it holds again: those the other superseded. What is undone
// stays in the archive; the same bytes do not come back by themselves. It fails
// with NotFound when there is no such load, and with Conflict when the load
// does not count any more.
func Undo(loads []Manifest, id string, at time.Time) (undo Manifest, back []Manifest, err error) {
	byID := map[string]Manifest{}
	for _, m := range loads {
		byID[m.ID] = m
	}
	gone, ok := byID[id]
	switch state, by := StateOf(loads, id); {
	case !ok:
		return Manifest{}, nil, fault.New(fault.NotFound, "there is no load %s", id)
	case state == Noted:
		return Manifest{}, nil, fault.New(fault.Conflict, "%s brought nothing: %s has the same bytes as %s", id, gone.File, gone.SameAs)
	case state != Current:
		return Manifest{}, nil, fault.New(fault.Conflict, "%s does not count any more: it was %s by %s", id, state, by).
			WithHint("undo %s instead, if that is what is wrong", by)
	}
	hash := fmt.Sprintf("xxh3-128:%x", xxh3.HashString128("undo "+id).Bytes())
	sequence := NextSequence(loads)
	undo = Manifest{
		Format: 1, ID: LoadID(sequence, hash), Dataset: gone.Dataset, Sequence: sequence, Source: gone.Source,
		File: gone.File, Hash: hash, Columns: gone.Columns, Supersedes: []string{id}, Undoes: id, LoadedAt: at.UTC(),
	}
	for _, earlier := range gone.Supersedes {
		m := byID[earlier]
		if m.SameAs != "" || !m.HasRows && m.Undoes != "" {
			continue
		}
		back = append(back, m)
		undo.File, undo.Hash, undo.Size, undo.Modified = m.File, m.Hash, m.Size, m.Modified
		undo.Columns, undo.Window, undo.Position, undo.Completeness = m.Columns, m.Window, m.Position, m.Completeness
		undo.Rows += m.Rows
		undo.HasRows = undo.HasRows || m.HasRows
	}
	return undo, back, nil
}

// State is what became of a load.
type State string

// The states.
const (
	Current    State = "current"
	Superseded State = "superseded"
	Undone     State = "undone"
	Noted      State = "copy" // the bytes of another file: nothing was loaded
)

// StateOf tells what became of a load, and by which other load.
func StateOf(loads []Manifest, id string) (state State, by string) {
	state = Current
	for _, m := range loads {
		switch {
		case m.ID == id && m.SameAs != "":
			state = Noted
		case m.Undoes == id:
			return Undone, m.ID
		case slices.Contains(m.Supersedes, id):
			state, by = Superseded, m.ID
		}
	}
	return state, by
}
