package format

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/zeebo/xxh3"

	"github.com/larder-data/larder/internal/fault"
)

// Hash returns the XXH3 hash, 128 bits, of a file's bytes, as "xxh3-128:<hex>".
// The name is for people. Errors are those of Opening, and Interrupted.
func Hash(ctx context.Context, name, path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", Opening(name, err)
	}
	defer file.Close()
	hash := xxh3.New()
	if _, err := io.Copy(hash, reading{ctx, file}); err != nil {
		return "", Opening(name, err)
	}
	return fmt.Sprintf("xxh3-128:%x", hash.Sum128().Bytes()), nil
}

// reading stops a copy when the context ends.
type reading struct {
	ctx  context.Context
	from io.Reader
}

func (r reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, fault.New(fault.Interrupted, "%w", err)
	}
	return r.from.Read(p)
}

// Opening turns what the file system says of a raw file into a fault: Denied
// when it may not be read, Busy when it is gone again.
func Opening(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.Denied, "%s cannot be read: %w", name, fs.ErrPermission).WithHint("check the file's permissions")
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Busy, "%s is gone again", name)
	default:
		return fault.Wrap(name, err)
	}
}
