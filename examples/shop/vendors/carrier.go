package vendors

import (
	"net/http"
	"time"
)

// longest is the longest window of receipt times the carrier answers at once.
const longest = 7 * 24 * time.Hour

// scanLines answers GET /carrier/v1/events: an object a line.
func (w *World) scanLines(v *view, r *http.Request) answer {
	return w.scansOf(v, r, func(p *page) answer {
		return answer{status: http.StatusOK, kind: "application/x-ndjson", body: p.jsonLines(), zipped: true}.
			with("X-Record-Count", itoa(p.total))
	})
}

// scanXML answers GET /carrier/v1/events.xml.
func (w *World) scanXML(v *view, r *http.Request) answer {
	return w.scansOf(v, r, func(p *page) answer {
		return answer{status: http.StatusOK, kind: "application/xml", body: p.xml("scans", "scan"), zipped: true}
	})
}

func (w *World) scansOf(v *view, r *http.Request, write func(*page) answer) answer {
	q := ask(Carrier, r, "received_from", "received_to")
	from, to := q.instant("received_from"), q.instant("received_to")
	if from == "" || to == "" {
		q.fail("received_from and received_to must be given")
	}
	if to > after(from, int64(longest.Seconds())) || to < from {
		q.fail("a window is at most 7 days long, and ends after it starts")
	}
	if refused, wrong := q.refused(); wrong {
		return refused
	}
	p := newPage(w.stock.feeds["carrier/events"], shuffle(between(v.rows["carrier/events"], from, to)), 0, nil)
	p.write = write
	return answer{page: p}
}
