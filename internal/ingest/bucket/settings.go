// Package bucket brings objects of S3-compatible storage that are to be loaded.
package bucket

import (
	"errors"
	"path"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/s3"
)

// Source is what a source of kind bucket says beside what every source says.
type Source struct {
	Bucket project.Placed[string] `yaml:"bucket" jsonschema:"required" jsonschema_description:"The bucket's name"`
	Prefix project.Placed[string] `yaml:"prefix" jsonschema_description:"The folder in it below which everything lies; nothing outside is ever read"`
	s3.Connection
	Public bool `yaml:"public" jsonschema_description:"true: the bucket is read without keys"`
}

// Table is what a table of such a source says.
type Table struct {
	Files     project.Placed[[]string] `yaml:"files" jsonschema:"required" jsonschema_description:"Globs below prefix, ** crosses folders; a single one may stand alone"`
	Ascending bool                     `yaml:"ascending" jsonschema_description:"true: names only grow, such as days; what comes before the newest loaded name is not listed again"`
	Manifest  project.Placed[string]   `yaml:"manifest" jsonschema_description:"An object below prefix that lists what there is, name and size, as CSV or JSON lines: nothing loads until all of it is there"`
	MaxSize   project.Placed[string]   `yaml:"max_size" jsonschema_description:"How large an object may be; 10 GB when not given"`
	format.Settings
}

// settings are a table's settings, decoded.
type settings struct {
	Table
	bucket  s3.Bucket
	prefix  string // "" or ending in a slash
	maxSize int64
}

const defaultMaxSize = 10_000_000_000

// decode reads a table's settings; env answers for what they leave out.
func decode(t ingest.Table, env func(string) (string, bool)) (settings, error) {
	var s settings
	var source Source
	faults := t.Source.Decode(&source)
	faults = append(faults, t.Source.DecodeTable(t.SourceTable, &s.Table)...)
	if len(faults) > 0 {
		return s, faults.Err()
	}
	s.maxSize = defaultMaxSize
	faults = append(faults, source.Secrets()...)
	faults.Add(s.below(source.Prefix))
	faults.Add(s.limit())
	for i, glob := range s.Files.Value {
		s.Files.Value[i] = strings.TrimPrefix(path.Clean("/"+glob), "/")
		if outside(glob) {
			faults.Add(s.Files.Fault("files: %s leaves the prefix", glob).WithHint("globs go below prefix:, without .."))
		}
	}
	var err error
	if s.bucket, err = source.Connection.Bucket(source.Bucket.Value, source.Bucket.Where, source.Public, env); err != nil {
		var f *fault.Error
		if errors.As(err, &f) && f.Kind == fault.Denied {
			f.Hint += "; a bucket for everybody says public: true"
		}
		faults.Add(err)
	}
	s.bucket.Needs = "s3:ListBucket on the bucket and s3:GetObject on what is below " + s.prefix + "*"
	return s, faults.Err()
}

func (s *settings) below(prefix project.Placed[string]) error {
	if s.prefix = strings.Trim(prefix.Value, "/"); s.prefix == "" {
		return nil
	}
	if outside(s.prefix) {
		return prefix.Fault("prefix: %s goes up", prefix.Value).WithHint("write the folder itself, without ..")
	}
	s.prefix += "/"
	return nil
}

func (s *settings) limit() error {
	if !s.MaxSize.Given() {
		return nil
	}
	size, ok := project.ParseSize(s.MaxSize.Value)
	if !ok {
		return s.MaxSize.Fault("max_size is a size, not %q", s.MaxSize.Value).WithHint("such as 500 MB or 2 GB")
	}
	s.maxSize = size
	return nil
}

// outside reports whether a name goes up somewhere.
func outside(name string) bool {
	for part := range strings.SplitSeq(strings.ReplaceAll(name, `\`, "/"), "/") {
		if part == ".." {
			return true
		}
	}
	return strings.ContainsRune(name, 0)
}
