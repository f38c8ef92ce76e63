package http

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/larder-data/larder/internal/fault"
)

var errTooLarge = errors.New("too large")

// unpack writes a body to a file, and what a gzip file holds instead of the
// file: never more than most bytes. It returns how many.
func unpack(to *os.File, body io.Reader, most int64) (int64, error) {
	buffered := bufio.NewReaderSize(body, 1<<16)
	var from io.Reader = buffered
	if magic, _ := buffered.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return 0, zipped(err)
		}
		from = unzipped
	}
	size, err := io.Copy(to, io.LimitReader(from, most+1))
	if size > most {
		return size, errTooLarge
	}
	return size, zipped(err)
}

// zipped tells a damaged gzip stream.
func zipped(err error) error {
	if errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
		return fault.New(fault.Broken, "the answer's gzip is damaged: %w", err).WithHint("the next run asks again")
	}
	return err
}

// showSize writes a size for people.
func showSize(bytes int64) string {
	for _, unit := range []struct {
		name string
		size int64
	}{{"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}} {
		if bytes >= unit.size {
			return fmt.Sprintf("%.4g %s", float64(bytes)/float64(unit.size), unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", bytes)
}
