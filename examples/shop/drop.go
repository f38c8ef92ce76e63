package shop

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/klauspost/compress/gzip"

	"github.com/larder-data/larder/internal/fault"
)

// outside turns an error of the file system into one for people; nil stays nil.
func outside(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC):
		return fault.At(fault.Place{File: path}, fault.OutOfRoom, "%w", err).WithHint("free some disk space, or choose another folder")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fault.At(fault.Place{File: path}, fault.Denied, "%w", err).WithHint("choose a folder you may write to")
	case errors.Is(err, fs.ErrNotExist):
		return fault.At(fault.Place{File: path}, fault.NotFound, "%w", err)
	default:
		return fault.At(fault.Place{File: path}, fault.Broken, "%w", err)
	}
}

// drop is one table's stream of files: a new one each day or each month, as
// the system behind it would write them.
type drop struct {
	folder  string // below the data folder, e.g. "shop/orders"
	ending  string // ".csv", ".csv.gz" ...
	monthly bool
	header  string // first line, without its newline; "" for none

	period string // of the open file: its day or month
	path   string
	file   *os.File
	zip    *gzip.Writer
	out    *bufio.Writer
}

// drops is where a simulation's files go. The first error sticks and is
// returned by close; rows written after it go nowhere.
type drops struct {
	root  string
	all   []*drop
	files int
	rows  int64
	err   error
}

func (d *drops) add(folder, ending, period, header string) *drop {
	t := &drop{folder: folder, ending: ending, monthly: period == "month", header: header}
	d.all = append(d.all, t)
	return t
}

// turn opens the files of a new day, "2025-01-31", and closes those of the
// day or month before.
func (d *drops) turn(day string) {
	for _, t := range d.all {
		period := day
		if t.monthly {
			period = day[:len("2025-01")]
		}
		if t.period == period {
			continue
		}
		d.keep(t.finish())
		d.keep(t.open(d.root, period))
		d.files++
	}
}

func (d *drops) close() error {
	for _, t := range d.all {
		d.keep(t.finish())
	}
	return d.err
}

func (d *drops) keep(err error) {
	if d.err == nil {
		d.err = err
	}
}

// write adds a finished row to the table's file.
func (d *drops) write(t *drop, r *row) {
	if d.err != nil {
		return
	}
	_, err := t.out.Write(r.end())
	d.keep(outside(t.path, err))
	d.rows++
}

func (t *drop) open(root, period string) error {
	name := t.folder[strings.LastIndexByte(t.folder, '/')+1:]
	t.path = filepath.Join(root, filepath.FromSlash(t.folder), name+"-"+period+t.ending)
	if t.out == nil { // the first file of the table
		if err := os.MkdirAll(filepath.Dir(t.path), 0o755); err != nil {
			return outside(t.path, err)
		}
		t.out = bufio.NewWriterSize(nil, 32<<10)
	}
	file, err := os.Create(t.path + partial)
	if err != nil {
		return outside(t.path, err)
	}
	t.period, t.file = period, file
	var sink io.Writer = file
	if strings.HasSuffix(t.ending, ".gz") {
		// No name and no time in the gzip header: same rows, same bytes.
		if t.zip == nil {
			t.zip = gzip.NewWriter(nil)
		}
		t.zip.Reset(file)
		sink = t.zip
	}
	t.out.Reset(sink)
	if t.header != "" {
		_, err = t.out.WriteString(t.header + "\n")
	}
	return outside(t.path, err)
}

// partial ends the names of files still being written; no source reads them.
const partial = ".part"

// finish makes the open file visible under its name, unless it holds exactly
// what is there already: a file that did not change is left alone.
func (t *drop) finish() error {
	if t.file == nil {
		return nil
	}
	err := t.out.Flush()
	if t.zip != nil {
		err = errors.Join(err, t.zip.Close())
	}
	err = errors.Join(err, t.file.Close())
	t.file = nil
	if err != nil {
		return outside(t.path, err)
	}
	same, err := equal(t.path, t.path+partial)
	if err != nil {
		return outside(t.path, err)
	}
	if same {
		return outside(t.path, os.Remove(t.path+partial))
	}
	return outside(t.path, os.Rename(t.path+partial, t.path))
}

// equal reports whether two files hold the same bytes; a missing old one does not.
func equal(old, fresh string) (bool, error) {
	a, err := os.Stat(old)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	b, err := os.Stat(fresh)
	if err != nil || a.Size() != b.Size() {
		return false, err
	}
	x, err := os.ReadFile(old)
	if err != nil {
		return false, err
	}
	y, err := os.ReadFile(fresh)
	return bytes.Equal(x, y), err
}
