// Package bucket brings objects of S3-compatible storage that are to be loaded.
package bucket

import (
	"cmp"
	"net/url"
	"path"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/project"
)

// Source is what a source of kind bucket says beside what every source says.
type Source struct {
	Bucket       project.Placed[string] `yaml:"bucket" jsonschema:"required" jsonschema_description:"The bucket's name"`
	Prefix       project.Placed[string] `yaml:"prefix" jsonschema_description:"The folder in it below which everything lies; nothing outside is ever read"`
	Endpoint     project.Placed[string] `yaml:"endpoint" jsonschema_description:"The address of the service, such as https://minio.example.com:9000; default AWS_ENDPOINT_URL, then Amazon's"`
	Region       project.Placed[string] `yaml:"region" jsonschema_description:"The bucket's region; default AWS_REGION, then us-east-1"`
	PathStyle    project.Placed[bool]   `yaml:"path_style" jsonschema_description:"true: the bucket's name stands in the path, false: in the host's name; default by the endpoint"`
	AccessKey    project.Placed[string] `yaml:"access_key" jsonschema_description:"Such as ${SHOP_ACCESS_KEY}; default AWS_ACCESS_KEY_ID"`
	SecretKey    project.Placed[string] `yaml:"secret_key" jsonschema_description:"Such as ${SHOP_SECRET_KEY}; default AWS_SECRET_ACCESS_KEY"`
	SessionToken project.Placed[string] `yaml:"session_token" jsonschema_description:"Of temporary keys; default AWS_SESSION_TOKEN"`
	Public       bool                   `yaml:"public" jsonschema_description:"true: the bucket is read without keys"`
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
	place   place
	bucket  project.Placed[string]
	prefix  string // "" or ending in a slash
	maxSize int64
}

// place is where a bucket is and who asks.
type place struct {
	host, region, access, secret, token string
	secure, public                      bool
	style                               style
}

type style uint8

const (
	byHost style = iota // of the endpoint
	inPath
	inHost
)

const (
	amazon         = "s3.amazonaws.com"
	defaultRegion  = "us-east-1"
	defaultMaxSize = 10_000_000_000
)

// decode reads a table's settings; env answers for what they leave out.
func decode(t ingest.Table, env func(string) (string, bool)) (settings, error) {
	var s settings
	var source Source
	faults := t.Source.Decode(&source)
	faults = append(faults, t.Source.DecodeTable(t.SourceTable, &s.Table)...)
	if len(faults) > 0 {
		return s, faults.Err()
	}
	s.bucket, s.maxSize = source.Bucket, defaultMaxSize
	for _, secret := range []struct {
		name string
		is   project.Placed[string]
	}{{"access_key", source.AccessKey}, {"secret_key", source.SecretKey}, {"session_token", source.SessionToken}} {
		if f := project.Committed(secret.name, secret.is); f != nil {
			faults = append(faults, f)
		}
	}
	faults.Add(s.below(source.Prefix))
	faults.Add(s.limit())
	for i, glob := range s.Files.Value {
		s.Files.Value[i] = strings.TrimPrefix(path.Clean("/"+glob), "/")
		if outside(glob) {
			faults.Add(s.Files.Fault("files: %s leaves the prefix", glob).WithHint("globs go below prefix:, without .."))
		}
	}
	var err error
	if s.place, err = placeOf(source, env); err != nil {
		faults.Add(err)
	}
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

// placeOf puts together what the source says and the environment has.
func placeOf(s Source, env func(string) (string, bool)) (place, error) {
	or := func(setting project.Placed[string], names ...string) string {
		value := setting.Value
		for _, name := range names {
			if found, ok := env(name); ok {
				value = cmp.Or(value, found)
			}
		}
		return value
	}
	p := place{
		region: cmp.Or(or(s.Region, "AWS_REGION", "AWS_DEFAULT_REGION"), defaultRegion), public: s.Public, secure: true, host: amazon,
	}
	if s.PathStyle.Given() {
		if p.style = inHost; s.PathStyle.Value {
			p.style = inPath
		}
	}
	if err := p.at(or(s.Endpoint, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"), s.Endpoint); err != nil {
		return p, err
	}
	if p.public {
		if s.AccessKey.Given() || s.SecretKey.Given() {
			return p, s.Bucket.Fault("public: true and keys exclude each other").WithHint("keep one of them")
		}
		return p, nil
	}
	// Keys come from one place: half of one and half of another fit nothing.
	if s.AccessKey.Given() || s.SecretKey.Given() {
		p.access, p.secret, p.token = s.AccessKey.Value, s.SecretKey.Value, s.SessionToken.Value
	} else {
		none := project.Placed[string]{}
		p.access, p.secret, p.token = or(none, "AWS_ACCESS_KEY_ID"), or(none, "AWS_SECRET_ACCESS_KEY"), or(s.SessionToken, "AWS_SESSION_TOKEN")
	}
	if p.access == "" || p.secret == "" {
		return p, fault.At(s.Bucket.Where, fault.Denied, "there are no keys for the bucket %s", s.Bucket.Value).
			WithHint("say access_key: ${NAME} and secret_key: ${NAME}, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; a bucket for everybody says public: true")
	}
	return p, nil
}

// at takes the endpoint apart.
func (p *place) at(endpoint string, setting project.Placed[string]) error {
	if endpoint == "" {
		return nil
	}
	if !strings.Contains(endpoint, "://") {
		endpoint = "https://" + endpoint
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		where := setting.Where
		where.Text = "" // a key may stand in it
		return fault.At(where, fault.Invalid, "endpoint: is no address of a service").
			WithHint("write https://host or https://host:port; the bucket and prefix have settings of their own, keys too")
	}
	p.host, p.secure = u.Host, u.Scheme == "https"
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
