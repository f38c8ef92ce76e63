package vendors

import (
	"cmp"
	"slices"
	"strings"
)

// kind is how a column's values are written in an answer.
type kind uint8

const (
	text    kind = iota // "Leeds"; null when there is nothing
	whole               // 12
	money               // "12.50", a text so that no client takes it for a float
	decimal             // 12.50, a bare number with all its digits
)

// column is one field of an endpoint's records.
type column struct {
	name string
	kind kind
	key  bool // says which record it is, or when it changed: never spoiled
}

// record is one version of one thing a vendor knows. Values are in the order
// of the feed's columns; nothing is "".
type record struct {
	id     string   // which thing
	at     string   // when it became so, UTC, "2025-01-03T14:05:00Z": lists are sorted by it
	day    string   // business day from which the vendor can tell of it
	values []string //
	lines  []record // an order's lines
}

// feed is everything a vendor will ever tell of one kind of thing.
type feed struct {
	name    string // as World.Truth knows it, "shop/orders"
	columns []column
	lines   []column // of the records' lines
	sparse  bool     // a field without a value is left out of an answer, not null
	records []record // every version, in the order they came to be
}

func (f *feed) add(r record) { f.records = append(f.records, r) }

// on returns the newest version of each thing as of a day, sorted by when it
// became so.
func (f *feed) on(day string) []record {
	newest := make(map[string]int, len(f.records))
	var seen []record
	for _, r := range f.records {
		if r.day > day {
			continue
		}
		if at, there := newest[r.id]; there {
			if seen[at].at <= r.at {
				seen[at] = r
			}
			continue
		}
		newest[r.id] = len(seen)
		seen = append(seen, r)
	}
	slices.SortFunc(seen, inTime)
	return seen
}

func inTime(a, b record) int {
	return cmp.Or(strings.Compare(a.at, b.at), strings.Compare(a.id, b.id))
}

// since returns the records at or after an instant, of records in time.
func since(records []record, at string) []record {
	n, _ := slices.BinarySearchFunc(records, at, func(r record, at string) int { return strings.Compare(r.at, at) })
	return records[n:]
}

// between returns the records from an instant up to, not including, another.
func between(records []record, from, to string) []record {
	records = since(records, from)
	if to == "" {
		return records
	}
	return records[:len(records)-len(since(records, to))]
}

// columnsOf reads "order_id! quantity:whole total:money"; ! marks a key.
func columnsOf(described string) []column {
	var all []column
	for _, word := range strings.Fields(described) {
		word, key := strings.CutSuffix(word, "!")
		name, kindName, _ := strings.Cut(word, ":")
		c := column{name: name, key: key}
		switch kindName {
		case "whole":
			c.kind = whole
		case "money":
			c.kind = money
		case "decimal":
			c.kind = decimal
		}
		all = append(all, c)
	}
	return all
}
