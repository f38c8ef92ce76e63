// Package laketest is the conformance suite of archives: what a lake.Archive
// must do, told case by case, whatever keeps it.
package laketest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/table"
)

// Open opens the archive kept at a place; a second one opened there sees the
// same loads. It fails the test when that is impossible. The suite closes what
// it opened, when it can be closed.
type Open func(t *testing.T, place string) lake.Archive

// Run holds the adapter to the contract.
func Run(t *testing.T, open Open) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := &shore{T: t, open: open, place: t.TempDir()}
			s.Archive = s.another()
			c.told(s)
		})
	}
}

type tale struct {
	name string
	told func(s *shore)
}

// shore is a test with an open archive.
type shore struct {
	*testing.T
	lake.Archive
	open  Open
	place string
}

func (s *shore) another() lake.Archive {
	s.Helper()
	a := s.open(s.T, s.place)
	s.Cleanup(func() {
		if closer, ok := a.(interface{ Close() error }); ok {
			if err := closer.Close(); err != nil {
				s.Error(err)
			}
		}
	})
	return a
}

func (s *shore) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *shore) same(got, want any) {
	s.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		s.Errorf("(-want +got)\n%s", diff)
	}
}

// load is a complete manifest.
func load(dataset string, sequence int64) lake.Manifest {
	at := time.Date(2026, 3, 1, 9, 0, 0, 123456789, time.UTC)
	return lake.Manifest{
		Format: 1, ID: fmt.Sprintf("%06d-abc", sequence), Dataset: dataset, Sequence: sequence, Source: "erp",
		File: fmt.Sprintf("a b/%d \"é\".csv", sequence), Size: 10, Modified: at, Hash: fmt.Sprintf("xxh3-128:%d", sequence),
		Rows: 3, Quarantined: 1, HasRows: true, Supersedes: []string{"000000-x"}, LoadedAt: at, Run: "run", Took: time.Second,
		Columns: []table.Column{{Name: "order \"x\"", Type: table.Type{Kind: table.Decimal, Precision: 18, Scale: 2}}},
	}
}

// commit writes a load with its files.
func (s *shore) commit(a lake.Archive, m lake.Manifest) error {
	s.Helper()
	draft, err := a.Begin(s.Context(), m.Dataset, m.ID)
	s.must(err)
	if m.HasRows {
		s.must(os.WriteFile(draft.RowsPath(), []byte("rows of "+m.ID), 0o644))
	}
	if m.Quarantined > 0 {
		s.must(os.WriteFile(draft.QuarantinePath(), []byte("rejects of "+m.ID), 0o644))
	}
	return errors.Join(draft.Commit(s.Context(), m), draft.Abandon())
}

// claim is what one of many writers says of the load they all write.
func claim(writer int) lake.Manifest {
	m := load("lake.a", 1)
	m.Run = fmt.Sprintf("writer %d", writer)
	return m
}

// rival writes the load as one of many writers do, its name in both files, and
// returns how its commit ended.
func (s *shore) rival(a lake.Archive, writer int) (outcome, err error) {
	m := claim(writer)
	draft, err := a.Begin(s.Context(), m.Dataset, m.ID)
	if err != nil {
		return nil, err
	}
	for _, path := range []string{draft.RowsPath(), draft.QuarantinePath()} {
		if err := os.WriteFile(path, []byte(m.Run), 0o644); err != nil {
			return nil, err
		}
	}
	return draft.Commit(s.Context(), m), draft.Abandon()
}

func (s *shore) manifests(a lake.Archive, dataset string) []lake.Manifest {
	s.Helper()
	found, err := a.Manifests(s.Context(), dataset)
	s.must(err)
	return found
}

func (s *shore) refused(err error, kind fault.Kind) {
	s.Helper()
	if fault.KindOf(err) != kind || err == nil {
		s.Errorf("got %v, want kind %s", err, kind)
	}
}

var cases = []tale{
	{"a new archive has no loads", func(s *shore) {
		s.same(s.manifests(s, "lake.a"), []lake.Manifest{})
	}},
	{"a load comes back as it was, in this archive and in another", func(s *shore) {
		m := load("lake.a", 1)
		s.must(s.commit(s, m))
		s.same(s.manifests(s, "lake.a"), []lake.Manifest{m})
		s.same(s.manifests(s.another(), "lake.a"), []lake.Manifest{m})
	}},
	{"its files are where Files says", func(s *shore) {
		m := load("lake.a", 1)
		s.must(s.commit(s, m))
		for _, a := range []lake.Archive{s, s.another()} {
			files, err := a.Files(s.Context(), m)
			s.must(err)
			for _, f := range []struct{ path, want string }{{files.Rows[0], "rows of 000001-abc"}, {files.Quarantine[0], "rejects of 000001-abc"}} {
				text, err := os.ReadFile(f.path)
				s.must(err)
				s.same(string(text), f.want)
			}
			files.Release()
			files.Release()
		}
	}},
	{"a load without rows has no files", func(s *shore) {
		m := load("lake.a", 1)
		m.HasRows, m.Quarantined, m.Rows = false, 0, 0
		s.must(s.commit(s, m))
		files, err := s.Files(s.Context(), m)
		s.must(err)
		s.same(len(files.Rows)+len(files.Quarantine), 0)
		s.same(s.manifests(s, "lake.a"), []lake.Manifest{m})
	}},
	{"loads come by sequence, whatever order they were written in", func(s *shore) {
		for _, sequence := range []int64{10, 2, 100, 1} {
			s.must(s.commit(s, load("lake.a", sequence)))
		}
		var got []int64
		for _, m := range s.manifests(s.another(), "lake.a") {
			got = append(got, m.Sequence)
		}
		s.same(got, []int64{1, 2, 10, 100})
	}},
	{"datasets do not see each other's loads, be they ever so alike", func(s *shore) {
		names := []string{"lake.a", "lake.A", "lake.a_b", "lake.a.b", "lake./../x", "lake. ", "lake.é", "lake.CON"}
		for i, name := range names {
			s.must(s.commit(s, load(name, int64(i+1))))
		}
		for i, name := range names {
			s.same(s.manifests(s, name), []lake.Manifest{load(name, int64(i+1))})
		}
	}},
	{"an abandoned draft was never there", func(s *shore) {
		draft, err := s.Begin(s.Context(), "lake.a", "000001-abc")
		s.must(err)
		s.must(os.WriteFile(draft.RowsPath(), []byte("half"), 0o644))
		s.must(draft.Abandon())
		s.must(draft.Abandon())
		s.same(s.manifests(s, "lake.a"), []lake.Manifest{})
		s.refused(draft.Commit(s.Context(), load("lake.a", 1)), fault.Internal)
	}},
	{"a draft being written is not seen", func(s *shore) {
		draft, err := s.Begin(s.Context(), "lake.a", "000001-abc")
		s.must(err)
		s.must(os.WriteFile(draft.RowsPath(), []byte("half"), 0o644))
		s.same(s.manifests(s, "lake.a"), []lake.Manifest{})
		s.same(s.manifests(s.another(), "lake.a"), []lake.Manifest{})
		s.must(draft.Abandon())
	}},
	{"a load is written once", func(s *shore) {
		s.must(s.commit(s, load("lake.a", 1)))
		s.refused(s.commit(s, load("lake.a", 1)), fault.Conflict)
		s.same(len(s.manifests(s, "lake.a")), 1)
	}},
	{"of many that write one load at once one wins, whole", func(s *shore) {
		const writers = 8
		second := s.another()
		outcomes := make([]error, writers)
		var g errgroup.Group
		for n := range writers {
			a := []lake.Archive{s, second}[n%2]
			g.Go(func() (err error) {
				outcomes[n], err = s.rival(a, n)
				return err
			})
		}
		s.must(g.Wait())
		var won []int
		for n, err := range outcomes {
			if err == nil {
				won = append(won, n)
			} else {
				s.refused(err, fault.Conflict)
			}
		}
		if len(won) != 1 {
			s.Fatalf("writers %v won, want one", won)
		}
		for _, a := range []lake.Archive{s, second, s.another()} {
			found := s.manifests(a, "lake.a")
			s.same(found, []lake.Manifest{claim(won[0])})
			files, err := a.Files(s.Context(), found[0])
			s.must(err)
			for _, path := range []string{files.Rows[0], files.Quarantine[0]} {
				text, err := os.ReadFile(path)
				s.must(err)
				s.same(string(text), claim(won[0]).Run)
			}
			files.Release()
		}
	}},
	{"a manifest of another load is refused", func(s *shore) {
		draft, err := s.Begin(s.Context(), "lake.a", "000001-abc")
		s.must(err)
		s.refused(draft.Commit(s.Context(), load("lake.a", 2)), fault.Internal)
		s.must(draft.Abandon())
	}},
	{"many may write at once", func(s *shore) {
		second := s.another()
		var g errgroup.Group
		for n := int64(1); n <= 40; n++ {
			a := []lake.Archive{s, second}[n%2]
			g.Go(func() error { return s.commit(a, load("lake.a", n)) })
		}
		s.must(g.Wait())
		s.same(len(s.manifests(s, "lake.a")), 40)
		s.same(len(s.manifests(s.another(), "lake.a")), 40)
	}},
	{"sweeping takes no living draft", func(s *shore) {
		draft, err := s.Begin(s.Context(), "lake.a", "000001-abc")
		s.must(err)
		swept, err := s.another().Sweep(s.Context())
		s.must(err)
		s.same(swept, 0)
		m := load("lake.a", 1)
		m.HasRows, m.Quarantined = false, 0
		s.must(draft.Commit(s.Context(), m))
	}},
	{"who gave up is told so", func(s *shore) {
		ctx, cancel := context.WithCancel(s.Context())
		cancel()
		_, err := s.Begin(ctx, "lake.a", "000001-abc")
		s.refused(err, fault.Interrupted)
	}},
}
