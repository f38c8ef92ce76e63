package http

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/encoding/htmlindex"

	"github.com/larder-data/larder/internal/fault"
)

// deepestXML is how deep elements may stand in each other.
const deepestXML = 200

// walkXML reads an XML document as a stream: each element the path of records
// names becomes a record, values are the text of other elements, by their path.
// An attribute is a key like a child, an element that comes several times a
// list, one with text and nothing else its text.
func walkXML(from io.Reader, records path, values map[string]path, record func(map[string]any) error, found func(name, text string)) error {
	decoder := xml.NewDecoder(from)
	decoder.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		known, err := htmlindex.Get(charset)
		if err != nil {
			return nil, err
		}
		return known.NewDecoder().Reader(in), nil
	}
	w := xmlWalker{decoder, records, values, record, found, 0}
	var at []string
	text, any := "", false
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && any && len(at) == 0 {
			return nil
		}
		if err != nil {
			return brokenXML(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			any = true
			if at, text = append(at, t.Name.Local), ""; len(at) > deepestXML {
				return fault.New(fault.Broken, "elements stand in elements more than %d deep", deepestXML).WithHint("check format:, records: and skip: against an answer of the service")
			}
			w.attributes(at, t)
			if len(records) > 0 && pathIs(at, records) {
				value, err := w.element(t, len(at))
				if err != nil {
					return err
				}
				at = at[:len(at)-1]
				if err := record(object(value)); err != nil {
					return err
				}
			}
		case xml.CharData:
			if text += string(t); len(text) > longestRecord {
				text = text[:longestRecord]
			}
		case xml.EndElement:
			for name, p := range values {
				if len(p) > 0 && pathIs(at, p) {
					found(name, strings.TrimSpace(text))
				}
			}
			at, text = at[:len(at)-1], ""
		}
	}
}

type xmlWalker struct {
	*xml.Decoder
	records path
	values  map[string]path
	record  func(map[string]any) error
	found   func(name, text string)
	size    int
}

// attributes tells the wanted values that are attributes.
func (w *xmlWalker) attributes(at []string, t xml.StartElement) {
	for name, p := range w.values {
		for _, a := range t.Attr {
			if len(p) == len(at)+1 && pathIs(at, p[:len(at)]) && p[len(at)] == a.Name.Local {
				w.found(name, a.Value)
			}
		}
	}
}

// element reads an element whose start was read.
func (w *xmlWalker) element(start xml.StartElement, depth int) (any, error) {
	if depth > deepestXML {
		return nil, fault.New(fault.Broken, "elements stand in elements more than %d deep", deepestXML).WithHint("check format:, records: and skip: against an answer of the service")
	}
	from := w.InputOffset()
	children := map[string]any{}
	for _, a := range start.Attr {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
			put(children, a.Name.Local, a.Value)
		}
	}
	var text strings.Builder
	for {
		token, err := w.Token()
		if err != nil {
			return nil, brokenXML(err)
		}
		if w.InputOffset()-from > longestRecord {
			return nil, fault.New(fault.Broken, "a record has more than %d MB", longestRecord>>20).WithHint("check format:, records: and skip: against an answer of the service")
		}
		switch t := token.(type) {
		case xml.StartElement:
			child, err := w.element(t, depth+1)
			if err != nil {
				return nil, err
			}
			put(children, t.Name.Local, child)
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			own := strings.TrimSpace(text.String())
			switch {
			case len(children) == 0 && own == "":
				return nil, nil
			case len(children) == 0:
				return own, nil
			case own != "":
				put(children, "text", own)
			}
			return children, nil
		}
	}
}

// put adds a child; one that comes again makes a list.
func put(children map[string]any, name string, value any) {
	before, there := children[name]
	if !there {
		children[name] = value
		return
	}
	if list, ok := before.([]any); ok {
		children[name] = append(list, value)
		return
	}
	children[name] = []any{before, value}
}

func object(value any) map[string]any {
	if children, ok := value.(map[string]any); ok {
		return children
	}
	return map[string]any{"text": value}
}

func pathIs(at []string, p path) bool {
	if len(at) != len(p) {
		return false
	}
	for i := range at {
		if at[i] != p[i] {
			return false
		}
	}
	return true
}

func brokenXML(err error) error {
	var syntax *xml.SyntaxError
	var known *fault.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax) && syntax.Msg == "unexpected EOF":
		return io.ErrUnexpectedEOF
	}
	return fault.New(fault.Broken, "the answer is no XML: %w", err).WithHint("check format:, records: and skip: against an answer of the service")
}
