package http

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/fault"
)

// known reports whether an error is one a person is told or one that has the
// answer asked for again.
func known(err error) bool {
	var e *fault.Error
	return err == nil || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &e)
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{"", "$", "a.b", `"a.b".c`, `$.a`, `a..b`, `"`, "data.items.0.x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, written string) {
		p, err := parsePath(written)
		if err != nil {
			return
		}
		again, err := parsePath(p.String())
		if strings.Contains(written, `"`) {
			return // a key may hold quotes that cannot be written back
		}
		if err != nil || strings.Join(again, "\x00") != strings.Join(p, "\x00") {
			t.Errorf("%q is %q, and %q again: %v", written, p, again, err)
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`[{"a":1}]`, `{"d":{"i":[{"a":1},{"a":2}]},"n":"x"}`, `{"d":[`, `[[[[`, `{"d":{"i":{"a":1}}}`, `null`, `{"d":null}`, "{\"d\":{\"i\":[{\"a\":\"\xff\"}]}}", `1e999999999`} {
		f.Add([]byte(seed), "d.i", "n")
	}
	f.Fuzz(func(t *testing.T, body []byte, records, next string) {
		p, err := parsePath(records)
		if err != nil {
			return
		}
		n, err := parsePath(next)
		if err != nil || len(n) == 0 {
			return
		}
		var got []record
		err = walkJSON(bytes.NewReader(body), []want{{p, true, func(raw []byte) error {
			r, err := recordOf(raw)
			got = append(got, r)
			return err
		}}, {n, false, func(raw []byte) error { scalar(raw); return nil }}})
		if !known(err) {
			t.Errorf("%T %v", err, err)
		}
		for _, r := range got {
			if r.line != nil && (!json.Valid(r.line) || bytes.ContainsAny(r.line, "\n")) {
				t.Errorf("%q is no line", r.line)
			}
		}
		if err := walkLines(bytes.NewReader(body), p, func(raw []byte) error { _, err := recordOf(raw); return err }); !known(err) {
			t.Errorf("%T %v", err, err)
		}
	})
}

func FuzzXML(f *testing.F) {
	for _, seed := range []string{`<a><b id="1">x</b><b/></a>`, `<a><b>`, `<a/>`, `<!DOCTYPE a [<!ENTITY x "y">]><a><b>&x;</b></a>`, "<a><b>\xff</b></a>", `</a>`, `<a></a><a>`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		err := walkXML(bytes.NewReader(body), path{"a", "b"}, map[string]path{"n": {"a", "n"}}, func(value map[string]any) error {
			_, err := encodeJSON(value)
			return err
		}, func(string, string) {})
		if !known(err) {
			t.Errorf("%T %v", err, err)
		}
	})
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("a,b\n1,2\n"))
	f.Add([]byte("a,b\n1\n"))
	f.Add([]byte("\ufeffa\n\"x\ny\"\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		err := walkCSV(bytes.NewReader(body), csvDialect{}, func([]string) error { return nil }, func(record) error { return nil })
		if !known(err) {
			t.Errorf("%T %v", err, err)
		}
	})
}

func FuzzHeaders(f *testing.F) {
	for _, seed := range []string{`</x?a=1>; rel="next"`, `<a>;rel=prev,<b>;rel=next`, `<`, `<>;rel`, `<a>; title="<b>; rel=next"; rel=last`, "Tue, 10 Mar 2026 10:00:09 GMT", "7", "-1", "99999999999999999999"} {
		f.Add(seed)
	}
	now := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, header string) {
		if next := nextLink([]string{header}); next != "" && !strings.Contains(header, "<") {
			t.Errorf("%q", next)
		}
		if d, ok := retryAfter(header, now); ok && (d < 0 || d > 366*day) {
			t.Errorf("%q: %s", header, d)
		}
		if m, ok := momentOf(header); ok {
			for _, lookback := range []string{"1 day", "5"} {
				if earlier, err := shift(lookback, m); err == nil && earlier.compare(m) > 0 && !m.at.IsZero() {
					t.Errorf("%q before %q is %q", lookback, header, earlier.text)
				}
			}
		}
	})
}

func TestLinks(t *testing.T) {
	for header, want := range map[string]string{
		`</x?a=1,2>; rel="next"`:                   "/x?a=1,2",
		`<a>; rel="prev", <b>; rel="next"`:         "b",
		`<a>; title="x, <c>; rel=next"; rel=last`:  "",
		`<a>; rel="self next"`:                     "a",
		`<a>; REL=NEXT`:                            "a",
		`<a>; rel="next-archive"`:                  "",
		`<a>; title="say \"hi\", <b>"; rel="next"`: "a",
	} {
		if got := nextLink([]string{header}); got != want {
			t.Errorf("%s: got %q, want %q", header, got, want)
		}
	}
}

func TestLookingBack(t *testing.T) {
	for _, c := range []struct{ at, lookback, as, want string }{
		{"2026-03-10T10:00:00Z", "2 days", "", "2026-03-08T10:00:00Z"},
		{"2026-03-10T10:00:00.250+02:00", "1 hour", "", "2026-03-10T09:00:00.25+02:00"},
		{"2026-03-10 10:00:00", "1 minute", "", "2026-03-10 09:59:00"},
		{"2026-03-10", "1 day", "", "2026-03-09"},
		{"2026-03-10T10:00:00Z", "", "date", "2026-03-10"},
		{"2026-03-10T10:00:00Z", "", "unix", "1773136800"},
		{"1773136800", "1 hour", "", "1773133200"},
		{"1773136800000", "1 hour", "", "1773133200000"},
		{"1773136800", "", "rfc3339", "2026-03-10T10:00:00Z"},
		{"12345678901234567890", "10", "", "12345678901234567880"},
	} {
		m, ok := momentOf(c.at)
		if !ok {
			t.Fatal(c.at)
		}
		m, err := shift(c.lookback, m)
		if err == nil {
			m, err = m.as(c.as)
		}
		if err != nil || m.text != c.want {
			t.Errorf("%s - %s as %s: got %q, want %q (%v)", c.at, c.lookback, c.as, m.text, c.want, err)
		}
	}
}

// The hash of records is theirs, not that of their order or spelling, and
// another record, or one twice, is another.
func TestTheSumOfRecords(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		ids := rapid.SliceOfN(rapid.IntRange(0, 5), 1, 6).Draw(r, "ids")
		of := func(ids []int, format func(int) string) sum {
			var s sum
			for _, id := range ids {
				made, err := recordOf([]byte(format(id)))
				if err != nil {
					r.Fatal(err)
				}
				hash, err := made.hash()
				if err != nil {
					r.Fatal(err)
				}
				s.add(hash)
			}
			return s
		}
		one := func(id int) string { return `{"id":` + string(rune('0'+id)) + `,"a":1.50}` }
		other := func(id int) string { return `{ "a" : 1.50, "id":` + string(rune('0'+id)) + ` }` }
		before := of(ids, one)
		if after := of(rapid.Permutation(ids).Draw(r, "shuffled"), other); after != before {
			r.Fatalf("%v: %s and %s", ids, before, after)
		}
		if twice := of(append(ids, ids[0]), one); twice == before {
			r.Fatal("a record more is the same")
		}
	})
}

// Whatever secret is sent, and however, no message shows it.
func TestSecretsAreHidden(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		secret := rapid.StringMatching(`[!-~]{8,20}`).Draw(r, "secret")
		base, _ := url.Parse("https://api.example.com")
		c := &client{settings: &settings{base: base, secrets: []string{secret}}, service: &service{}}
		a := ask{method: "GET", url: &url.URL{Scheme: "https", Host: "api.example.com", Path: "/x/" + secret, RawQuery: url.Values{"q": {secret}}.Encode()}}
		err := c.tell(a, fault.New(fault.Invalid, "it says 400: %s %s", secret, url.QueryEscape(secret)).WithHint("not %s", secret))
		if text := err.Error() + fault.HintOf(err); strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) {
			r.Fatalf("%q shows %q", text, secret)
		}
	})
}
