package shop

import (
	"strconv"
	"strings"
)

// row is one line of a file being written, field by field.
type row struct {
	buf   []byte
	comma byte // between fields
	point byte // decimal separator
	some  bool // a field was written
}

// csv starts a comma separated row, reusing the buffer.
func (r *row) csv() *row { return r.start(',', '.') }

// tsv starts a tab separated row.
func (r *row) tsv() *row { return r.start('\t', '.') }

// european starts a row with semicolons and decimal commas.
func (r *row) european() *row { return r.start(';', ',') }

func (r *row) start(comma, point byte) *row {
	r.buf, r.comma, r.point, r.some = r.buf[:0], comma, point, false
	return r
}

func (r *row) next() {
	if r.some {
		r.buf = append(r.buf, r.comma)
	}
	r.some = true
}

// text writes a field, quoted when it has to be.
func (r *row) text(s string) *row {
	r.next()
	if strings.IndexByte(s, r.comma) < 0 && !strings.ContainsAny(s, "\"\n") {
		r.buf = append(r.buf, s...)
		return r
	}
	r.buf = append(r.buf, '"')
	r.buf = append(r.buf, strings.ReplaceAll(s, `"`, `""`)...)
	r.buf = append(r.buf, '"')
	return r
}

func (r *row) number(n int64) *row {
	r.next()
	r.buf = strconv.AppendInt(r.buf, n, 10)
	return r
}

// money writes minor units as major ones: 1250 is 12.50.
func (r *row) money(minor int64) *row {
	r.next()
	r.buf = appendMoney(r.buf, minor, r.point)
	return r
}

// rate writes millionths: 834500 is 0.834500.
func (r *row) rate(millionths int64) *row {
	r.next()
	r.buf = strconv.AppendInt(r.buf, millionths/1_000_000, 10)
	r.buf = append(r.buf, r.point)
	fraction := strconv.FormatInt(millionths%1_000_000, 10)
	r.buf = append(r.buf, "000000"[len(fraction):]...)
	r.buf = append(r.buf, fraction...)
	return r
}

// object starts a line of JSON; pairs with an empty value are left out.
func (r *row) object() *row {
	r.start(',', '.')
	r.buf = append(r.buf, '{')
	return r
}

// pair writes a key and a plain word, one that needs no escaping.
func (r *row) pair(key, word string) *row {
	if word == "" {
		return r
	}
	r.key(key)
	r.buf = append(r.buf, '"')
	r.buf = append(r.buf, word...)
	r.buf = append(r.buf, '"')
	return r
}

func (r *row) count(key string, n int64) *row {
	r.key(key)
	r.buf = strconv.AppendInt(r.buf, n, 10)
	return r
}

func (r *row) key(key string) {
	r.next()
	r.buf = append(r.buf, '"')
	r.buf = append(r.buf, key...)
	r.buf = append(r.buf, '"', ':')
}

// end returns the whole line.
func (r *row) end() []byte {
	if len(r.buf) > 0 && r.buf[0] == '{' {
		r.buf = append(r.buf, '}')
	}
	r.buf = append(r.buf, '\n')
	return r.buf
}
