package lake

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/larder-data/larder/internal/fault"
)

// Workbench is the folder on local disk where one process writes drafts,
// whatever keeps its loads. It holds a lock as long as the process lives, so
// that others can tell a dead process's drafts. Its methods may be called by
// several goroutines at once.
type Workbench struct {
	home string // of the workbenches of all processes

	mu   sync.Mutex
	path string // "" until the first draft
	lock *os.File
	made int
}

const lockFile = "lock"

// NewWorkbench returns a workbench below home, which it shares with those of
// other processes. Nothing is made before the first draft.
func NewWorkbench(home string) *Workbench { return &Workbench{home: home} }

// Draft makes a new empty folder. The error is a fault of the disk.
func (w *Workbench) Draft() (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.path == "" {
		if err := w.open(); err != nil {
			return "", DiskFault("drafts of the lake", err)
		}
	}
	w.made++
	at := filepath.Join(w.path, strconv.Itoa(w.made))
	if err := os.Mkdir(at, 0o777); err != nil {
		return "", DiskFault("drafts of the lake", err)
	}
	return at, nil
}

func (w *Workbench) open() error {
	if err := os.MkdirAll(w.home, 0o777); err != nil {
		return err
	}
	// The lock is taken before the name is known to anyone's Sweep: a bench
	// without its lock file is never swept while it is young enough to be here.
	path, err := os.MkdirTemp(w.home, "run-")
	if err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(path, lockFile), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return err
	}
	if held, err := tryLock(lock); err != nil || !held {
		return errors.Join(err, lock.Close(), errors.New("the place for drafts is locked by someone else"))
	}
	w.path, w.lock = path, lock
	return nil
}

// Close removes the workbench and what lies on it. It is safe to call twice.
func (w *Workbench) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.path == "" {
		return nil
	}
	err := errors.Join(os.RemoveAll(w.path), w.lock.Close())
	w.path, w.lock = "", nil
	return err
}

// Sweep removes the drafts of processes that no longer run and returns how many
// there were. The folder of each is shown to before, unless that is nil, which
// may keep it by an error.
func (w *Workbench) Sweep(ctx context.Context, before func(draft string) error) (int, error) {
	w.mu.Lock()
	own := w.path
	w.mu.Unlock()
	benches, err := os.ReadDir(w.home)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, DiskFault("drafts of the lake", err)
	}
	swept := 0
	for _, bench := range benches {
		if err := ctx.Err(); err != nil {
			return swept, &fault.Error{Op: "drafts of the lake", Kind: fault.Interrupted, Err: err}
		}
		path := filepath.Join(w.home, bench.Name())
		if path == own || !bench.IsDir() {
			continue
		}
		n, err := sweepBench(path, before)
		if err != nil {
			return swept, DiskFault("drafts of the lake", err)
		}
		swept += n
	}
	return swept, nil
}

func sweepBench(path string, before func(string) error) (int, error) {
	lock, err := os.OpenFile(filepath.Join(path, lockFile), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil // being made this very moment, or empty: nothing in it
	}
	if err != nil {
		return 0, err
	}
	defer lock.Close()
	if held, err := tryLock(lock); err != nil || !held {
		return 0, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return 0, err
	}
	drafts := 0
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		drafts++
		if before != nil {
			if err := before(filepath.Join(path, entry.Name())); err != nil {
				return 0, err
			}
		}
	}
	return drafts, os.RemoveAll(path)
}
