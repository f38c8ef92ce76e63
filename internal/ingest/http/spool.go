package http

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"slices"
	"syscall"

	"github.com/zeebo/xxh3"

	"github.com/larder-data/larder/internal/fault"
)

// sum is the hash of records whatever their order: the sum of their hashes,
// and how many they are.
type sum struct {
	high, low uint64
	count     int64
}

func (s *sum) add(hash xxh3.Uint128) {
	var carry uint64
	s.low, carry = bits.Add64(s.low, hash.Lo, 0)
	s.high, _ = bits.Add64(s.high, hash.Hi, carry)
	s.count++
}

// String is the sum as a load's hash is written.
func (s sum) String() string {
	return fmt.Sprintf("sum-xxh3-128:%016x%016x:%d", s.high, s.low, s.count)
}

// hash is the hash of a record, the same for the same record in another
// spelling.
func (r record) hash() (xxh3.Uint128, error) {
	text, err := encodeJSON(r.value)
	return xxh3.Hash128(text), err
}

// spool keeps records on local disk, a line each, until all are in.
type spool struct {
	file   *os.File
	out    *bufio.Writer
	csv    *csv.Writer // of delimited text
	header []string
	extra  string // a column that is added to delimited text
	size   int64
	sum    sum
}

// newSpool opens a spool. The caller removes it.
func newSpool(textual bool) (*spool, error) {
	pattern := "larder-http-*.json"
	if textual {
		pattern = "larder-http-*.csv"
	}
	file, err := os.CreateTemp("", pattern)
	if err != nil {
		return nil, fault.New(fault.OutOfRoom, "a temporary file: %w", err)
	}
	s := &spool{file: file, out: bufio.NewWriterSize(file, 1<<16)}
	if textual {
		s.csv = csv.NewWriter(s.out)
	}
	return s, nil
}

func (s *spool) remove() {
	_ = s.file.Close() // it was read, or is of no use
	_ = os.Remove(s.file.Name())
}

// reset forgets all records.
func (s *spool) reset() error {
	s.out.Reset(s.file)
	if s.csv != nil {
		s.csv = csv.NewWriter(s.out)
	}
	s.header, s.size, s.sum = nil, 0, sum{}
	_, err := s.file.Seek(0, 0)
	return room(errors.Join(s.file.Truncate(0), err))
}

// add keeps a record and returns its hash.
func (s *spool) add(r record) (xxh3.Uint128, error) {
	hash, err := r.hash()
	if err != nil {
		return hash, err
	}
	if s.csv != nil {
		err = s.csv.Write(r.fields)
	} else {
		_, err = s.out.Write(append(r.line, '\n'))
	}
	s.sum.add(hash)
	return hash, room(err)
}

// columns enters the header of delimited text, which is the same on each page.
func (s *spool) columns(names []string) error {
	if s.extra != "" && !slices.Contains(names, s.extra) {
		names = append(slices.Clone(names), s.extra)
	}
	if s.header != nil {
		if !slices.Equal(s.header, names) {
			return oddly("a page has the columns %v, the first one had %v", names, s.header)
		}
		return nil
	}
	s.header = names
	return room(s.csv.Write(names))
}

// finish writes what is in memory and notes the size.
func (s *spool) finish() error {
	if s.csv != nil {
		s.csv.Flush()
		if err := s.csv.Error(); err != nil {
			return room(err)
		}
	}
	if err := s.out.Flush(); err != nil {
		return room(err)
	}
	info, err := s.file.Stat()
	if err == nil {
		s.size = info.Size()
	}
	return room(err)
}

// each hands out the records again, decoded.
func (s *spool) each(take func(value map[string]any) error) error {
	file, err := os.Open(s.file.Name())
	if err != nil {
		return fault.New(fault.Internal, "%w", err)
	}
	defer file.Close()
	if s.csv != nil {
		return walkCSV(file, csvDialect{}, func([]string) error { return nil }, func(r record) error { return take(r.value) })
	}
	decoder := json.NewDecoder(bufio.NewReaderSize(file, 1<<16))
	decoder.UseNumber()
	for decoder.More() {
		var value map[string]any
		if err := decoder.Decode(&value); err != nil {
			return fault.New(fault.Internal, "%w", err)
		}
		if err := take(value); err != nil {
			return err
		}
	}
	return nil
}

// room tells a full disk.
func room(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC):
		return fault.New(fault.OutOfRoom, "%w", err).WithHint("free some disk space and run again: nothing was lost")
	}
	return fault.Wrap("a temporary file", err)
}
