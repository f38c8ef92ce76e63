package enginetest

import (
	"context"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// tryKeep stages a build and publishes it as the next version, with some of
// those before it kept.
func (h *house) tryKeep(b engine.Build, keep int) error {
	s, err := h.Stage(h.Context(), b)
	if err != nil {
		return err
	}
	p := h.publication(s)
	p.Keep = keep
	return h.Publish(h.Context(), p)
}

func (h *house) keep(b engine.Build, keep int) {
	h.Helper()
	h.must(h.tryKeep(b, keep))
}

// keepNow does so in one act with computing it.
func (h *house) keepNow(b engine.Build, keep int) {
	h.Helper()
	b.Keep = keep
	_, err := h.buildNow(b)
	h.must(err)
}

// numbered publishes versions 1 to n of a.b, each holding its number.
func (h *house) numbered(n, keep int) {
	h.Helper()
	for i := range n {
		h.keep(build("a.b", "SELECT "+itoa(i+1)+" AS n"), keep)
	}
}

// past fails the test unless these versions of a dataset are kept.
func (h *house) past(dataset string, want ...int64) {
	h.Helper()
	got, err := power[engine.Historian](h, "Historian").Past(h.Context(), engine.ParseRelation(dataset))
	h.must(err)
	h.same(got, want)
}

// pastOf is where a version of a dataset is kept.
func (h *house) pastOf(dataset string, version int64) engine.Relation {
	return engine.PastOf(engine.ParseRelation(dataset), version, h.Capabilities().MaxIdentifier)
}

var pastCases = []tale{
	{"nothing is kept of what was never published, or once, or when nothing is to be kept", func(h *house) {
		h.past("a.b")
		h.numbered(1, 2)
		h.past("a.b")
		h.numbered(2, 0)
		h.past("a.b")
	}},
	{"the version that is replaced is kept, and read where it stands", func(h *house) {
		h.numbered(2, 1)
		h.past("a.b", 1)
		h.shows("SELECT n FROM "+h.pastOf("a.b", 1).String(), "1")
		h.shows("SELECT n FROM a.b", "2")
		h.same(h.markers(), []string{"a.b 2"})
	}},
	{"as many are kept as were asked for, the newest first, and no more", func(h *house) {
		h.numbered(5, 3)
		h.past("a.b", 4, 3, 2)
		h.absent(h.pastOf("a.b", 1))
		for _, version := range []int64{2, 3, 4} {
			h.shows("SELECT n FROM "+h.pastOf("a.b", version).String(), itoa(int(version)))
		}
	}},
	{"fewer are kept from the next publish on when fewer are asked for", func(h *house) {
		h.numbered(4, 3)
		h.keep(build("a.b", "SELECT 5 AS n"), 1)
		h.past("a.b", 4)
		h.absent(h.pastOf("a.b", 3))
		h.keep(build("a.b", "SELECT 6 AS n"), 0)
		h.past("a.b")
		h.absent(h.pastOf("a.b", 4))
		h.absent(h.pastOf("a.b", 5))
	}},
	{"what is kept survives the warehouse being closed", func(h *house) {
		h.numbered(3, 2)
		h.again()
		h.past("a.b", 2, 1)
		h.keep(build("a.b", "SELECT 4 AS n"), 2)
		h.past("a.b", 3, 2)
		h.absent(h.pastOf("a.b", 1))
		h.again()
		h.past("a.b", 3, 2)
	}},
	{"a version is kept with its own columns", func(h *house) {
		h.keep(build("a.b", "SELECT CAST(1.50 AS DECIMAL(9,2)) AS m, 'x' AS t"), 1)
		h.keep(build("a.b", "SELECT 2 AS n"), 1)
		h.shows("SELECT m, t FROM "+h.pastOf("a.b", 1).String(), "1.50 x")
	}},
	{"what is kept is no dataset: it is not listed, not swept and not discarded", func(h *house) {
		h.numbered(2, 1)
		h.same(h.relations(), []string{"a.b"})
		n, err := h.Sweep(h.Context())
		h.must(err)
		h.same(n, 0)
		h.must(h.Discard(h.Context(), engine.Staged{Relation: h.pastOf("a.b", 1)}))
		h.past("a.b", 1)
		h.shows("SELECT n FROM "+h.pastOf("a.b", 1).String(), "1")
	}},
	{"dropping a dataset takes what is kept of it, and nothing of others", func(h *house) {
		h.numbered(3, 2)
		h.keep(build("a.bb", "SELECT 1 AS n"), 1)
		h.keep(build("a.bb", "SELECT 2 AS n"), 1)
		h.must(h.Drop(h.Context(), "a.b", engine.ParseRelation("a.b")))
		h.past("a.b")
		h.absent(h.pastOf("a.b", 1))
		h.absent(h.pastOf("a.b", 2))
		h.past("a.bb", 4)
		h.keep(build("a.b", "SELECT 6 AS n"), 2)
		h.past("a.b")
	}},
	{"an earlier version is published again as a new one", func(h *house) {
		h.numbered(3, 2)
		h.keep(build("a.b", "SELECT n FROM "+h.pastOf("a.b", 1).String()), 2)
		h.shows("SELECT n FROM a.b", "1")
		h.past("a.b", 3, 2)
		h.shows("SELECT n FROM "+h.pastOf("a.b", 3).String(), "3")
	}},
	{"a publish that is refused keeps nothing and takes nothing away", func(h *house) {
		h.numbered(3, 1)
		s := h.stage(build("a.b", "SELECT 4 AS n"))
		h.refused(h.Publish(h.Context(), engine.Publication{Staged: s, Marker: marker("a.b", 1), Keep: 1}), fault.Conflict)
		h.must(h.Discard(h.Context(), s))
		h.refused(h.Publish(h.Context(), engine.Publication{Staged: s, Marker: marker("a.b", 4), Keep: 1}), fault.NotFound)
		h.past("a.b", 2)
		h.shows("SELECT n FROM "+h.pastOf("a.b", 2).String(), "2")
		h.shows("SELECT n FROM a.b", "3")
	}},
	{"views are not kept", func(h *house) {
		h.needsViews()
		h.keep(view("a.b", "SELECT 1 AS n"), 2)
		h.keep(view("a.b", "SELECT 2 AS n"), 2)
		h.past("a.b")
		h.keep(build("a.b", "SELECT 3 AS n"), 2)
		h.past("a.b")
		h.keep(build("a.b", "SELECT 4 AS n"), 2)
		h.past("a.b", 3)
	}},
	{"a view over a table shows the new version, not the one that is kept", func(h *house) {
		h.needsViews()
		h.numbered(1, 1)
		h.put(view("a.over", "SELECT n FROM a.b"))
		h.keep(build("a.b", "SELECT 2 AS n"), 1)
		h.shows("SELECT n FROM a.over", "2")
	}},
	{"long names that begin alike, and odd ones, keep their own versions", func(h *house) {
		long := strings.Repeat("n", h.Capabilities().MaxIdentifier-1)
		names := append(slices.Clone(hostile), long+"1", long+"2")
		for _, name := range names {
			h.keep(build("a."+name, "SELECT 1 AS n"), 1)
			first := h.version
			h.keep(build("a."+name, "SELECT 2 AS n"), 1)
			h.past("a."+name, first)
			h.shows("SELECT n FROM "+h.pastOf("a."+name, first).String(), "1")
		}
		for i, name := range names {
			h.past("a."+name, int64(2*i+1))
		}
	}},
	{"several are published in one act, each keeping its own", func(h *house) {
		b := power[engine.Bulk](h, "Bulk")
		for range 3 {
			all := h.several(3)
			for i := range all {
				all[i].Keep = i
			}
			h.must(b.PublishAll(h.Context(), all))
		}
		h.past("a.t1")
		h.past("a.t2", 5)
		h.past("a.t3", 6, 3)
	}},
	{"what is built and published in one act keeps what it replaces, and may read it", func(h *house) {
		h.keepNow(build("a.b", "SELECT 1 AS n"), 2)
		h.keepNow(build("a.b", "SELECT n + 1 AS n FROM a.b"), 2)
		h.keepNow(build("a.b", "SELECT n + 1 AS n FROM a.b"), 2)
		h.shows("SELECT n FROM a.b", "3")
		h.past("a.b", 2, 1)
		h.shows("SELECT n FROM "+h.pastOf("a.b", 1).String(), "1")
		h.keepNow(build("a.b", "SELECT 4 AS n"), 0)
		h.past("a.b")
		h.absent(h.pastOf("a.b", 3))
	}},
	{"what cannot be built in one act keeps nothing and takes nothing away", func(h *house) {
		for _, sql := range []string{"SELECT 1 AS n", "SELECT 2 AS n"} {
			h.keepNow(build("a.b", sql), 1)
		}
		broken := build("a.b", "SELECT CAST('x' AS INTEGER) AS n")
		broken.Keep = 1
		_, err := h.buildNow(broken)
		h.refused(err, fault.Invalid)
		h.past("a.b", 1)
		h.shows("SELECT n FROM a.b", "2")
	}},
	{"readers of the rows see one version or the next while versions are kept", func(h *house) {
		h.numbered(1, 2)
		ctx, stop := context.WithCancel(h.Context())
		defer stop()
		h.crowd(2, func(i int) error {
			if i == 0 {
				defer stop()
				for v := range 20 {
					if err := h.tryKeep(build("a.b", "SELECT "+itoa(v+2)+" AS n"), 2); err != nil {
						return err
					}
				}
				return nil
			}
			for ctx.Err() == nil {
				batch, err := engine.ReadAll(h.Context(), h, "SELECT COUNT(*) FROM a.b", 1)
				if err := firstOf(err, batch, "1"); err != nil {
					return err
				}
			}
			return nil
		})
		h.past("a.b", 20, 19)
	}},
}
