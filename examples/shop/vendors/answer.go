package vendors

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Service is one vendor.
type Service string

// The vendors.
const (
	Shop     Service = "shop"
	Ads      Service = "ads"
	Payments Service = "payments"
	Carrier  Service = "carrier"
	Bucket   Service = "bucket"
)

// Services returns all vendors that answer over HTTP.
func Services() []Service { return []Service{Shop, Ads, Payments, Carrier, Bucket} }

// answer is what a service says to a request.
type answer struct {
	status int
	kind   string // Content-Type
	header map[string]string
	body   []byte
	page   *page // what body is to be written from, unless it is there
	zipped bool  // may be compressed when the client takes that
}

// with adds a header.
func (a answer) with(name, value string) answer {
	header := map[string]string{name: value}
	for n, v := range a.header {
		header[n] = v
	}
	a.header = header
	return a
}

func jsonAnswer(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		body = []byte(`{"error":"the vendor cannot write its answer"}`)
	}
	return answer{status: status, kind: "application/json", body: body}
}

// refuse is an error in a service's own words and shape.
func refuse(s Service, status int, code, message string) answer {
	switch s {
	case Ads:
		return jsonAnswer(status, map[string]any{"errors": []any{map[string]string{"code": code, "message": message}}})
	case Payments:
		return jsonAnswer(status, map[string]string{"error": code, "error_description": message})
	case Carrier:
		return answer{status: status, kind: "text/plain; charset=utf-8", body: []byte(code + ": " + message + "\n")}
	case Bucket:
		body := `<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>" + code + "</Code><Message>" +
			escapes.Replace(message) + "</Message></Error>"
		return answer{status: status, kind: "application/xml", body: []byte(body)}
	default:
		return jsonAnswer(status, map[string]any{"error": map[string]string{"code": code, "message": message}})
	}
}

// question is the query of a request, read strictly: a parameter nobody knows
// is refused, so that a misspelt one is not taken for no filter at all.
type question struct {
	service Service
	values  url.Values
	wrong   string
}

func ask(s Service, r *http.Request, known ...string) *question {
	q := &question{service: s, values: r.URL.Query()}
	for name := range q.values {
		if !slices.Contains(known, name) {
			q.fail("unknown parameter " + name + "; known are " + strings.Join(known, ", "))
		}
	}
	return q
}

func (q *question) fail(what string) {
	if q.wrong == "" {
		q.wrong = what
	}
}

// refused is the answer to a question that was not well put.
func (q *question) refused() (answer, bool) {
	return refuse(q.service, http.StatusBadRequest, "bad_request", q.wrong), q.wrong != ""
}

func (q *question) text(name string) string { return q.values.Get(name) }

// instant reads a time, "" when there is none.
func (q *question) instant(name string) string {
	said := q.values.Get(name)
	if said == "" {
		return ""
	}
	at, ok := instant(said)
	if !ok {
		q.fail(name + " is no time: write 2025-01-03T14:00:00Z or 2025-01-03")
	}
	return at
}

// number reads a whole number.
func (q *question) number(name string, missing, low, high int) int {
	said := q.values.Get(name)
	if said == "" {
		return missing
	}
	n, err := strconv.Atoi(said)
	if err != nil || n < low || n > high {
		q.fail(name + " must be a number from " + strconv.Itoa(low) + " to " + strconv.Itoa(high))
		return missing
	}
	return n
}
