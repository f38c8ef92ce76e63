package vendors

import (
	"slices"
	"strings"
)

// view is what the vendors can tell on a day. It does not change: SetToday
// makes another.
type view struct {
	today  string
	rows   map[string][]record // by feed, in time
	orders map[string]int      // place of each order in rows["shop/orders"]
}

func (s *stock) view(today string) *view {
	v := &view{today: today, rows: map[string][]record{}, orders: map[string]int{}}
	for name, f := range s.feeds {
		v.rows[name] = f.on(today)
	}
	v.rows["ads/spend"] = restate(v.rows["ads/spend"], today)
	for i, r := range v.rows["shop/orders"] {
		v.orders[r.id] = i
	}
	return v
}

// shuffle brings records out of order, the same way each time.
func shuffle(records []record) []record {
	type place struct {
		luck uint64
		record
	}
	places := make([]place, len(records))
	for i, r := range records {
		places[i] = place{chance(1, r.id), r}
	}
	slices.SortFunc(places, func(a, b place) int {
		switch {
		case a.luck < b.luck:
			return -1
		case a.luck > b.luck:
			return 1
		}
		return strings.Compare(a.id, b.id)
	})
	out := make([]record, len(places))
	for i, p := range places {
		out[i] = p.record
	}
	return out
}
