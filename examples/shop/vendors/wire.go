package vendors

import (
	"bytes"
	"compress/flate"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// deliver sends an answer, unless the connection is in trouble.
func (w *World) deliver(rw http.ResponseWriter, c call, a answer) {
	if a.status == http.StatusOK && len(a.body) > 1 {
		if _, struck := w.first(c, CutBody); struck {
			cut(rw, a)
			return
		}
		if front, back, can := around(a); can {
			if _, struck := w.first(c, GiantBody); struck {
				w.giant(rw, a, front, back)
				return
			}
		}
	}
	w.send(rw, c.Request, a)
}

func headers(rw http.ResponseWriter, a answer) {
	for name, v := range a.header {
		rw.Header().Set(name, v)
	}
	if a.kind != "" {
		rw.Header().Set("Content-Type", a.kind)
	}
}

func (w *World) send(rw http.ResponseWriter, r *http.Request, a answer) {
	headers(rw, a)
	if a.zipped && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		rw.Header().Set("Content-Encoding", "gzip")
		rw.WriteHeader(a.status)
		z, err := gzip.NewWriterLevel(rw, flate.BestSpeed)
		if err == nil {
			_, _ = z.Write(a.body) // a client that left needs no answer
			_ = z.Close()
		}
		return
	}
	if r.Method != http.MethodHead {
		rw.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	rw.WriteHeader(a.status)
	_, _ = rw.Write(a.body) // a client that left needs no answer
}

// cut sends half of a body and closes the connection.
func cut(rw http.ResponseWriter, a answer) {
	headers(rw, a)
	rw.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	rw.WriteHeader(a.status)
	_, _ = rw.Write(a.body[:len(a.body)/2])
	abort(rw)
}

// abandon ends a connection without an answer.
func abandon(rw http.ResponseWriter) {
	if connection, _, err := http.NewResponseController(rw).Hijack(); err == nil {
		_ = connection.Close()
	}
}

// abort ends a connection with the answer that was begun, so that nobody takes
// it for whole.
func abort(rw http.ResponseWriter) {
	_ = http.NewResponseController(rw).Flush() // a client that left needs nothing
	abandon(rw)
}

// around splits a body where a field or record of any size may stand.
func around(a answer) (front, back []byte, can bool) {
	switch {
	case a.kind == "application/json" && a.body[0] == '{':
		return []byte(`{"padding":"`), append([]byte(`",`), a.body[1:]...), true
	case a.kind == "application/json" && bytes.HasPrefix(a.body, []byte("[{")):
		return []byte(`[{"padding":"`), append([]byte(`"},`), a.body[1:]...), true
	case a.kind == "application/x-ndjson":
		return []byte(`{"padding":"`), append([]byte("\"}\n"), a.body...), true
	case a.kind == "application/xml":
		head, rest, found := bytes.Cut(a.body, []byte("?>\n"))
		return fmt.Appendf(nil, "%s?>\n<!--", head), append([]byte("-->\n"), rest...), found
	}
	return nil, nil, false
}

// giant sends a body of any size around the right one.
func (w *World) giant(rw http.ResponseWriter, a answer, front, back []byte) {
	headers(rw, a)
	rw.WriteHeader(a.status)
	if _, err := rw.Write(front); err != nil {
		return
	}
	chunk := bytes.Repeat([]byte("x"), 64<<10)
	for left := w.options.GiantBytes; left > 0; left -= int64(len(chunk)) {
		select {
		case <-w.stopping:
			abort(rw)
			return
		default:
		}
		if _, err := rw.Write(chunk[:min(int64(len(chunk)), left)]); err != nil {
			return
		}
	}
	_, _ = rw.Write(back) // a client that left needs no answer
}
