package duckdb

import (
	"os"
	"path/filepath"
	"sync"

	"github.com/larder-data/larder/internal/fault"
)

// inUse are the files this process has open, by their real path. The system
// locks a file for a process as a whole, so it would let a second Engine of the
// same process write into the first one's file.
var inUse = struct {
	sync.Mutex
	engines map[string]int // writers count as taken
}{engines: map[string]int{}}

// taken stands for a writer, which shares the file with nobody.
const taken = -1

// reserve enters the engine's file as in use; Busy when somebody in this
// process writes it, or when somebody reads what is to be written.
func (e *Engine) reserve() error {
	if e.settings.Path == memory {
		return nil
	}
	path := realPath(e.settings.Path)
	inUse.Lock()
	defer inUse.Unlock()
	engines := inUse.engines[path]
	if engines == taken || engines > 0 && !e.settings.ReadOnly {
		return fault.New(fault.Busy, "this process has the file open already")
	}
	if e.settings.ReadOnly {
		inUse.engines[path]++
	} else {
		inUse.engines[path] = taken
	}
	e.reserved = path
	return nil
}

// release ends the reservation, if there is one.
func (e *Engine) release() {
	if e.reserved == "" {
		return
	}
	inUse.Lock()
	defer inUse.Unlock()
	if inUse.engines[e.reserved]--; inUse.engines[e.reserved] <= 0 {
		delete(inUse.engines, e.reserved)
	}
	e.reserved = ""
}

// realPath follows links, also of a file that does not exist yet.
func realPath(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(dir, filepath.Base(path))
	}
	return path
}

func removeAll(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fault.New(fault.Denied, "temporary folder: %w", err)
	}
	return nil
}
