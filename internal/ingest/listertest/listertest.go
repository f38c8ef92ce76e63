// Package listertest is the conformance suite of sources that list things with
// names: what a folder far away must do for the lake, told case by case,
// whatever it is.
package listertest

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/table"
)

// Place is a folder far away and what reads it.
type Place struct {
	Reader ingest.Lister
	Kind   project.Kind
	Source string // the source's YAML up to its tables, kind included
	// Put writes a file, whole; a file written again gets another time or tag.
	Put func(name string, content []byte)
	// Outside writes a file beside the place, where the source must not look.
	Outside func(name string, content []byte)
	// Reads counts how often the content of a file was asked for.
	Reads func() int
}

// Open opens a place that is empty.
type Open func(t *testing.T) Place

// Suite is an adapter to hold to the contract.
type Suite struct {
	Open    Open
	Archive func(dir string) lake.Archive
}

// Run holds the adapter to the contract.
func (s Suite) Run(t *testing.T) {
	for name, told := range map[string]func(*Pier){
		"only what is new is fetched":  newOnly,
		"files are read as they say":   formats,
		"nothing outside is looked at": outside,
		"too large a file is held":     large,
		"a file that changed is told":  overwritten,
		"a file that is gone is told":  gone,
		"nothing is left behind":       leftovers,
		"globs cross folders":          folders,
	} {
		t.Run(name, func(t *testing.T) { told(s.pier(t)) })
	}
	t.Run("the lake is what was put", s.property)
}

// Pier is a place with a lake of its own.
type Pier struct {
	*testing.T
	Place
	Archive  lake.Archive
	parser   *format.Reader
	source   project.Source
	ingester *ingest.Ingester
	runs     int
}

// Dataset is the table of the suite.
const Dataset = "lake.far_lines"

func (s Suite) pier(t *testing.T) *Pier {
	t.Helper()
	return NewPier(t, s.Open(t), s.Archive(filepath.Join(t.TempDir(), "lake")), "")
}

// NewPier opens a lake for a place; more is YAML of the table, each line
// indented by four.
func NewPier(t *testing.T, place Place, archive lake.Archive, more string) *Pier {
	t.Helper()
	p := &Pier{T: t, Place: place, Archive: archive, parser: format.NewReader(format.Options{})}
	t.Cleanup(func() {
		if err := p.parser.Close(); err != nil {
			t.Error(err)
		}
		if closer, ok := archive.(interface{ Close() error }); ok {
			if err := closer.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	p.source = Source(t, place.Kind, place.Source+lines+more)
	p.ingester = ingest.New(archive, map[string]ingest.Reader{p.source.Kind: place.Reader}, p.parser, []project.Source{p.source}, time.Now)
	return p
}

const lines = `
tables:
  lines:
    files: ["*.csv", "*.csv.gz", "*.xlsx", "days/**/*.csv"]
    columns: {a: integer, b: varchar}
`

// Source loads a source from its YAML.
func Source(t *testing.T, kind project.Kind, text string) project.Source {
	t.Helper()
	source, err := Load(t, kind, text)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// Load loads a source, or tells what is wrong with it.
func Load(t *testing.T, kind project.Kind, text string) (project.Source, error) {
	t.Helper()
	dir := t.TempDir()
	name, _, _ := strings.Cut(strings.TrimPrefix(text, "kind: "), "\n")
	for file, content := range map[string]string{"larder.yml": "name: shop\n", "sources/far.yml": text} {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := project.Load(dir, project.Options{Env: os.LookupEnv, Kinds: map[string]project.Kind{name: kind}})
	if err != nil {
		return project.Source{}, err
	}
	return p.Sources[0], nil
}

// Run runs the source once.
func (p *Pier) Run() error {
	p.runs++
	_, err := p.ingester.Archive(p.Context(), Dataset, fmt.Sprintf("run%03d", p.runs))
	return err
}

// Landed runs the source and wants it to go well.
func (p *Pier) Landed() {
	p.Helper()
	if err := p.Run(); err != nil {
		p.Fatalf("%v (%s)", err, fault.HintOf(err))
	}
}

// Held runs the source and wants a fault of a kind that says so.
func (p *Pier) Held(kind fault.Kind, says string) {
	p.Helper()
	err := p.Run()
	if err == nil || fault.KindOf(err) != kind || !strings.Contains(err.Error(), says) || fault.HintOf(err) == "" {
		p.Errorf("got %v (%v), want %v saying %q, with a hint", err, fault.KindOf(err), kind, says)
	}
}

// Table is the suite's table.
func (p *Pier) Table() ingest.Table {
	return ingest.Table{SourceTable: p.source.Tables[0], Source: p.source}
}

// Rows returns the rows the lake holds, each with its file, sorted.
func (p *Pier) Rows() []string {
	p.Helper()
	loads, err := p.Archive.Manifests(p.Context(), Dataset)
	if err != nil {
		p.Fatal(err)
	}
	out := []string{}
	for _, m := range lake.Active(loads) {
		if m.SameAs != "" {
			continue
		}
		files, err := p.Archive.Files(p.Context(), m)
		if err != nil {
			p.Fatal(err)
		}
		for _, path := range files.Rows {
			out = append(out, p.read(path, m)...)
		}
		files.Release()
	}
	slices.Sort(out)
	return out
}

func (p *Pier) read(path string, m lake.Manifest) []string {
	batch, err := p.parser.First(p.Context(), path, m.Columns, 1000)
	if err != nil {
		p.Fatal(err)
	}
	var out []string
	for _, row := range batch.Rows {
		cells := []string{m.File}
		for i, v := range row {
			cells = append(cells, table.Format(v, batch.Columns[i].Type))
		}
		out = append(out, strings.Join(cells, " "))
	}
	return out
}

// Same wants the lake to hold these rows.
func (p *Pier) Same(want ...string) {
	p.Helper()
	if diff := cmp.Diff(append([]string{}, want...), p.Rows()); diff != "" {
		p.Error(diff)
	}
}

func newOnly(p *Pier) {
	p.Put("1.csv", []byte("a,b\n1,x\n2,y\n"))
	p.Put("2.csv", []byte("a,b\n3,z\n"))
	p.Landed()
	p.Same("1.csv 1 x", "1.csv 2 y", "2.csv 3 z")
	before := p.Reads()
	p.Landed()
	if p.Reads() != before {
		p.Error("files that did not change were read again")
	}
	p.Put("3.csv", []byte("a,b\n4,w\n"))
	p.Landed()
	if p.Reads() != before+1 {
		p.Errorf("one new file was read %d times", p.Reads()-before)
	}
	p.Put("1.csv", []byte("a,b\n1,v\n"))
	p.Landed()
	p.Same("1.csv 1 v", "2.csv 3 z", "3.csv 4 w")
}

func formats(p *Pier) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte("a,b\n1,x\n")); err != nil {
		p.Fatal(err)
	}
	if err := z.Close(); err != nil {
		p.Fatal(err)
	}
	p.Put("1.csv.gz", zipped.Bytes())
	p.Put("empty.csv", nil)
	p.Put("name with spaces, % and ü.csv", []byte("a,b\n2,y\n"))
	p.Landed()
	p.Same("1.csv.gz 1 x", "name with spaces, % and ü.csv 2 y")
}

func outside(p *Pier) {
	p.Outside("secret.csv", []byte("a,b\n9,no\n"))
	p.Put("1.csv", []byte("a,b\n1,x\n"))
	p.Put("1.txt", []byte("no table"))
	p.Landed()
	p.Same("1.csv 1 x")
}

func folders(p *Pier) {
	p.Put("days/2026/03/01.csv", []byte("a,b\n1,x\n"))
	p.Put("days/02.csv", []byte("a,b\n2,y\n"))
	p.Put("other/03.csv", []byte("a,b\n3,z\n"))
	p.Landed()
	p.Same("days/02.csv 2 y", "days/2026/03/01.csv 1 x")
}

func large(p *Pier) {
	p.source = Source(p.T, p.Kind, p.Source+lines+"    max_size: 1 kB\n")
	p.ingester = ingest.New(p.Archive, map[string]ingest.Reader{p.source.Kind: p.Reader}, p.parser, []project.Source{p.source}, time.Now)
	p.Put("1.csv", []byte("a,b\n"+strings.Repeat("1,x\n", 500)))
	before := p.Reads()
	p.Held(fault.Held, "more than the 1000 it may have")
	if p.Reads() != before {
		p.Error("it was read all the same")
	}
	p.Same()
}

// arrival is the only thing there, as it was listed.
func (p *Pier) arrival() ingest.Arrival {
	p.Helper()
	found, err := p.Reader.Look(p.Context(), p.Table())
	if err != nil || len(found) != 1 {
		p.Fatalf("%v %v", found, err)
	}
	return found[0]
}

func overwritten(p *Pier) {
	p.Put("1.csv", []byte("a,b\n1,x\n"))
	listed := p.arrival()
	p.Put("1.csv", []byte("a,b\n1,longer\n"))
	_, err := p.Reader.Fetch(p.Context(), p.Table(), listed)
	if fault.KindOf(err) != fault.Busy || !strings.Contains(err.Error(), "changed while it was read") {
		p.Errorf("got %v", err)
	}
	p.Landed()
	p.Same("1.csv 1 longer")
}

func gone(p *Pier) {
	p.Put("1.csv", []byte("a,b\n1,x\n"))
	listed := p.arrival()
	listed.Name, listed.Path = "2.csv", strings.Replace(listed.Path, "1.csv", "2.csv", 1)
	_, err := p.Reader.Fetch(p.Context(), p.Table(), listed)
	if fault.KindOf(err) != fault.Busy || !strings.Contains(err.Error(), "gone again") {
		p.Errorf("got %v", err)
	}
}

func leftovers(p *Pier) {
	dir := p.TempDir()
	p.Setenv("TMPDIR", dir)
	p.Put("1.csv", []byte("a,b\n1,x\n"))
	p.Landed()
	stopped, stop := context.WithCancel(p.Context())
	stop()
	listed := p.arrival()
	if _, err := p.Reader.Fetch(stopped, p.Table(), listed); fault.KindOf(err) != fault.Interrupted {
		p.Errorf("a stopped fetch: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		p.Errorf("left behind: %v %v", left, err)
	}
}

// property: whatever is put, overwritten and run in whatever order, the lake
// holds what the place does. Files with equal bytes count once, or twice when
// one became what the other was before: which it is tells the lake, not the place.
func (s Suite) property(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := s.pier(t)
		truth := map[string]string{}
		for range rapid.IntRange(1, 5).Draw(r, "runs") {
			for range rapid.IntRange(0, 3).Draw(r, "puts") {
				name := rapid.SampledFrom([]string{"1.csv", "2.csv", "days/3.csv"}).Draw(r, "name")
				row := fmt.Sprintf("%d %s", rapid.IntRange(0, 2).Draw(r, "a"), rapid.SampledFrom([]string{"x", "y"}).Draw(r, "b"))
				truth[name] = row
				p.Put(name, []byte("a,b\n"+strings.Replace(row, " ", ",", 1)+"\n"))
			}
			if err := p.Run(); err != nil {
				r.Fatal(err)
			}
		}
		most := map[string]int{}
		for _, row := range truth {
			most[row]++
		}
		got := map[string]int{}
		for _, row := range p.Rows() {
			name, row, _ := strings.Cut(row, " ")
			if got[row]++; truth[name] != row {
				r.Fatalf("%s holds %s, the lake %s", name, truth[name], row)
			}
		}
		for row, times := range most {
			if got[row] < 1 || got[row] > times {
				r.Fatalf("%s is there %d times: %v, of %v", row, got[row], p.Rows(), truth)
			}
		}
	})
}
