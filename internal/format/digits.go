package format

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"github.com/larder-data/larder/internal/fault"
)

// DuckDB reads a number of JSON that is no whole number of 64 bits as a double,
// even into text or a decimal, and loses what a double cannot hold. Such numbers
// are put in quotes first: then they are read digit by digit.
const (
	mostDigits  = 15 // of a number with a point or an exponent that a double holds exactly
	wholeDigits = 18 // of a whole number that fits 64 bits for sure
)

// exactDigits returns the input with numbers too long for a double in quotes:
// the same when it has none, else a copy that remove deletes.
func (r *Reader) exactDigits(ctx context.Context, in Input) (exact Input, remove func(), err error) {
	remove = func() {}
	found, err := r.quoteDigits(ctx, in, nil)
	if err != nil || !found {
		return in, remove, err
	}
	file, err := os.CreateTemp(r.options.TempDir, "larder-*.json")
	if err != nil {
		return in, remove, fault.New(fault.OutOfRoom, "%w", err)
	}
	remove = func() { _ = os.Remove(file.Name()) } // a leftover lies in the temporary folder
	out := bufio.NewWriterSize(file, 1<<20)
	_, err = r.quoteDigits(ctx, in, out)
	if err = errors.Join(err, out.Flush(), file.Close()); err != nil {
		remove()
		return in, func() {}, unreadable(err)
	}
	in.Path = file.Name()
	return in, remove, nil
}

// quoteDigits copies the file to out, long numbers in quotes; without an out it
// stops at the first and reports that there is one.
func (r *Reader) quoteDigits(ctx context.Context, in Input, out io.Writer) (bool, error) {
	plain, closeAll, err := open(in.Path, in.Name)
	if err != nil {
		return false, err
	}
	defer closeAll()
	q := quoter{out: out}
	buffer := make([]byte, 1<<20)
	for from := (reading{ctx, plain}); ; {
		n, err := from.Read(buffer)
		if more := q.take(buffer[:n]); more != nil {
			return q.found, unreadable(more)
		}
		if q.found && out == nil {
			return true, nil
		}
		switch {
		case errors.Is(err, io.EOF):
			return q.found, unreadable(q.end())
		case err != nil:
			return false, unreadable(err)
		}
	}
}

// quoter reads JSON in pieces of any size and puts quotes around numbers that
// are too long.
type quoter struct {
	out      io.Writer // nil: only look
	found    bool
	inString bool
	escaped  bool
	number   []byte // the one being read
}

// take reads the next piece.
func (q *quoter) take(piece []byte) error {
	kept := 0 // up to here it is written
	for i := 0; i < len(piece); {
		c := piece[i]
		switch {
		case q.inString:
			i += q.string(piece[i:])
		case c == '"' && len(q.number) == 0:
			q.inString = true
			i++
		case c >= '0' && c <= '9', c == '-', c == '.' && len(q.number) > 0, (c == 'e' || c == 'E' || c == '+') && len(q.number) > 0:
			if len(q.number) == 0 {
				if err := q.write(piece[kept:i]); err != nil {
					return err
				}
			}
			q.number = append(q.number, c)
			i++
			kept = i
		case len(q.number) > 0:
			if err := q.end(); err != nil {
				return err
			}
		default:
			i++
		}
	}
	return q.write(piece[kept:])
}

// string returns how many bytes of the piece belong to the string being read.
func (q *quoter) string(piece []byte) int {
	if q.escaped {
		q.escaped = false
		return 1
	}
	end := bytes.IndexByte(piece, '"')
	if slash := bytes.IndexByte(piece[:max(end, 0)], '\\'); slash >= 0 {
		q.escaped = true
		return slash + 1
	}
	if end >= 0 {
		q.inString = false
		return end + 1
	}
	if slash := bytes.IndexByte(piece, '\\'); slash >= 0 {
		q.escaped = true
		return slash + 1
	}
	return len(piece)
}

// end writes the number that was read.
func (q *quoter) end() error {
	if len(q.number) == 0 {
		return nil
	}
	number := q.number
	q.number = q.number[:0]
	if !tooLong(number) {
		return q.write(number)
	}
	q.found = true
	return q.write(append(append([]byte{'"'}, number...), '"'))
}

func (q *quoter) write(b []byte) error {
	if q.out == nil || len(b) == 0 {
		return nil
	}
	_, err := q.out.Write(b)
	return err
}

// tooLong reports whether a double, or 64 bits, may not hold the number.
func tooLong(number []byte) bool {
	if len(number) <= mostDigits {
		return false
	}
	digits, whole, leading := 0, true, true
	for _, c := range number {
		switch {
		case c == 'e', c == 'E':
			return digits > mostDigits
		case c == '.':
			whole = false
		case c == '0' && leading, c == '-', c == '+':
		default:
			leading = false
			digits++
		}
	}
	if whole {
		return digits > wholeDigits
	}
	return digits > mostDigits
}
