// Package ingest brings new raw records from sources into the lake: what is
// new is archived first, so that nothing that arrived is ever lost, then
// checked as it would stand, then landed in one transaction.
//
// Adapters (ingest/files) know where records come from: they bring raw files to
// local disk and say what the source says of them. How raw files are read is
// format's business, what a repeated or corrected arrival means the lake's, how
// rows become the current state the engine's.
package ingest

import (
	"context"
	"time"

	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// Reader is what every kind of source can do; each is a Lister or an Asker too.
type Reader interface {
	// Layout returns how the table's raw files are written. The error is
	// everything wrong with what the table says of itself.
	Layout(t Table) (format.Layout, error)
}

// Lister is a source that offers things with names, which stay until they are
// fetched: files.
type Lister interface {
	Reader
	// Look returns what is there for a table now, in the order it is to be
	// loaded.
	Look(ctx context.Context, t Table) ([]Arrival, error)
	// Fetch brings an arrival to local disk, if it is not there already. The
	// caller releases it.
	Fetch(ctx context.Context, t Table, a Arrival) (Local, error)
}

// Ascender is a Lister that may be told what comes after a name, because names
// only ever grow.
type Ascender interface {
	// LookAfter returns what Look does, without what comes up to the name where
	// the table says that its names ascend.
	LookAfter(ctx context.Context, t Table, newest string) ([]Arrival, error)
}

// Asker is a source that is asked for records: a service, a database.
type Asker interface {
	Reader
	// Ask brings what is new since the past to the intake, load by load. What
	// was taken before an error stays.
	Ask(ctx context.Context, t Table, past Past, to *Intake) error
	// Sample returns the first records, at most about as many as the limit, as
	// they would be taken. The caller removes the file.
	Sample(ctx context.Context, t Table, limit int) (Batch, error)
	// News says in words what will be asked for, without asking.
	News(t Table, past Past) string
}

// Table is a source's table with the source it belongs to.
type Table struct {
	project.SourceTable
	Source project.Source
}

// Arrival is one thing a Lister offers: a file.
type Arrival struct {
	Name     string // as the source names it, the same every time
	Path     string // where the adapter finds it
	Size     int64
	Modified time.Time
	Tag      string // the source's own name of its bytes, such as an ETag; "" when it has none
	// Completeness is what a list of the source's says of it.
	Completeness lake.Completeness
}

func (a Arrival) seen() lake.Seen {
	return lake.Seen{File: a.Name, Size: a.Size, Modified: a.Modified, Tag: a.Tag}
}

// Local is an arrival on local disk.
type Local struct {
	Path string
	Size int64
	Hash string // of its bytes
	// Changed reports whether the source's file is another by now; nil when what
	// is at Path is a copy nobody else writes to.
	Changed func(ctx context.Context) (bool, error)
	Release func() // removes a copy; nil when there is none
}

// Past is what is known of a table when its source is asked.
type Past struct {
	Loads []lake.Manifest // those that count, by sequence
	Known []table.Column  // declared, or of the loads before
	Now   time.Time
	Whole bool // everything is to be asked for again
}

// Position returns where the newest load left off, "" when there is none or
// everything is to be asked for again.
func (p Past) Position() string {
	if p.Whole {
		return ""
	}
	for i := len(p.Loads) - 1; i >= 0; i-- {
		if p.Loads[i].Position != "" {
			return p.Loads[i].Position
		}
	}
	return ""
}

// Load returns the newest load of a name.
func (p Past) Load(name string) (lake.Manifest, bool) {
	for i := len(p.Loads) - 1; i >= 0; i-- {
		if p.Loads[i].File == name {
			return p.Loads[i], true
		}
	}
	return lake.Manifest{}, false
}

// Batch is what becomes one load: a raw file on local disk and what the source
// says of it.
type Batch struct {
	Name         string // the load's, the same when the same is asked for again
	Path         string // its ending says how it is compressed
	Size         int64
	Modified     time.Time // of a file
	Tag          string    // the source's own name of its bytes
	Hash         string    // of what it holds: equal for the same records
	Layout       format.Layout
	Window       string // what span it covers, in words
	Position     string // where to go on from
	Completeness lake.Completeness
	Notes        []string
	// Whole means that it holds everything the source has: it supersedes every
	// load before it, also those that brought changes.
	Whole   bool
	changed func(ctx context.Context) (bool, error)
}

// News is what waits to be landed for one table of a Lister.
type News struct {
	New       int // files never seen
	Corrected int // known files with other bytes, as far as size and time tell
	Pending   int // archived earlier, not landed yet
}
