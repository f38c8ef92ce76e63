package http_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// order is a record of the model shop.
type order struct {
	ID        int             `json:"id"`
	Total     json.RawMessage `json:"total"`
	UpdatedAt string          `json:"updated_at"`
	at        time.Time
}

// shop is a model of a vendor: records that change, answered in pages.
type shop struct {
	mu        sync.Mutex
	orders    map[int]order
	keyset    bool  // pages go on after the last record, not by number
	last      order // of the page before
	exclusive bool  // the position itself is left out
	asked     []string
	spoil     func(r *http.Request, page []order) []order // nil: nothing
	order     func(a, b order) int
	between   func() // called after each page
}

func newShop() *shop {
	return &shop{orders: map[int]order{}, order: func(a, b order) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.ID, b.ID)) }}
}

func (s *shop) put(id int, at time.Time, total string) {
	s.orders[id] = order{id, json.RawMessage(total), at.UTC().Format("2006-01-02T15:04:05.000Z"), at}
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.URL.RequestURI())
	query := r.URL.Query()
	since, _ := time.Parse(time.RFC3339Nano, query.Get("since"))
	from, _ := time.Parse(time.DateOnly, query.Get("from"))
	to, err := time.Parse(time.DateOnly, query.Get("to"))
	if err != nil {
		to = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	var found []order
	for _, o := range s.orders {
		if !o.at.Before(since) && (!s.exclusive || !o.at.Equal(since)) && !o.at.Before(from) && o.at.Before(to) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, s.order)
	size, at := 3, 0
	if n, err := strconv.Atoi(query.Get("n")); err == nil {
		size = n
	}
	if fmt.Sscan(query.Get("after"), &at); s.last.ID > 0 && at > 0 && query.Has("after") && s.keyset {
		at = len(found) // after the last record, wherever that has gone
		for i, o := range found {
			if s.order(o, s.last) > 0 {
				at = i
				break
			}
		}
	}
	page := found[min(at, len(found)):min(at+size, len(found))]
	next := ""
	if at+size < len(found) {
		next = strconv.Itoa(at + size)
	}
	if s.last = (order{}); len(page) > 0 {
		s.last = page[len(page)-1]
	}
	if s.spoil != nil {
		page = s.spoil(r, page)
	}
	if page == nil {
		page = []order{}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": page, "next": next, "total": len(found)})
	if s.between != nil {
		s.between()
	}
}

// truth is what the lake must have.
func (s *shop) truth() []string {
	out := []string{}
	for _, o := range s.orders {
		out = append(out, fmt.Sprintf("%d %s", o.ID, o.Total))
	}
	return out
}

const current = "SELECT id, total FROM lake.api_orders"

func minute(n int) time.Time {
	return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Minute)
}
