// Package s3 speaks to S3-compatible storage: where a bucket is, who asks, and
// what is wrong when there is no answer or not the one hoped for.
//
// What objects are for is left to others.
package s3

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
)

// Connection is what a file says of the service a bucket is kept by. What is
// not given comes from the environment.
type Connection struct {
	Endpoint     project.Placed[string] `yaml:"endpoint" jsonschema_description:"The address of the service, such as https://minio.example.com:9000; default AWS_ENDPOINT_URL, then Amazon's"`
	Region       project.Placed[string] `yaml:"region" jsonschema_description:"The bucket's region; default AWS_REGION, then us-east-1"`
	PathStyle    project.Placed[bool]   `yaml:"path_style" jsonschema_description:"true: the bucket's name stands in the path, false: in the host's name; default by the endpoint"`
	AccessKey    project.Placed[string] `yaml:"access_key" jsonschema_description:"Such as ${SHOP_ACCESS_KEY}; default AWS_ACCESS_KEY_ID"`
	SecretKey    project.Placed[string] `yaml:"secret_key" jsonschema_description:"Such as ${SHOP_SECRET_KEY}; default AWS_SECRET_ACCESS_KEY"`
	SessionToken project.Placed[string] `yaml:"session_token" jsonschema_description:"Of temporary keys; default AWS_SESSION_TOKEN"`
}

// Bucket is a bucket, where it is, and who asks.
type Bucket struct {
	Name  string
	Where fault.Place // the setting that names it
	Needs string      // what the keys must be allowed to, in the words of the service
	place
}

// place is where a bucket is and who asks.
type place struct {
	host, region, access, secret, token string
	secure, public                      bool
	style                               minio.BucketLookupType
}

const (
	amazon        = "s3.amazonaws.com"
	defaultRegion = "us-east-1"
)

// Secrets are the faults of secrets that stand in a committed file.
func (c Connection) Secrets() fault.List {
	var faults fault.List
	for _, secret := range []struct {
		name string
		is   project.Placed[string]
	}{{"access_key", c.AccessKey}, {"secret_key", c.SecretKey}, {"session_token", c.SessionToken}} {
		if f := project.Committed(secret.name, secret.is); f != nil {
			faults = append(faults, f)
		}
	}
	return faults
}

// Bucket puts together what the file says and the environment, asked by env,
// has. A public one is read without keys; of any other Denied is told when
// there are none.
func (c Connection) Bucket(name string, where fault.Place, public bool, env func(string) (string, bool)) (Bucket, error) {
	or := func(setting project.Placed[string], names ...string) string {
		value := setting.Value
		for _, name := range names {
			if found, ok := env(name); ok {
				value = cmp.Or(value, found)
			}
		}
		return value
	}
	b := Bucket{Name: name, Where: where, place: place{
		region: cmp.Or(or(c.Region, "AWS_REGION", "AWS_DEFAULT_REGION"), defaultRegion), public: public, secure: true, host: amazon,
	}}
	if name != "" && s3utils.CheckValidBucketName(name) != nil {
		return b, fault.At(where, fault.Invalid, "%s is no name of a bucket", name).WithHint("check its spelling")
	}
	if c.PathStyle.Given() {
		if b.style = minio.BucketLookupDNS; c.PathStyle.Value {
			b.style = minio.BucketLookupPath
		}
	}
	if err := b.at(or(c.Endpoint, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"), c.Endpoint); err != nil {
		return b, err
	}
	if public {
		if c.AccessKey.Given() || c.SecretKey.Given() {
			return b, fault.At(where, fault.Invalid, "public: true and keys exclude each other").WithHint("keep one of them")
		}
		return b, nil
	}
	// Keys come from one place: half of one and half of another fit nothing.
	if c.AccessKey.Given() || c.SecretKey.Given() {
		b.access, b.secret, b.token = c.AccessKey.Value, c.SecretKey.Value, c.SessionToken.Value
	} else {
		none := project.Placed[string]{}
		b.access, b.secret, b.token = or(none, "AWS_ACCESS_KEY_ID"), or(none, "AWS_SECRET_ACCESS_KEY"), or(c.SessionToken, "AWS_SESSION_TOKEN")
	}
	if b.access == "" || b.secret == "" {
		return b, fault.At(where, fault.Denied, "there are no keys for the bucket %s", name).
			WithHint("say access_key: ${NAME} and secret_key: ${NAME}, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	return b, nil
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

// Service tells apart the services that keep buckets, and who asks them: equal
// ones may share a client.
func (b Bucket) Service() any { return b.place }

// Dial returns a client of the service, which asks up to tries times while there
// is no answer or no room for one. Nothing is sent yet.
func (b Bucket) Dial(tries int) (*minio.Core, error) {
	transport, err := minio.DefaultTransport(b.secure)
	if err != nil {
		return nil, fault.New(fault.Unreachable, "%w", err)
	}
	keys := credentials.NewStaticV4(b.access, b.secret, b.token)
	if b.public {
		keys = credentials.NewStatic("", "", "", credentials.SignatureAnonymous)
	}
	client, err := minio.NewCore(b.host, &minio.Options{
		Creds: keys, Secure: b.secure, Region: b.region, BucketLookup: b.style, Transport: listings{transport}, MaxRetries: tries,
	})
	if err != nil {
		return nil, fault.New(fault.Invalid, "%w", err).WithHint("check endpoint: and the bucket's name")
	}
	return client, nil
}
