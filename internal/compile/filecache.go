package compile

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/zeebo/xxh3"

	"github.com/larder-data/larder/internal/fault"
)

// FileCache keeps compiled models in one file. New entries are appended; when
// most of the file is no longer asked for it is written anew. A damaged entry
// and what follows it are forgotten, which costs compiling them again. A nil
// *FileCache is empty and keeps nothing.
type FileCache struct {
	path string

	mu      sync.Mutex
	entries map[string][]byte
	used    map[string]bool
	fresh   []string // keys that are not in the file yet
	good    int      // bytes of the file that could be read
	size    int      // bytes of the file
}

// fileHead says what the file is; a file that begins otherwise is replaced.
const fileHead = "larder compiled 1\n"

// rewriteAbove is the size in bytes from which a file with mostly stale entries
// is written anew.
const rewriteAbove = 1 << 20

// OpenCache reads the cache file; one that does not exist is empty. The error
// tells why an existing one cannot be read.
func OpenCache(path string) (*FileCache, error) {
	c := &FileCache{path: path, entries: map[string][]byte{}, used: map[string]bool{}}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fault.New(fault.Unreachable, "compiled models cannot be read: %w", err)
	}
	c.size = len(data)
	if len(data) < len(fileHead) || string(data[:len(fileHead)]) != fileHead {
		return c, nil
	}
	c.good = len(fileHead)
	for {
		key, value, size := readRecord(data[c.good:])
		if size == 0 {
			return c, nil
		}
		c.entries[key] = value
		c.good += size
	}
}

// readRecord reads one entry: lengths of key and value, a checksum, both. Size
// 0 says that there is no whole one.
func readRecord(data []byte) (key string, value []byte, size int) {
	const head = 16
	if len(data) < head {
		return "", nil, 0
	}
	keyLength, valueLength := int(binary.LittleEndian.Uint32(data)), int(binary.LittleEndian.Uint32(data[4:]))
	if keyLength > len(data)-head || valueLength > len(data)-head-keyLength {
		return "", nil, 0
	}
	body := data[head : head+keyLength+valueLength]
	if xxh3.Hash(body) != binary.LittleEndian.Uint64(data[8:]) {
		return "", nil, 0
	}
	return string(body[:keyLength]), body[keyLength:], head + len(body)
}

func appendRecord(out []byte, key string, value []byte) []byte {
	out = binary.LittleEndian.AppendUint32(out, uint32(len(key)))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(value)))
	body := append([]byte(key), value...)
	out = binary.LittleEndian.AppendUint64(out, xxh3.Hash(body))
	return append(out, body...)
}

// Get returns what was put under the key. The caller does not change it.
func (c *FileCache) Get(key string) ([]byte, bool) {
	if c == nil {
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	value, ok := c.entries[key]
	if ok {
		c.used[key] = true
	}
	return value, ok
}

// Put remembers a value; Flush makes it last.
func (c *FileCache) Put(key string, value []byte) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries[key] = value
	c.used[key] = true
	c.fresh = append(c.fresh, key)
}

// Flush writes what was put since the last time. Compile does this at its end.
func (c *FileCache) Flush() error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.fresh) == 0 {
		return nil
	}
	if c.good != c.size || c.size == 0 || c.isStale() {
		return c.rewrite()
	}
	var out []byte
	for _, key := range c.fresh {
		out = appendRecord(out, key, c.entries[key])
	}
	file, err := os.OpenFile(c.path, os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fault.New(fault.Unreachable, "compiled models cannot be kept: %w", err)
	}
	_, err = file.Write(out)
	if err = errors.Join(err, file.Close()); err != nil {
		return fault.New(fault.Unreachable, "compiled models cannot be kept: %w", err)
	}
	c.good, c.size, c.fresh = c.good+len(out), c.size+len(out), nil
	return nil
}

// isStale reports whether three quarters of a large file were not asked for.
func (c *FileCache) isStale() bool {
	live := 0
	for key := range c.used {
		live += len(c.entries[key])
	}
	return c.size > rewriteAbove && live*4 < c.size
}

// rewrite replaces the file by one with the entries this process asked for. A
// crash leaves the old one.
func (c *FileCache) rewrite() error {
	out := []byte(fileHead)
	for _, key := range sortedKeys(c.used) {
		out = appendRecord(out, key, c.entries[key])
	}
	if err := replaceFile(c.path, out); err != nil {
		return fault.New(fault.Unreachable, "compiled models cannot be kept: %w", err)
	}
	c.good, c.size, c.fresh = len(out), len(out), nil
	return nil
}

func replaceFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
