package folder

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/larder-data/larder/internal/fault"
)

// workbench is the folder one process writes its drafts in. It holds a lock as
// long as the process lives, so that others can tell a dead process's drafts.
type workbench struct {
	path string
	lock *os.File
}

const lockFile = "lock"

func openWorkbench(drafts string) (*workbench, error) {
	if err := os.MkdirAll(drafts, 0o777); err != nil {
		return nil, err
	}
	// The lock is taken before the name is known to anyone's Sweep: a bench
	// without its lock file is never swept while it is young enough to be here.
	path, err := os.MkdirTemp(drafts, "run-")
	if err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(path, lockFile), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, err
	}
	if held, err := tryLock(lock); err != nil || !held {
		return nil, errors.Join(err, lock.Close(), errors.New("the place for drafts is locked by someone else"))
	}
	return &workbench{path: path, lock: lock}, nil
}

func (w *workbench) close() error {
	return errors.Join(os.RemoveAll(w.path), w.lock.Close())
}

// sweepBenches removes the benches whose lock nobody holds, except own, and
// returns how many drafts were in them.
func sweepBenches(ctx context.Context, drafts, own string) (int, error) {
	benches, err := os.ReadDir(drafts)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, diskFault("drafts of the lake", err)
	}
	swept := 0
	for _, bench := range benches {
		if err := ctx.Err(); err != nil {
			return swept, &fault.Error{Op: "drafts of the lake", Kind: fault.Interrupted, Err: err}
		}
		path := filepath.Join(drafts, bench.Name())
		if path == own || !bench.IsDir() {
			continue
		}
		n, err := sweepBench(path)
		if err != nil {
			return swept, diskFault("drafts of the lake", err)
		}
		swept += n
	}
	return swept, nil
}

func sweepBench(path string) (int, error) {
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
	return len(entries) - 1, os.RemoveAll(path)
}
