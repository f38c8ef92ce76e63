package lake

import (
	"cmp"
	"slices"
	"time"
)

// Meaning says what an arriving file is to the loads already known.
type Meaning uint8

// The meanings of an arrival.
const (
	New       Meaning = iota // a file never seen: a load of its own
	Same                     // the same file with the same bytes: nothing
	Copy                     // the bytes of another file: nothing, told once
	Corrected                // a known file with other bytes: supersedes its load
)

// History is what is known of a dataset's loads, ready to judge arrivals by.
type History struct {
	byFile map[string]Manifest
	byHash map[string]Manifest
	undone map[string]Manifest // by hash: what was taken back does not come by itself
}

// NewHistory prepares the complete loads of one dataset, in any order.
func NewHistory(loads []Manifest) History {
	h := History{byFile: map[string]Manifest{}, byHash: map[string]Manifest{}, undone: map[string]Manifest{}}
	byID := make(map[string]Manifest, len(loads))
	for _, m := range loads {
		byID[m.ID] = m
	}
	for _, m := range loads {
		if m.Undoes != "" {
			h.undone[byID[m.Undoes].Hash] = byID[m.Undoes]
		}
	}
	for _, m := range Active(loads) {
		h.Add(m)
	}
	return h
}

// Add takes a load into account that is newer than all before.
func (h History) Add(m Manifest) {
	if old, ok := h.byFile[m.File]; ok && h.byHash[old.Hash].File == m.File {
		delete(h.byHash, old.Hash)
	}
	h.byFile[m.File] = m
	if m.SameAs == "" {
		h.byHash[m.Hash] = m
	}
}

// Seen is what is known of a file without reading it.
type Seen struct {
	File     string
	Size     int64
	Modified time.Time
	Tag      string // the source's own name of its bytes; "" when it has none
}

// is reports whether it looks like the file of a load: by the source's name of
// its bytes, and by size and time where there is none.
func (s Seen) is(m Manifest) bool {
	if s.File != m.File || s.Size != m.Size {
		return false
	}
	if s.Tag != "" && m.Tag != "" {
		return s.Tag == m.Tag
	}
	return s.Modified.Equal(m.Modified)
}

// Untouched reports whether the file looks like that of its newest load, so
// that its bytes need not be read to know they are the same.
func (h History) Untouched(s Seen) bool {
	if m, ok := h.byFile[s.File]; ok && s.is(m) && !h.Orphaned(s.File) {
		return true
	}
	for _, m := range h.undone {
		if s.is(m) {
			return true
		}
	}
	return false
}

// Newest returns the file of the loads so far whose name comes last, "" when
// there is none.
func Newest(loads []Manifest) string {
	newest := ""
	for _, m := range loads {
		newest = max(newest, m.File)
	}
	return newest
}

// Orphaned reports whether a file was only noted as a copy of another one,
// whose bytes have been corrected since: then nothing holds its rows any more.
func (h History) Orphaned(file string) bool {
	m, ok := h.byFile[file]
	_, held := h.byHash[m.Hash]
	_, undone := h.undone[m.Hash]
	return ok && m.SameAs != "" && !held && !undone
}

// Judge tells what a file with the hash means, and the load it is the same
// as, a copy of, or a correction of. A file that was only noted as a copy and
// now has bytes of its own, or the only ones of their kind, is New; the note
// comes with it, to be superseded. Bytes that were undone are the Same.
func (h History) Judge(file, hash string) (Meaning, Manifest) {
	if m, ok := h.undone[hash]; ok {
		return Same, m
	}
	known, isKnown := h.byFile[file]
	if isKnown && known.Hash == hash && !h.Orphaned(file) {
		return Same, known
	}
	if other, ok := h.byHash[hash]; ok && other.File != file && (!isKnown || known.SameAs != "") {
		return Copy, other
	}
	if isKnown && known.SameAs == "" {
		return Corrected, known
	}
	return New, known
}

// Active returns the loads no other load supersedes, by sequence.
func Active(loads []Manifest) []Manifest {
	gone := map[string]bool{}
	for _, m := range loads {
		for _, id := range m.Supersedes {
			gone[id] = true
		}
	}
	var active []Manifest
	for _, m := range loads {
		if !gone[m.ID] {
			active = append(active, m)
		}
	}
	slices.SortFunc(active, bySequence)
	return active
}

// Pending returns the loads a warehouse that holds the loads named must still
// land, by sequence. A load that was superseded before it ever landed is left
// out, and the one that took its place supersedes what it would have: the
// Supersedes of a pending load reach through to the loads that are landed.
func Pending(loads []Manifest, holds func(id string) bool) []Manifest {
	byID := make(map[string]Manifest, len(loads))
	for _, m := range loads {
		byID[m.ID] = m
	}
	var pending []Manifest
	for _, m := range Active(loads) {
		if m.SameAs != "" || holds(m.ID) {
			continue
		}
		m.Supersedes = reach(m, byID, holds)
		pending = append(pending, m)
	}
	return pending
}

// reach follows Supersedes down to the loads a warehouse holds.
func reach(m Manifest, byID map[string]Manifest, holds func(string) bool) []string {
	var landed []string
	seen := map[string]bool{m.ID: true}
	queue := slices.Clone(m.Supersedes)
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		if seen[id] {
			continue
		}
		seen[id] = true
		if holds(id) {
			landed = append(landed, id)
		}
		queue = append(queue, byID[id].Supersedes...)
	}
	slices.Sort(landed)
	return landed
}

func bySequence(a, b Manifest) int {
	return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.ID, b.ID))
}
