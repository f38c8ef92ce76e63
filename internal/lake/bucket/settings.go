package bucket

import (
	"net/url"
	"path/filepath"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/s3"
)

// Scheme is how the address of a lake in a bucket begins: s3://bucket/prefix.
const Scheme = "s3"

// Settings are what larder.yml says of a lake in a bucket, beside its address.
type Settings struct {
	s3.Connection
	Cache     project.Placed[string] `yaml:"cache" jsonschema_description:"The folder on this machine for files of a lake that is elsewhere; .larder/lake-cache when not given"`
	CacheSize project.Placed[string] `yaml:"cache_size" jsonschema_description:"How large that folder may grow; 10 GB when not given"`
}

const (
	defaultCache     = ".larder/lake-cache"
	defaultCacheSize = 10_000_000_000
)

// Home is where a lake is kept, and where its files are kept on this machine.
type Home struct {
	bucket    s3.Bucket
	prefix    string // "" or ending in a slash
	cache     string // absolute path
	cacheSize int64
}

// Home puts together the address and the settings of a lake; paths are relative
// to root, and env answers for what is left out. The error is everything wrong
// with them at once.
func (s Settings) Home(address project.Placed[string], root string, env func(string) (string, bool)) (Home, error) {
	var faults fault.List
	h := Home{cache: defaultCache, cacheSize: defaultCacheSize}
	name, prefix, err := parse(address)
	faults.Add(err)
	if prefix != "" {
		h.prefix = prefix + "/"
	}
	faults = append(faults, s.Secrets()...)
	if h.bucket, err = s.Bucket(name, address.Where, false, env); err != nil {
		faults.Add(err)
	}
	h.bucket.Needs = "s3:ListBucket and s3:ListBucketMultipartUploads on the bucket, and s3:GetObject, s3:PutObject, s3:DeleteObject" +
		" and s3:AbortMultipartUpload on what is below " + h.prefix + "*"
	if s.Cache.Given() {
		h.cache = s.Cache.Value
	}
	if !filepath.IsAbs(h.cache) {
		h.cache = filepath.Join(root, filepath.FromSlash(h.cache))
	}
	if s.CacheSize.Given() {
		size, ok := project.ParseSize(s.CacheSize.Value)
		if !ok {
			faults.Add(s.CacheSize.Fault("cache_size is a size, not %q", s.CacheSize.Value).WithHint("such as 500 MB or 20 GB"))
		}
		h.cacheSize = size
	}
	return h, faults.Err()
}

// parse takes the address apart.
func parse(address project.Placed[string]) (bucket, prefix string, err error) {
	u, err := url.Parse(address.Value)
	if err != nil || u.Scheme != Scheme || u.Host == "" || u.Port() != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		where := address.Where
		where.Text = "" // a key may stand in it
		return "", "", fault.At(where, fault.Invalid, "this is no address of a bucket").
			WithHint("write s3://BUCKET/PREFIX; endpoint, region and keys have settings of their own")
	}
	prefix = strings.Trim(u.Path, "/")
	for part := range strings.SplitSeq(prefix, "/") {
		if part == ".." || part == "." || part == "" && prefix != "" {
			return "", "", address.Fault("the prefix %s is no folder", prefix).WithHint("write it without .., . and empty parts")
		}
	}
	return u.Host, prefix, nil
}
