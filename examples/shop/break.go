package shop

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/larder-data/larder/internal/fault"
)

// Broken is one raw row that was made wrong, the way a till does that sends
// pence where pounds are expected: its unit price is a hundred times too high.
type Broken struct {
	File   string // relative to the project's folder, slashes
	Line   int    // from 1
	Column string // "unit_price"
	Order  string // the order the line belongs to
	Before string // the value as it was, "1.25"
	After  string // and as it is now, "125.00"

	Dataset string // the first dataset that must hold
	Check   string // the check on it that must fail

	path          string
	right, broken string // the whole line
}

// String says in one sentence what was done.
func (b Broken) String() string {
	return fmt.Sprintf("%s line %d: %s %s became %s, as if pence were pounds", b.File, b.Line, b.Column, b.Before, b.After)
}

// Columns of an order line's file that Break reads.
const (
	orderColumn    = 0
	priceColumn    = 4
	currencyColumn = 5
)

// Break makes one order line of the newest file in dir wrong. The order it
// belongs to keeps its total, so the project's check lines_tie_to_orders has
// to find the difference. It fails with NotFound when dir holds no order lines.
func Break(dir string) (Broken, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "data", "shop", "order_lines", "order_lines-*.csv"))
	if err != nil {
		return Broken{}, outside(dir, err)
	}
	slices.Sort(paths)
	for _, path := range slices.Backward(paths) {
		text, err := os.ReadFile(path)
		if err != nil {
			return Broken{}, outside(path, err)
		}
		b, found := choose(string(text))
		if !found {
			continue
		}
		relative, err := filepath.Rel(dir, path)
		if err != nil {
			return Broken{}, outside(path, err)
		}
		b.path, b.File = path, filepath.ToSlash(relative)
		return b, b.swap(b.right, b.broken)
	}
	return Broken{}, fault.At(fault.Place{File: dir}, fault.NotFound, "there is no order line to break").
		WithHint("simulate the shop into this folder first")
}

// choose takes the first modest price in pounds from the middle of the file
// on: a hundred times as much is still a price somebody could believe.
func choose(text string) (Broken, bool) {
	lines := strings.Split(text, "\n")
	for i := range lines {
		n := (i + len(lines)/2) % len(lines)
		fields := strings.Split(lines[n], ",")
		if n == 0 || len(fields) <= currencyColumn || fields[currencyColumn] != "GBP" || len(fields[priceColumn]) != len("1.25") {
			continue
		}
		b := Broken{
			Line: n + 1, Column: "unit_price", Order: fields[orderColumn], right: lines[n],
			Dataset: "warehouse.order_lines", Check: "lines_tie_to_orders",
		}
		b.Before = fields[priceColumn]
		b.After = strings.TrimLeft(strings.Replace(b.Before, ".", "", 1), "0") + ".00"
		fields[priceColumn] = b.After
		b.broken = strings.Join(fields, ",")
		return b, true
	}
	return Broken{}, false
}

// Mend puts the row back as it was. It fails with Conflict, changing nothing,
// when the line is no longer the one Break wrote.
func (b Broken) Mend() error { return b.swap(b.broken, b.right) }

// swap replaces the line, leaving either the old file or the new one.
func (b Broken) swap(from, to string) (err error) {
	text, err := os.ReadFile(b.path)
	if err != nil {
		return outside(b.path, err)
	}
	lines := strings.Split(string(text), "\n")
	if b.Line > len(lines) || lines[b.Line-1] != from {
		return fault.At(fault.Place{File: b.File, Line: b.Line}, fault.Conflict, "the line has been changed since it was broken").
			WithHint("put it back by hand: %s", to)
	}
	lines[b.Line-1] = to
	fresh := b.path + partial
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(fresh))
		}
	}()
	if err := os.WriteFile(fresh, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		return outside(fresh, err)
	}
	return outside(b.path, os.Rename(fresh, b.path))
}
