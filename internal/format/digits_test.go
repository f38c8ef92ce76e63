package format

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// quoted runs the quoter over the text in pieces of a size.
func quoted(t testing.TB, text string, size int) string {
	t.Helper()
	var out bytes.Buffer
	q := quoter{out: &out}
	for rest := []byte(text); len(rest) > 0; {
		n := min(size, len(rest))
		if err := q.take(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := q.end(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestLongNumbersAreQuoted(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":12.10}`:                                                          `{"a":12.10}`,
		`{"a":1234567890123456.78,"b":1}`:                                      `{"a":"1234567890123456.78","b":1}`,
		`{"a":[-0.12345678901234567,123456789012345678]}`:                      `{"a":["-0.12345678901234567",123456789012345678]}`,
		`{"a":9223372036854775807}`:                                            `{"a":"9223372036854775807"}`,
		`{"a":0.000000000000000000000001}`:                                     `{"a":0.000000000000000000000001}`,
		`{"a":1.234567890123456789e10 }`:                                       `{"a":"1.234567890123456789e10" }`,
		`{"1234567890123456.78":"1234567890123456.78\\\"1234567890123456.78"}`: `{"1234567890123456.78":"1234567890123456.78\\\"1234567890123456.78"}`,
		`1234567890123456.78`:                                                  `"1234567890123456.78"`,
		`{"a":null,"b":true,"é":"e1"}`:                                         `{"a":null,"b":true,"é":"e1"}`,
	} {
		for _, size := range []int{1, 2, 7, 1000} {
			if got := quoted(t, text, size); got != want {
				t.Errorf("%s in pieces of %d: got %s, want %s", text, size, got, want)
			}
		}
	}
}

// Whatever JSON comes, in whatever pieces: it stays the same but for the quotes.
func FuzzQuoter(f *testing.F) {
	f.Add(`{"a":1234567890123456.78,"b":["\\","x\"1",-1e400]}`, 3)
	f.Add(`[1,2.5,"é",{"n":12345678901234567890}]`, 1)
	f.Fuzz(func(t *testing.T, text string, size int) {
		if size < 1 || size > 1<<16 {
			return
		}
		got := quoted(t, text, size)
		if whole := quoted(t, text, len(text)+1); got != whole {
			t.Fatalf("in pieces of %d: %s, at once: %s", size, got, whole)
		}
		if !json.Valid([]byte(text)) {
			return
		}
		if !json.Valid([]byte(got)) {
			t.Fatalf("%s became %s", text, got)
		}
		if strings.ReplaceAll(got, `"`, "") != strings.ReplaceAll(text, `"`, "") {
			t.Fatalf("%s became %s", text, got)
		}
		var before, after any
		for i, from := range []string{text, got} {
			d := json.NewDecoder(strings.NewReader(from))
			d.UseNumber()
			if err := d.Decode([]*any{&before, &after}[i]); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(numbersAsText(before), numbersAsText(after)) {
			t.Fatalf("%s became %s", text, got)
		}
	})
}

// numbersAsText makes numbers texts, so that quotes make no difference.
func numbersAsText(v any) any {
	switch v := v.(type) {
	case json.Number:
		return v.String()
	case []any:
		for i := range v {
			v[i] = numbersAsText(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbersAsText(v[k])
		}
	}
	return v
}
