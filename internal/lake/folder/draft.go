package folder

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
)

// draft is a load being written in a folder of its own.
type draft struct {
	folder        *Folder
	at            string
	dataset, load string
	done          bool
}

func (d *draft) RowsPath() string       { return filepath.Join(d.at, rowsFile) }
func (d *draft) QuarantinePath() string { return filepath.Join(d.at, quarantineFile) }

// Commit puts everything on disk, then renames the finished folder to its
// place: a reader sees all of the load or nothing, whenever the power fails.
func (d *draft) Commit(ctx context.Context, m lake.Manifest) error {
	op := "load " + m.ID + " of " + d.dataset
	if err := ctx.Err(); err != nil {
		return &fault.Error{Op: op, Kind: fault.Interrupted, Err: err}
	}
	if d.done {
		return &fault.Error{Op: op, Kind: fault.Internal, Err: errors.New("the draft is committed or abandoned already")}
	}
	if m.Dataset != d.dataset || m.ID != d.load {
		return &fault.Error{Op: op, Kind: fault.Internal, Err: errors.New("the manifest is of another load than the draft")}
	}
	text, err := json.Marshal(m)
	if err != nil {
		return &fault.Error{Op: op, Kind: fault.Internal, Err: err}
	}
	if err := d.settle(text, m); err != nil {
		return lake.DiskFault(op, err)
	}
	d.folder.remember(m, text)
	return nil
}

func (d *draft) settle(manifest []byte, m lake.Manifest) error {
	if err := os.WriteFile(filepath.Join(d.at, manifestFile), manifest, 0o666); err != nil {
		return err
	}
	names := []string{manifestFile}
	if m.HasRows {
		names = append(names, rowsFile)
	}
	if m.Quarantined > 0 {
		names = append(names, quarantineFile)
	}
	for _, name := range names {
		if err := syncPath(filepath.Join(d.at, name)); err != nil {
			return err
		}
	}
	if err := syncPath(d.at); err != nil {
		return err
	}
	target := d.folder.place(d.dataset, d.load)
	if err := makeFolder(filepath.Dir(target)); err != nil {
		return err
	}
	if err := os.Rename(d.at, target); err != nil {
		return err
	}
	d.done = true
	return syncPath(filepath.Dir(target))
}

// Abandon removes the draft's folder.
func (d *draft) Abandon() error {
	if d.done {
		return nil
	}
	d.done = true
	if err := os.RemoveAll(d.at); err != nil {
		return lake.DiskFault("draft of "+d.dataset, err)
	}
	return nil
}

// makeFolder makes a folder and its parents, durably.
func makeFolder(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(path, 0o777); err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

// syncPath has a file or a folder written to the disk itself.
func syncPath(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	err = file.Sync()
	if errors.Is(err, syscall.EINVAL) { // some file systems cannot sync a folder
		err = nil
	}
	return errors.Join(err, file.Close())
}
