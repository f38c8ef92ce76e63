package vendors

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/klauspost/compress/gzip"
)

func itoa(n int) string { return strconv.Itoa(n) }

// spendList answers GET /ads/v1/spend: pages by number, or by offset.
func (w *World) spendList(v *view, r *http.Request) answer {
	q := ask(Ads, r, "from", "to", "network", "page", "per_page", "offset", "limit", "api_key")
	all := spendBetween(v, q, q.instant("from"), q.instant("to"), q.text("network"))
	number, size := q.number("page", 1, 1, 1_000_000), q.number("per_page", 50, 1, 500)
	byOffset := q.values.Has("offset") || q.values.Has("limit")
	start := (number - 1) * size
	if byOffset {
		start, size = q.number("offset", 0, 0, 100_000_000), q.number("limit", 50, 1, 500)
		if q.values.Has("page") || q.values.Has("per_page") {
			q.fail("page and per_page, or offset and limit, not both")
		}
	}
	if refused, wrong := q.refused(); wrong {
		return refused
	}
	p := newPage(w.stock.feeds["ads/spend"], all, size, func([]record) int { return start })
	p.write = func(p *page) answer {
		buf := append(p.array([]byte(`{"rows":`)), `,"total":`+itoa(p.total)...)
		if byOffset {
			next := "null"
			if n := p.next(); n >= 0 {
				next = itoa(n)
			}
			buf = append(buf, `,"offset":`+itoa(start)+`,"limit":`+itoa(size)+`,"next_offset":`+next+"}\n"...)
		} else {
			pages := (len(p.all) + size - 1) / size
			buf = append(buf, `,"page":`+itoa(number)+`,"per_page":`+itoa(size)+`,"pages":`+itoa(pages)+"}\n"...)
		}
		return answer{status: http.StatusOK, kind: "application/json", body: buf}
	}
	return answer{page: p}
}

// spendBetween are the days from one to another, both included, as ad people
// say them.
func spendBetween(v *view, q *question, from, to, network string) []record {
	if from == "" || to == "" {
		q.fail("from and to must be given, both days are included")
	}
	if network != "" && network != "search" && network != "social" {
		q.fail("network is search or social")
	}
	all := between(v.rows["ads/spend"], from, after(to, 1))
	if network == "" {
		return all
	}
	var some []record
	for _, r := range all {
		if r.values[0] == network {
			some = append(some, r)
		}
	}
	return some
}

// report is spend somebody asked for and fetches later.
type report struct {
	id    string
	rows  []record // as they were when it was asked for
	asked int      // how often its status was
}

// A report is ready when its status is asked for the third time, and a client
// may have so many of them.
const (
	readyAt    = 3
	mostReport = 1000
)

// newReport answers POST /ads/v1/reports.
func (w *World) newReport(v *view, r *http.Request) answer {
	if err := r.ParseForm(); err != nil {
		return refuse(Ads, http.StatusBadRequest, "bad_request", "the body cannot be read")
	}
	wanted := struct{ From, To, Network, Format string }{
		r.PostForm.Get("from"), r.PostForm.Get("to"), r.PostForm.Get("network"), r.PostForm.Get("format"),
	}
	if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		if err := readJSON(r, &wanted); err != nil {
			return refuse(Ads, http.StatusBadRequest, "bad_request", "the body is no report request: "+err.Error())
		}
	}
	q := ask(Ads, r, "api_key")
	from, okFrom := instant(wanted.From)
	to, okTo := instant(wanted.To)
	if !okFrom || !okTo {
		q.fail("from and to must be days, 2025-01-03")
	}
	if wanted.Format != "" && wanted.Format != "csv" {
		q.fail("format is csv")
	}
	rows := spendBetween(v, q, from, to, wanted.Network)
	if refused, wrong := q.refused(); wrong {
		return refused
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.reports) >= mostReport {
		return refuse(Ads, http.StatusConflict, "too_many_reports", "a thousand reports wait to be fetched")
	}
	made := &report{id: "R" + padded(itoa(len(w.reports)+1)), rows: rows}
	w.reports[made.id] = made
	a := jsonAnswer(http.StatusAccepted, map[string]string{
		"report_id": made.id, "status": "queued", "status_url": w.URL() + "/ads/v1/reports/" + made.id,
	})
	return a.with("Location", "/ads/v1/reports/"+made.id)
}

// reportStatus answers GET /ads/v1/reports/{id}: queued, running, done.
func (w *World) reportStatus(_ *view, r *http.Request) answer {
	id := r.PathValue("id")
	w.mu.Lock()
	defer w.mu.Unlock()
	wanted, there := w.reports[id]
	if !there {
		return refuse(Ads, http.StatusNotFound, "not_found", "there is no report "+id)
	}
	wanted.asked++
	said := map[string]any{"report_id": id, "status": []string{"queued", "running", "done"}[min(wanted.asked, readyAt)-1]}
	if wanted.asked >= readyAt {
		said["download_url"] = w.URL() + "/ads/v1/reports/" + id + "/download"
		said["rows"] = len(wanted.rows)
	}
	return jsonAnswer(http.StatusOK, said)
}

// reportFile answers GET /ads/v1/reports/{id}/download: a compressed CSV file.
func (w *World) reportFile(_ *view, r *http.Request) answer {
	id := r.PathValue("id")
	w.mu.Lock()
	wanted, there := w.reports[id]
	ready := there && wanted.asked >= readyAt
	w.mu.Unlock()
	switch {
	case !there:
		return refuse(Ads, http.StatusNotFound, "not_found", "there is no report "+id)
	case !ready:
		return refuse(Ads, http.StatusConflict, "not_ready", "the report is not done yet")
	}
	p := newPage(w.stock.feeds["ads/spend"], wanted.rows, 0, nil)
	p.counted = false
	p.write = func(p *page) answer {
		return answer{status: http.StatusOK, kind: "application/gzip", body: zip(p.csv())}.
			with("Content-Disposition", `attachment; filename="spend-`+id+`.csv.gz"`)
	}
	return answer{page: p}
}

// zip compresses; same bytes in, same bytes out.
func zip(plain []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(plain) // a buffer takes everything
	_ = z.Close()
	return out.Bytes()
}
