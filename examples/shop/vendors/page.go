package vendors

import "slices"

// page is a part of a list, as structured as a trouble needs it to be spoiled.
type page struct {
	columns []column
	lines   []column
	sparse  bool
	all     []record // the whole list
	start   int      // of the page in it
	limit   int
	total   int // what the vendor says there are
	counted bool
	paged   bool // there may be more pages
	records []record

	place func(all []record) int // where the page starts when the list is another
	write func(*page) answer
}

// newPage takes the page at start out of a list; limit 0 is the whole list.
func newPage(f *feed, all []record, limit int, place func([]record) int) *page {
	p := &page{columns: f.columns, lines: f.lines, sparse: f.sparse, limit: limit, paged: limit > 0, counted: true, place: place}
	p.of(all)
	return p
}

// of takes the page out of another list.
func (p *page) of(all []record) {
	if !p.paged {
		p.limit = max(1, len(all))
	}
	p.all, p.total, p.start = all, len(all), 0
	if p.place != nil {
		p.start = p.place(all)
	}
	p.cut()
}

// at moves the page to another start.
func (p *page) at(start int) {
	p.start = start
	p.cut()
}

func (p *page) cut() {
	start := min(max(p.start, 0), len(p.all))
	p.records = p.all[start:min(start+p.limit, len(p.all))]
}

// next is where the page after starts, -1 when there is none.
func (p *page) next() int {
	if end := p.start + p.limit; end < len(p.all) {
		return end
	}
	return -1
}

// change gives one record of the page another value in a column.
func (p *page) change(n, column int, value string) {
	p.records = slices.Clone(p.records)
	p.records[n].values = slices.Clone(p.records[n].values)
	p.records[n].values[column] = value
}

// changeable are the columns that are no key and of one of the kinds.
func (p *page) changeable(kinds ...kind) []int {
	var found []int
	for i, c := range p.columns {
		if !c.key && (len(kinds) == 0 || slices.Contains(kinds, c.kind)) {
			found = append(found, i)
		}
	}
	return found
}
