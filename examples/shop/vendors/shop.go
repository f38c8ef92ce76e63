package vendors

import (
	"net/http"
	"strings"
)

// shopLists are the shop's endpoints below /shop/v1/, and their feeds.
var shopLists = map[string]string{
	"orders": "shop/orders", "customers": "shop/customers", "products": "shop/products", "promotions": "shop/promotions",
	"fees": "shop/fees", "picks": "shop/picks", "refunds": "shop/refunds", "contacts": "shop/contacts",
}

// shopList answers GET /shop/v1/{list}: cursor pagination in the body.
func (w *World) shopList(v *view, r *http.Request) answer {
	feed, ok := shopLists[r.PathValue("list")]
	if !ok {
		return w.nothing(v, r)
	}
	return w.cursorList(feed, v.rows[feed], r)
}

// orderRefunds answers GET /shop/v1/orders/{order}/refunds.
func (w *World) orderRefunds(v *view, r *http.Request) answer {
	id := r.PathValue("order")
	if _, there := v.orders[id]; !there {
		return refuse(Shop, http.StatusNotFound, "not_found", "there is no order "+id)
	}
	var refunds []record
	for _, refund := range v.rows["shop/refunds"] {
		if refund.values[1] == id {
			refunds = append(refunds, refund)
		}
	}
	return w.cursorList("shop/refunds", refunds, r)
}

// order answers GET /shop/v1/orders/{order}.
func (w *World) order(v *view, r *http.Request) answer {
	n, there := v.orders[r.PathValue("order")]
	if !there {
		return refuse(Shop, http.StatusNotFound, "not_found", "there is no order "+r.PathValue("order"))
	}
	p := newPage(w.stock.feeds["shop/orders"], v.rows["shop/orders"][n:n+1], 0, nil)
	p.counted = false
	p.write = func(p *page) answer {
		return answer{status: http.StatusOK, kind: "application/json", body: p.object(nil, p.records[0])}
	}
	return answer{page: p}
}

func (w *World) cursorList(feed string, all []record, r *http.Request) answer {
	q := ask(Shop, r, "updated_since", "limit", "cursor")
	from := q.instant("updated_since")
	limit := q.number("limit", 100, 1, 250)
	var place func([]record) int
	if said := q.text("cursor"); said != "" {
		c, ok := parseCursor(said)
		if !ok || from != "" && from != c.since {
			q.fail("the cursor is not one of this list")
		}
		from, place = c.since, c.behind
	}
	if refused, wrong := q.refused(); wrong {
		return refused
	}
	p := newPage(w.stock.feeds[feed], since(all, from), limit, place)
	p.write = func(p *page) answer {
		buf := p.array([]byte(`{"data":`))
		buf = append(buf, `,"total":`+itoa(p.total)+`,"next_cursor":`...)
		if next := p.next(); next < 0 {
			buf = append(buf, "null}\n"...)
		} else {
			last := p.all[next-1]
			buf = append(quoted(buf, cursor{from, last.at, last.id}.String()), '}', '\n')
		}
		return answer{status: http.StatusOK, kind: "application/json", body: buf}
	}
	return answer{page: p}
}

// nothing answers what no endpoint is at.
func (w *World) nothing(_ *view, r *http.Request) answer {
	service := Service(strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), "/", 2)[0])
	return refuse(service, http.StatusNotFound, "not_found", "there is nothing at "+r.URL.Path)
}
