package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
)

// Measured on DuckDB 1.5 (CPU per 1M rows x 8 columns): eight null counts as
// eight WHERE statements 3 ms, as scalar subqueries of one 10 ms, as counted
// cases of one 39 ms; a range rule 0.8 ms as WHERE and 4.6 ms as a case; a
// unique key 150 ms in any form. A statement costs about 0.4 ms by itself, so
// below fewRows one statement for all is the cheapest.
const (
	fewRows     = 50_000
	mostSources = 8 // subqueries joined in one statement; join planning grows with them
)

// scan is one statement and what its answer fills.
type scan struct {
	sql   string
	why   string
	keys  int     // leading columns that name the segment
	cells []cell  // the columns after the keys
	whole *probe  // the probe that takes complete rows; nil otherwise
	parts []*part // of a fused statement, for measuring them apart
}

// cell is one column of an answer: the probe it measures, or several for the
// number of rows judged.
type cell struct {
	sql    string
	value  *probe
	judged []*probe
}

// part is one FROM clause: the cells that share its rows.
type part struct {
	from  string
	whole bool
	by    []segment
	where string
	cells []cell
	alone string // complete SELECT in place of from
}

func (sc *scan) probes() []*probe {
	var out []*probe
	if sc.whole != nil {
		out = append(out, sc.whole)
	}
	for _, c := range sc.cells {
		if c.value != nil {
			out = append(out, c.value)
		}
	}
	return out
}

// names returns the checks a scan serves, those it only counts rows for
// included.
func (sc *scan) names() []string {
	var out []string
	for _, p := range sc.probes() {
		out = append(out, p.check.Name)
	}
	for _, c := range sc.cells {
		for _, p := range c.judged {
			if !slices.Contains(out, p.check.Name) {
				out = append(out, p.check.Name)
			}
		}
	}
	return out
}

// arrange puts the probes into the cheapest statements for the engine and the
// number of rows.
func arrange(s scope, probes []*probe) []*scan {
	fused, why := s.fuses()
	var plain, segmented, alone []*part
	var scans []*scan
	for _, p := range probes {
		switch {
		case p.problem != nil:
		case p.rows != "":
			scans = append(scans, &scan{sql: p.rows, whole: p, keys: p.keyColumns(), why: "compares whole segments"})
		case p.alone != "":
			alone = append(alone, &part{alone: p.alone, cells: []cell{{sql: "v", value: p}}})
		case p.failing != "" && p.where == "" && !fused && s.PrunesByStats:
			sql := "select count(*) as v" + s.of(p).filtered(p.failing)
			scans = append(scans, &scan{sql: sql, cells: []cell{{value: p}}, why: "rare rows are pruned by statistics"})
		case p.failing != "":
			c := cell{sql: "count(case when (" + p.failing + ") then 1 end)", value: p}
			plain = s.join(plain, p, c)
		case p.value == "count(*)" && s.rowsKnown(p):
			p.got.value = s.Rows
		case p.value != "" && len(p.by) > 0:
			segmented = s.join(segmented, p, cell{sql: "(" + p.value + ")", value: p})
		case p.value != "":
			plain = s.join(plain, p, cell{sql: "(" + p.value + ")", value: p})
		}
	}
	plain = s.countJudged(plain, probes)
	for _, pt := range segmented {
		scans = append(scans, pt.scan("segments share one GROUP BY"))
	}
	if fused {
		for chunk := range slices.Chunk(append(plain, alone...), mostSources) {
			scans = append(scans, fuse(chunk, why))
		}
		return scans
	}
	for _, pt := range plain {
		scans = append(scans, pt.scan("plain aggregates share one scan"))
	}
	for _, pt := range alone {
		scans = append(scans, fuse([]*part{pt}, "costs the same alone"))
	}
	return scans
}

// fuses decides whether one statement for everything is the cheapest.
func (s scope) fuses() (bool, string) {
	switch {
	case s.BillsPerScan:
		return true, "the engine bills per scan"
	case s.Form == engine.View:
		return true, "a view is computed by every statement"
	case s.Rows >= 0 && s.Rows <= fewRows:
		return true, "few rows: a statement costs more than its scan"
	default:
		return false, ""
	}
}

func (s scope) rowsKnown(p *probe) bool {
	return s.Rows >= 0 && p.where == "" && len(p.by) == 0 && s.of(p).source == ""
}

func (p *probe) keyColumns() int {
	if p.check.Rule.Over != "" {
		return len(p.by) + 1
	}
	return len(p.by)
}

// join adds a cell to the part with the probe's condition and segments. Every
// part counts its rows first: it is next to free, and an expression that is no
// aggregate cannot be bound beside it.
func (s scope) join(parts []*part, p *probe, c cell) []*part {
	for _, pt := range parts {
		if pt.where == p.where && pt.whole == p.whole && slices.EqualFunc(pt.by, p.by, func(a, b segment) bool { return a.sql == b.sql }) {
			pt.cells = append(pt.cells, c)
			if len(p.by) > 0 {
				pt.cells[0].judged = append(pt.cells[0].judged, p)
			}
			return parts
		}
	}
	count := cell{sql: "count(*)"}
	if len(p.by) > 0 {
		count.judged = []*probe{p}
	}
	return append(parts, &part{from: s.of(p).filtered(p.where), whole: p.whole, where: p.where, by: p.by, cells: []cell{count, c}})
}

// countJudged makes sure that the number of rows judged is measured wherever a
// verdict or its message wants it and it is not known already.
func (s scope) countJudged(parts []*part, probes []*probe) []*part {
	for _, p := range probes {
		switch {
		case p.problem != nil || !p.judges || len(p.by) > 0:
			continue
		case s.rowsKnown(p):
			p.got.judged = s.Rows
			continue
		}
		at := slices.IndexFunc(parts, func(pt *part) bool { return pt.where == p.where && pt.whole == p.whole })
		if at < 0 {
			at = len(parts)
			parts = append(parts, &part{from: s.of(p).filtered(p.where), whole: p.whole, where: p.where, cells: []cell{{sql: "count(*)"}}})
		}
		parts[at].cells[0].judged = append(parts[at].cells[0].judged, p)
	}
	return parts
}

// selected is the part as a complete SELECT, its cells named from _<first> on.
func (pt *part) selected(first int) string {
	if pt.alone != "" {
		return fmt.Sprintf("select v as _%d from (%s) as _s", first, pt.alone)
	}
	var list []string
	for i, b := range pt.by {
		list = append(list, fmt.Sprintf("(%s) as k%d", b.sql, i))
	}
	for i, c := range pt.cells {
		list = append(list, fmt.Sprintf("%s as _%d", c.sql, first+i))
	}
	return "select " + strings.Join(list, ", ") + pt.from + groupBy(len(pt.by))
}

func (pt *part) scan(why string) *scan {
	return &scan{sql: pt.selected(0), why: why, keys: len(pt.by), cells: pt.cells, parts: []*part{pt}}
}

// fuse makes one statement of several parts of one row each.
func fuse(parts []*part, why string) *scan {
	if len(parts) == 1 {
		if parts[0].alone != "" {
			return &scan{sql: parts[0].alone, why: why, cells: parts[0].cells, parts: parts}
		}
		return parts[0].scan(why)
	}
	out := &scan{why: why, parts: parts}
	var from, list []string
	for i, pt := range parts {
		from = append(from, fmt.Sprintf("(%s) as _p%d", pt.selected(len(out.cells)), i))
		out.cells = append(out.cells, pt.cells...)
	}
	for i := range out.cells {
		list = append(list, fmt.Sprintf("_%d", i))
	}
	out.sql = "select " + strings.Join(list, ", ") + " from " + strings.Join(from, " cross join ")
	return out
}

// apart divides a statement that failed into one per probe, so that one wrong
// rule does not spoil the verdict of its neighbours; nil when it cannot be
// divided.
func (sc *scan) apart() []*scan {
	var out []*scan
	for _, pt := range sc.parts {
		if pt.alone != "" {
			out = append(out, fuse([]*part{pt}, sc.why))
			continue
		}
		for i, c := range pt.cells {
			single := *pt
			switch {
			case c.value != nil:
				single.cells = []cell{{sql: "count(*)"}, c}
				if len(pt.by) > 0 {
					single.cells[0].judged = []*probe{c.value}
				}
			case i == 0 && len(c.judged) > 0 && len(pt.by) == 0:
				single.cells = []cell{c}
			default:
				continue
			}
			out = append(out, single.scan(sc.why))
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// interrupts reports whether an error is about the engine or the run rather
// than about a rule. A rule that takes more memory than there is, is at fault
// itself: its neighbours are measured without it.
func interrupts(err error) bool {
	switch fault.KindOf(err) {
	case fault.Interrupted, fault.Unreachable, fault.Busy, fault.Broken:
		return true
	default:
		return false
	}
}
