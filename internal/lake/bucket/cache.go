package bucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/larder-data/larder/internal/fault"
)

// cache is a folder of objects that were read or written here, by their keys.
// Several processes may use one: a file appears whole, by a link, its bytes are
// summed whenever it is taken, and who takes it links it to a place of its own,
// where it stays when it is evicted. On a file system without links nothing is
// kept.
type cache struct {
	home string
	most int64
	now  func() time.Time

	mu    sync.Mutex
	known bool  // the folder was looked through
	grown int64 // bytes added here since then
	total int64 // bytes there were
}

func newCache(home string, most int64, now func() time.Time) *cache {
	return &cache{home: home, most: most, now: now}
}

func (c *cache) path(key string) string {
	return filepath.Join(c.home, fmt.Sprintf("%x.parquet", xxh3.HashString128(key).Bytes()))
}

// take links the object to a path, and reports whether the cache has it, whole.
// A file that is not what it should be is removed.
func (c *cache) take(ctx context.Context, key string, o *object, to string) (bool, error) {
	at := c.path(key)
	if err := os.Link(at, to); err != nil {
		return false, nil //nolint:nilerr // what is not there, or cannot be linked, is fetched
	}
	whole, err := o.is(ctx, to)
	if err == nil && whole {
		_ = os.Chtimes(to, c.now(), c.now()) // it was used last
		return true, nil
	}
	return false, errors.Join(err, os.Remove(to), removed(at))
}

// add links a file into the cache. It is no loss when that fails: the object is
// fetched when it is needed.
func (c *cache) add(from, key string, size int64) {
	if os.MkdirAll(c.home, 0o777) != nil || os.Link(from, c.path(key)) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.grown += size
	if !c.known || c.total+c.grown > c.most || c.grown > c.most/16 {
		c.evict()
	}
}

// evict removes the files used least, as far as there are too many. Other
// processes add files too, so all are looked at, now and then.
func (c *cache) evict() {
	entries, err := os.ReadDir(c.home)
	if err != nil {
		return
	}
	var files []fs.FileInfo
	total := int64(0)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			files = append(files, info)
			total += info.Size()
		}
	}
	if total > c.most {
		slices.SortFunc(files, func(x, y fs.FileInfo) int {
			return cmp.Or(x.ModTime().Compare(y.ModTime()), cmp.Compare(x.Name(), y.Name()))
		})
		for _, file := range files {
			if total <= c.most-c.most/10 {
				break
			}
			if removed(filepath.Join(c.home, file.Name())) == nil {
				total -= file.Size()
			}
		}
	}
	c.known, c.total, c.grown = true, total, 0
}

// removed removes a file that may be gone already.
func removed(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// is reports whether a file has the object's bytes.
func (o *object) is(ctx context.Context, path string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || info.Size() != o.Size {
		return false, err
	}
	size, hash, err := sum(ctx, file)
	return size == o.Size && hash == o.Hash, err
}

// sum reads all there is and returns how much, and its XXH3 hash of 128 bits.
func sum(ctx context.Context, from io.Reader) (int64, string, error) {
	hash := xxh3.New()
	buffer := make([]byte, 1<<18)
	size := int64(0)
	for {
		if err := ctx.Err(); err != nil {
			return 0, "", fault.New(fault.Interrupted, "%w", err)
		}
		n, err := from.Read(buffer)
		size += int64(n)
		_, _ = hash.Write(buffer[:n]) // it never fails
		if errors.Is(err, io.EOF) {
			return size, fmt.Sprintf("xxh3-128:%x", hash.Sum128().Bytes()), nil
		} else if err != nil {
			return 0, "", err
		}
	}
}
