package vendors

import (
	"strconv"
	"strings"
)

// The writers below pass bytes that are no UTF-8 through: a trouble puts them
// there to be seen.

const hexDigits = "0123456789abcdef"

func quoted(buf []byte, s string) []byte {
	buf = append(buf, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"', c == '\\':
			buf = append(buf, '\\', c)
		case c < ' ':
			buf = append(buf, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			buf = append(buf, c)
		}
	}
	return append(buf, '"')
}

func value(buf []byte, c column, v string) []byte {
	switch {
	case v == "":
		return append(buf, "null"...)
	case c.kind == whole, c.kind == decimal:
		return append(buf, v...)
	}
	return quoted(buf, v)
}

// object writes a record as JSON, its lines as a list within.
func (p *page) object(buf []byte, r record) []byte {
	buf = p.fields(append(buf, '{'), p.columns, r.values)
	if p.lines != nil {
		buf = append(buf, `,"lines":[`...)
		for i, line := range r.lines {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = append(p.fields(append(buf, '{'), p.lines, line.values), '}')
		}
		buf = append(buf, ']')
	}
	return append(buf, '}')
}

func (p *page) fields(buf []byte, columns []column, values []string) []byte {
	some := false
	for i, c := range columns {
		if p.sparse && values[i] == "" {
			continue
		}
		if some {
			buf = append(buf, ',')
		}
		some = true
		buf = append(append(append(buf, '"'), c.name...), '"', ':')
		buf = value(buf, c, values[i])
	}
	return buf
}

// array writes the page's records as a JSON list.
func (p *page) array(buf []byte) []byte {
	buf = append(buf, '[')
	for i, r := range p.records {
		if i > 0 {
			buf = append(buf, ',', '\n')
		}
		buf = p.object(buf, r)
	}
	return append(buf, ']')
}

// jsonLines writes an object a line.
func (p *page) jsonLines() []byte {
	var buf []byte
	for _, r := range p.records {
		buf = append(p.object(buf, r), '\n')
	}
	return buf
}

// xml writes <scans count="2"><scan><parcel_id>...; a value that is not
// there has no element.
func (p *page) xml(list, one string) []byte {
	buf := []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<" + list + ` count="` + strconv.Itoa(p.total) + "\">\n")
	for _, r := range p.records {
		buf = append(buf, "  <"+one+">"...)
		for i, c := range p.columns {
			if r.values[i] != "" {
				buf = append(buf, "<"+c.name+">"+escapes.Replace(r.values[i])+"</"+c.name+">"...)
			}
		}
		buf = append(buf, "</"+one+">\n"...)
	}
	return append(buf, "</"+list+">\n"...)
}

var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// csv writes a header and a line a record.
func (p *page) csv() []byte {
	var buf []byte
	for i, c := range p.columns {
		buf = cell(buf, i, c.name)
	}
	buf = append(buf, '\n')
	for _, r := range p.records {
		for i := range p.columns {
			buf = cell(buf, i, r.values[i])
		}
		buf = append(buf, '\n')
	}
	return buf
}

func cell(buf []byte, n int, v string) []byte {
	if n > 0 {
		buf = append(buf, ',')
	}
	if !strings.ContainsAny(v, ",\"\r\n") {
		return append(buf, v...)
	}
	return append(append(append(buf, '"'), strings.ReplaceAll(v, `"`, `""`)...), '"')
}
