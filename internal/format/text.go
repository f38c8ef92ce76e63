package format

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/larder-data/larder/internal/fault"
)

// text is a file DuckDB can read as UTF-8, and its first record.
type text struct {
	path  string
	first []string
	empty bool // no byte at all
	temp  bool
}

func (t text) remove() {
	if t.temp {
		_ = os.Remove(t.path) // a leftover lies in the temporary folder
	}
}

// mostHeader is the longest first line that is read.
const mostHeader = 1 << 20

// text prepares a file: one in another encoding is decoded into a temporary
// file, and the first record is read to know the columns' names.
func (r *Reader) text(ctx context.Context, in Input) (text, error) {
	l, t := in.Layout, text{path: in.Path}
	if enc, err := l.encoding(); err != nil {
		return t, err
	} else if enc != nil {
		if t, err = r.decoded(ctx, in, enc); err != nil {
			return t, err
		}
	}
	plain, closeAll, err := open(t.path, in.Name)
	if err != nil {
		err = fault.Wrap(in.Name, err)
		t.remove()
		return t, err
	}
	defer closeAll()
	buffered := bufio.NewReaderSize(plain, 1<<16)
	t.first, t.empty, err = l.firstRecord(buffered)
	if err == nil && (in.Size > longestLine || strings.HasSuffix(t.path, ".gz") || strings.HasSuffix(t.path, ".zst")) {
		err = lines(reading{ctx, buffered})
	}
	if err != nil {
		err = fault.Wrap(in.Name, err)
		t.remove()
	}
	return t, err
}

// encoding returns nil for UTF-8.
func (l Layout) encoding() (encoding.Encoding, error) {
	name := strings.ToLower(l.Encoding.Value)
	switch name {
	case "", "utf-8", "utf8":
		return nil, nil
	case "utf-16", "utf16":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nil
	case "latin-1", "latin1":
		name = "iso-8859-1"
	}
	enc, err := htmlindex.Get(name)
	if err != nil {
		return nil, l.Encoding.Fault("the encoding %q is not known", l.Encoding.Value).
			WithHint("%s", fault.DidYouMean(name, []string{"utf-8", "utf-16", "latin-1", "windows-1252", "iso-8859-15", "shift_jis"}))
	}
	return enc, nil
}

func (r *Reader) decoded(ctx context.Context, in Input, enc encoding.Encoding) (text, error) {
	plain, closeAll, err := open(in.Path, in.Name)
	if err != nil {
		return text{}, err
	}
	defer closeAll()
	file, err := os.CreateTemp(r.options.TempDir, "larder-*.csv")
	if err != nil {
		return text{}, fault.New(fault.OutOfRoom, "decoding: %w", err)
	}
	t := text{path: file.Name(), temp: true}
	_, err = io.Copy(file, transform.NewReader(reading{ctx, plain}, enc.NewDecoder()))
	if err = errors.Join(err, file.Close()); err != nil {
		t.remove()
		return t, unreadable(err)
	}
	return t, nil
}

// open opens a file and what it is compressed with.
func open(path, name string) (io.Reader, func(), error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, Opening(name, err)
	}
	closeFile := func() { _ = file.Close() } // only read
	switch {
	case strings.HasSuffix(path, ".gz"):
		unzipped, err := gzip.NewReader(file)
		if err != nil {
			closeFile()
			if errors.Is(err, io.EOF) {
				return strings.NewReader(""), func() {}, nil
			}
			return nil, nil, damaged(err)
		}
		return unzipped, closeFile, nil
	case strings.HasSuffix(path, ".zst"):
		unzipped, err := zstd.NewReader(file)
		if err != nil {
			closeFile()
			return nil, nil, damaged(err)
		}
		return unzipped, func() { unzipped.Close(); closeFile() }, nil
	default:
		return file, closeFile, nil
	}
}

func damaged(err error) error {
	return fault.New(fault.Held, "it is not what its name says, or cut off: %w", err).WithHint("ask for the file again")
}

// longestLine is the longest line that is read, in bytes. DuckDB leaves out a
// line that does not fit into its buffer without a word.
const longestLine = 16 << 20

// lines holds a file with a line that is too long to be one of a table.
func lines(from io.Reader) error {
	buffer := make([]byte, 1<<20)
	length := 0
	for {
		n, err := from.Read(buffer)
		for rest := buffer[:n]; len(rest) > 0; {
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				length += len(rest)
				break
			}
			rest, length = rest[end+1:], 0
		}
		switch {
		case length > longestLine:
			return fault.New(fault.Held, "a line has more than %d MB", longestLine>>20).
				WithHint("it is no table of text, or a quote is never closed: check quote: and format:, or ask for the file again")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return unreadable(err)
		}
	}
}

// firstRecord reads the header, or the first row of a file without one.
func (l Layout) firstRecord(from *bufio.Reader) (record []string, empty bool, err error) {
	if _, err := from.Peek(1); errors.Is(err, io.EOF) {
		return nil, true, nil
	}
	for range l.Skip {
		if _, err := from.ReadString('\n'); err != nil {
			return nil, false, fault.New(fault.Held, "it ends within the %d lines to skip", l.Skip).WithHint("check skip:")
		}
	}
	limited := &io.LimitedReader{R: from, N: mostHeader}
	line := csv.NewReader(limited)
	line.Comma, line.LazyQuotes = l.comma(), true
	record, err = line.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, true, nil
	case limited.N <= 0:
		return nil, false, fault.New(fault.Held, "its first line is longer than %d bytes", mostHeader).
			WithHint("check that it is a text file, and delimiter: and quote:")
	case err != nil:
		return nil, false, unreadable(err)
	}
	for i := range record {
		record[i] = strings.Clone(strings.TrimPrefix(record[i], "\ufeff"))
		if strings.ContainsRune(record[i], 0) {
			return nil, false, fault.New(fault.Held, "it is not text: there is a NUL byte in its first line").
				WithHint("check format: and encoding:")
		}
	}
	return record, false, nil
}

func (l Layout) comma() rune {
	for _, r := range l.delimiter() {
		return r
	}
	return ','
}

func (l Layout) delimiter() string {
	switch {
	case l.Delimiter == `\t`:
		return "\t"
	case l.Delimiter != "":
		return l.Delimiter
	case l.Format.Value == "tsv":
		return "\t"
	default:
		return ","
	}
}
