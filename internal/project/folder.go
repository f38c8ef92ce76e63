package project

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/larder-data/larder/internal/fault"
)

// maxFile is the largest file of a project; what people write is far smaller,
// and a data file put into the wrong folder is told, not read.
const maxFile = 16 << 20

// folder reads files below a project's root.
type folder struct {
	root   string
	faults fault.List
}

// list returns the files below a folder in the order of their paths, relative
// to the root. Hidden ones are left out; links are followed, except back to a
// folder they stand in, which is told. A folder that does not exist is empty.
func (f *folder) list(dir string) []string {
	var files []string
	f.walk(dir, nil, &files)
	return files
}

func (f *folder) walk(dir string, above []fs.FileInfo, files *[]string) {
	full := filepath.Join(f.root, filepath.FromSlash(dir))
	info, err := os.Stat(full)
	if err == nil && !info.IsDir() {
		err = fault.New(fault.Invalid, "this should be a folder")
	}
	if err != nil {
		if len(above) > 0 || !errors.Is(err, fs.ErrNotExist) {
			f.fail(dir, err)
		}
		return
	}
	if slices.ContainsFunc(above, func(a fs.FileInfo) bool { return os.SameFile(a, info) }) {
		f.faults = append(f.faults, fault.At(fault.Place{File: dir}, fault.Invalid, "this link leads back to a folder it stands in").
			WithHint("remove the link"))
		return
	}
	entries, err := os.ReadDir(full)
	if err != nil {
		f.fail(dir, err)
	}
	for _, entry := range entries {
		name := path.Join(dir, entry.Name())
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		if entry.IsDir() || entry.Type()&fs.ModeSymlink != 0 && f.leadsToFolder(name) {
			f.walk(name, append(above, info), files)
			continue
		}
		*files = append(*files, name)
	}
}

// leadsToFolder reports whether a link's end is a folder, or cannot be told
// because the link runs in a circle.
func (f *folder) leadsToFolder(name string) bool {
	info, err := os.Stat(filepath.Join(f.root, filepath.FromSlash(name)))
	return err == nil && info.IsDir() || errors.Is(err, syscall.ELOOP)
}

// has reports whether a file exists, or may: one that cannot be looked at is
// for read to tell.
func (f *folder) has(name string) bool {
	_, err := os.Lstat(filepath.Join(f.root, filepath.FromSlash(name)))
	return !errors.Is(err, fs.ErrNotExist)
}

// read returns a text file, and false after noting why it cannot be read.
func (f *folder) read(name string) (*File, bool) {
	full := filepath.Join(f.root, filepath.FromSlash(name))
	info, err := os.Stat(full)
	switch {
	case err != nil:
		f.fail(name, err)
		return nil, false
	case !info.Mode().IsRegular():
		f.fail(name, fault.New(fault.Invalid, "this should be a file"))
		return nil, false
	case info.Size() > maxFile:
		f.fail(name, fault.New(fault.Invalid, "this is %d MB, more than a file of a project holds", info.Size()>>20))
		return nil, false
	}
	content, err := os.ReadFile(full)
	if err != nil {
		f.fail(name, err)
		return nil, false
	}
	file, problem := textFile(name, string(content))
	if problem != nil {
		f.faults = append(f.faults, problem)
		return nil, false
	}
	return file, true
}

// textFile takes off a byte order mark, makes all line ends "\n", and refuses
// what is no text.
func textFile(name, content string) (*File, *fault.Error) {
	if strings.HasPrefix(content, "\xff\xfe") || strings.HasPrefix(content, "\xfe\xff") {
		return nil, fault.At(fault.Place{File: name, Line: 1, Column: 1}, fault.Invalid, "this file is written in UTF-16").
			WithHint("save it as UTF-8")
	}
	content = strings.TrimPrefix(content, "\ufeff")
	if strings.Contains(content, "\r\n") {
		content = strings.ReplaceAll(content, "\r\n", "\n")
	}
	bad := strings.IndexByte(content, 0)
	if bad < 0 && !utf8.ValidString(content) {
		for bad = 0; ; {
			r, size := utf8.DecodeRuneInString(content[bad:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			bad += size
		}
	}
	if bad >= 0 {
		place := newFile(name, content).Offset(bad)
		place.Text = "" // bytes that are no text cannot be shown
		return nil, fault.At(place, fault.Invalid, "this is no text file in UTF-8: byte %#02x", content[bad]).
			WithHint("save it as UTF-8, or move it out of the project's folders if it is data")
	}
	return newFile(name, content), nil
}

// fail notes that a file or folder cannot be read, by the system's reason
// without the machine's path.
func (f *folder) fail(name string, err error) {
	kind, cause := fault.Broken, err
	var known *fault.Error
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		cause = pathError.Err
	}
	switch {
	case errors.As(err, &known):
		kind, cause = known.Kind, known.Err
	case errors.Is(err, fs.ErrPermission):
		kind = fault.Denied
	case errors.Is(err, fs.ErrNotExist):
		kind = fault.NotFound
	case errors.Is(err, syscall.ELOOP):
		kind = fault.Invalid
	}
	f.faults = append(f.faults, fault.At(fault.Place{File: name}, kind, "cannot be read: %w", cause))
}
