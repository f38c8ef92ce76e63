package vendors

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/larder-data/larder/internal/fault"
)

// folder holds what the simulator wrote. The first error sticks; what is read
// after it is nothing.
type folder struct {
	path string
	err  error
}

// each opens the files of a table, "shop/orders", in the order of their names.
func (f *folder) each(table string, read func(io.Reader) error) {
	if f.err != nil {
		return
	}
	paths, err := filepath.Glob(filepath.Join(f.path, "data", filepath.FromSlash(table), "*"))
	if err == nil && len(paths) == 0 {
		err = errors.New("the simulator wrote no file")
	}
	for _, path := range paths {
		err = errors.Join(err, open(path, read))
	}
	if err != nil {
		f.err = fault.At(fault.Place{File: f.path}, fault.Internal, "%s: %w", table, err)
	}
}

func open(path string, read func(io.Reader) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var in io.Reader = bufio.NewReaderSize(file, 64<<10)
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(in); err != nil {
			return err
		}
	}
	return read(in)
}

// rows reads delimited files, header lines left out.
func (f *folder) rows(table string, comma rune, header bool, row func(values []string)) {
	f.each(table, func(in io.Reader) error {
		reader := csv.NewReader(in)
		reader.Comma = comma
		for first := header; ; first = false {
			values, err := reader.Read()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if !first {
				row(values)
			}
		}
	})
}

// lines reads files of one object a line; the line is the callee's to keep.
func (f *folder) lines(table string, line func(text string) error) {
	f.each(table, func(in io.Reader) error {
		scan := bufio.NewScanner(in)
		for scan.Scan() {
			if err := line(scan.Text()); err != nil {
				return err
			}
		}
		return scan.Err()
	})
}

// object reads a line of JSON into its values, by name, numbers as written.
func object(line string) (map[string]string, error) {
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		return nil, err
	}
	values := make(map[string]string, len(fields))
	for name, value := range fields {
		switch v := value.(type) {
		case string:
			values[name] = v
		case json.Number:
			values[name] = v.String()
		default:
			return nil, errors.New("a field that is neither text nor number: " + name)
		}
	}
	return values, nil
}
