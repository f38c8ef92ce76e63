package http

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/larder-data/larder/internal/fault"
)

// want is something looked for in an answer: below its path, each element of a
// list by itself when asked.
type want struct {
	path path
	each bool
	take func(raw []byte) error
}

// deepest is how deep lists may stand in lists on the way to what is wanted.
const deepest = 1000

// longestRecord is the longest record that is read, in bytes: the format's
// reader takes no longer ones.
const longestRecord = 16 << 20

// walkJSON reads one JSON value as a stream and hands out what is wanted; no
// more than one element is in memory. A value that is cut off is
// io.ErrUnexpectedEOF, other damage a fault of kind Broken.
func walkJSON(from io.Reader, wants []want) error {
	w := walker{json.NewDecoder(from)}
	w.UseNumber()
	if err := w.value(wants, 0); err != nil {
		return broken(err)
	}
	if _, err := w.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Broken, "after the end of the answer's JSON more follows").
			WithHint("if it is an object a line, say format: jsonl")
	}
	return nil
}

// broken tells what is wrong with JSON.
func broken(err error) error {
	var known *fault.Error
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	case errors.As(err, &syntax) && syntax.Error() == "unexpected end of JSON input":
		return io.ErrUnexpectedEOF
	case errors.As(err, &syntax):
		return fault.New(fault.Broken, "the answer is no JSON: %w", err).WithHint("check format: and path:")
	}
	return err
}

type walker struct{ *json.Decoder }

// value reads the next value.
func (w walker) value(wants []want, depth int) error {
	if len(wants) == 0 {
		return w.skip()
	}
	if depth > deepest {
		return fault.New(fault.Broken, "lists stand in lists more than %d deep", deepest).WithHint("check records: against an answer of the service")
	}
	here := slices.DeleteFunc(slices.Clone(wants), func(x want) bool { return len(x.path) > 0 })
	if len(here) > 0 {
		return w.wanted(here, wants, depth)
	}
	token, err := w.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		return w.object(wants, depth)
	case json.Delim('['):
		for i := 0; w.More(); i++ {
			if err := w.value(element(wants, i), depth+1); err != nil {
				return err
			}
		}
		_, err = w.Token()
		return err
	}
	return nil
}

// wanted reads a value that is itself wanted.
func (w walker) wanted(here, wants []want, depth int) error {
	if len(wants) > 1 || !here[0].each {
		// Others look into the same value: it is small, or a single record.
		var raw json.RawMessage
		if err := w.Decode(&raw); err != nil {
			return err
		}
		return again(raw, here, wants, depth)
	}
	token, err := w.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('['):
		for w.More() {
			var raw json.RawMessage
			if err := w.Decode(&raw); err != nil {
				return err
			}
			if err := here[0].take(raw); err != nil {
				return err
			}
		}
		_, err := w.Token()
		return err
	case json.Delim('{'):
		raw, err := w.assembled()
		if err != nil {
			return err
		}
		return here[0].take(raw)
	case nil:
		return nil
	}
	return fault.New(fault.Broken, "records are not lists of objects there: %s", first(fmt.Sprint(token))).
		WithHint("check records: against an answer of the service")
}

// again hands out a value that is in memory, and what others want of it.
func again(raw []byte, here, wants []want, depth int) error {
	for _, x := range here {
		var err error
		switch {
		case !x.each:
			err = x.take(raw)
		default:
			inner := walker{json.NewDecoder(bytes.NewReader(raw))}
			inner.UseNumber()
			err = inner.wanted([]want{x}, []want{x}, depth)
		}
		if err != nil {
			return err
		}
	}
	rest := slices.DeleteFunc(slices.Clone(wants), func(x want) bool { return len(x.path) == 0 })
	if len(rest) == 0 {
		return nil
	}
	inner := walker{json.NewDecoder(bytes.NewReader(raw))}
	inner.UseNumber()
	return inner.value(rest, depth)
}

// object reads the rest of an object.
func (w walker) object(wants []want, depth int) error {
	for w.More() {
		key, err := w.Token()
		if err != nil {
			return err
		}
		var inner []want
		for _, x := range wants {
			if x.path[0] == key {
				inner = append(inner, want{x.path[1:], x.each, x.take})
			}
		}
		if err := w.value(inner, depth); err != nil {
			return err
		}
	}
	_, err := w.Token()
	return err
}

// element are the wants that look into a list's element.
func element(wants []want, i int) []want {
	var inner []want
	for _, x := range wants {
		if _, err := strconv.Atoi(x.path[0]); err != nil {
			inner = append(inner, x)
		} else if x.path[0] == strconv.Itoa(i) {
			inner = append(inner, want{x.path[1:], x.each, x.take})
		}
	}
	return inner
}

// assembled reads the rest of an object whose brace was read.
func (w walker) assembled() ([]byte, error) {
	out := []byte{'{'}
	for w.More() {
		key, err := w.Token()
		if err != nil {
			return nil, err
		}
		var raw json.RawMessage
		if err := w.Decode(&raw); err != nil {
			return nil, err
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		name, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), raw...)
	}
	_, err := w.Token()
	return append(out, '}'), err
}

// skip reads a value nobody wants, without keeping it.
func (w walker) skip() error {
	for depth := 0; ; {
		token, err := w.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// walkLines reads JSON values one after the other, a record each.
func walkLines(from io.Reader, records path, take func(raw []byte) error) error {
	decoder := json.NewDecoder(from)
	for {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return broken(err)
		}
		w := walker{json.NewDecoder(bytes.NewReader(raw))}
		w.UseNumber()
		if err := w.value([]want{{records, true, take}}, 0); err != nil {
			return broken(err)
		}
	}
}

// scalar is the text of a JSON value that is one, "" for null, false and
// anything else.
func scalar(raw []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return ""
	}
	return words(value)
}

func words(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
	}
	return ""
}

// first are the first words of what a service said, on one line.
func first(said string) string {
	const most = 200
	if !utf8.ValidString(said) {
		said = string(bytes.ToValidUTF8([]byte(said), []byte("?")))
	}
	line := make([]rune, 0, most)
	space := true
	for _, r := range said {
		if r <= ' ' || r == 0x7f {
			if !space {
				line = append(line, ' ')
			}
			space = true
			continue
		}
		if line, space = append(line, r), false; len(line) >= most {
			return string(line) + "..."
		}
	}
	if n := len(line); n > 0 && line[n-1] == ' ' {
		line = line[:n-1]
	}
	return string(line)
}
