package postgres

import (
	"bytes"
	"encoding/binary"

	"github.com/larder-data/larder/internal/fault"
)

// rows takes what COPY sends in the binary format, in pieces of any size, and
// hands over row by row: the fields, nil for no value, and the bytes they stand
// in. Both are valid until row returns.
type rows struct {
	width  int // fields of a row
	row    func(fields [][]byte, record []byte) error
	rest   []byte // an unfinished piece
	fields [][]byte
	begun  bool
	ended  bool
}

// signature begins the format, followed by flags and the length of an extension.
var signature = []byte("PGCOPY\n\xff\r\n\x00")

const header = 11 + 4 + 4

// Write takes the next piece.
func (r *rows) Write(p []byte) (int, error) {
	piece := p
	if len(r.rest) > 0 {
		r.rest = append(r.rest, p...)
		piece = r.rest
	}
	left, err := r.take(piece)
	if err != nil {
		return 0, err
	}
	r.rest = append(r.rest[:0], left...)
	return len(p), nil
}

// take reads the whole rows of a piece and returns what is left of it.
func (r *rows) take(piece []byte) ([]byte, error) {
	if !r.begun {
		if len(piece) < header {
			return piece, nil
		}
		if !bytes.HasPrefix(piece, signature) {
			return nil, fault.New(fault.Broken, "the server sent no rows of PostgreSQL's binary format")
		}
		r.begun, piece = true, piece[header:]
	}
	for !r.ended {
		left, done, err := r.one(piece)
		if err != nil || !done {
			return piece, err
		}
		piece = left
	}
	return nil, nil
}

// one reads a row, false when it is not all there yet.
func (r *rows) one(piece []byte) (left []byte, done bool, err error) {
	if len(piece) < 2 {
		return nil, false, nil
	}
	switch count := int16(binary.BigEndian.Uint16(piece)); {
	case count == -1:
		r.ended = true
		return nil, true, nil
	case int(count) != r.width:
		return nil, false, fault.New(fault.Broken, "the server sent a row of %d fields, %d were asked for", count, r.width)
	}
	at := 2
	r.fields = r.fields[:0]
	for range r.width {
		if len(piece) < at+4 {
			return nil, false, nil
		}
		length := int(int32(binary.BigEndian.Uint32(piece[at:])))
		at += 4
		if length < 0 {
			r.fields = append(r.fields, nil)
			continue
		}
		if len(piece)-at < length {
			return nil, false, nil
		}
		r.fields = append(r.fields, piece[at:at+length:at+length])
		at += length
	}
	return piece[at:], true, r.row(r.fields, piece[:at])
}
