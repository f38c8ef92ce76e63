package folder

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
)

const indexFile = "index.jsonl"

// Manifests returns the dataset's complete loads, by Sequence. The folders say
// which loads there are; the index only spares reading their manifests one by
// one, so a damaged or missing index is no error.
func (f *Folder) Manifests(ctx context.Context, dataset string) ([]lake.Manifest, error) {
	op := "lake of " + dataset
	lock := f.indexLock(dataset)
	lock.Lock()
	defer lock.Unlock()
	entries, err := os.ReadDir(filepath.Join(f.home, lake.FileName(dataset)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, lake.DiskFault(op, err)
	}
	indexed := f.readIndex(dataset)
	var loads []lake.Manifest
	var missing []string
	for _, entry := range entries {
		if m, ok := indexed[entry.Name()]; ok {
			loads = append(loads, m)
		} else if entry.IsDir() {
			missing = append(missing, entry.Name())
		}
	}
	read, err := f.readManifests(ctx, dataset, missing)
	if err != nil {
		return nil, err
	}
	for _, m := range read {
		if text, err := json.Marshal(m); err == nil {
			f.appendIndex(m.Dataset, text)
		}
	}
	loads = append(loads, read...)
	slices.SortFunc(loads, func(a, b lake.Manifest) int {
		if a.Sequence != b.Sequence {
			return int(min(1, max(-1, a.Sequence-b.Sequence)))
		}
		return strings.Compare(a.ID, b.ID)
	})
	return loads, nil
}

// readManifests reads the manifests of the load folders named, several at once.
func (f *Folder) readManifests(ctx context.Context, dataset string, names []string) ([]lake.Manifest, error) {
	read := make([]lake.Manifest, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i, name := range names {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return &fault.Error{Op: "lake of " + dataset, Kind: fault.Interrupted, Err: err}
			}
			path := filepath.Join(f.home, lake.FileName(dataset), name, manifestFile)
			text, err := os.ReadFile(path)
			if err != nil {
				return lake.DiskFault("lake of "+dataset, err)
			}
			if err := json.Unmarshal(text, &read[i]); err != nil || read[i].Format != 1 || lake.FileName(read[i].ID) != name {
				return (&fault.Error{
					Op: "lake of " + dataset, Kind: fault.Broken, Where: fault.Place{File: path},
					Err: errors.New("this manifest of a load cannot be read"),
				}).WithHint("move the folder of this load away; the next run loads its file again")
			}
			return nil
		})
	}
	return read, group.Wait()
}

// readIndex returns the index by folder name; lines that do not parse are
// left out and read from their folder.
func (f *Folder) readIndex(dataset string) map[string]lake.Manifest {
	indexed := map[string]lake.Manifest{}
	text, err := os.ReadFile(filepath.Join(f.home, lake.FileName(dataset), indexFile))
	if err != nil {
		return indexed
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		var m lake.Manifest
		if json.Unmarshal(lines.Bytes(), &m) == nil && m.Format == 1 && m.Dataset == dataset {
			indexed[lake.FileName(m.ID)] = m
		}
	}
	return indexed
}

// remember adds a committed load to the index.
func (f *Folder) remember(m lake.Manifest, text []byte) {
	lock := f.indexLock(m.Dataset)
	lock.Lock()
	defer lock.Unlock()
	f.appendIndex(m.Dataset, text)
}

// appendIndex adds a line. A failure is no loss: the manifest itself is in the
// load's folder, and the line begins with a newline so that one cut off before
// it spoils only itself.
func (f *Folder) appendIndex(dataset string, text []byte) {
	path := filepath.Join(f.home, lake.FileName(dataset), indexFile)
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return
	}
	defer file.Close()
	_, _ = file.Write(append(append([]byte{'\n'}, text...), '\n'))
}
