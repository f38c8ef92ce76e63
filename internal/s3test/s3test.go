// Package s3test starts S3 servers for tests: a small one in the test's own
// process, and a real one as a process of its own.
package s3test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// What every server here has: one bucket, and one pair of keys that may do
// everything in it.
const (
	Bucket = "lake-of-tests"
	Access = "AKIALARDERTEST"
	Secret = "open-sesame-open-sesame"
	Region = "us-east-1"
)

// Server is an S3 server on the loopback interface, reached by path-style
// requests without TLS.
type Server struct {
	URL string // such as http://127.0.0.1:40123

	inner  http.Handler
	mu     sync.Mutex
	answer func(w http.ResponseWriter, r *http.Request) bool
	asked  map[string]int
}

// Both are the servers, by name: what a test does with one it does with the
// other.
var Both = map[string]func(testing.TB) *Server{"gofakes3": Fake, "versitygw": Real}

// Fake starts a server in this process, in memory, that ends with the test. It
// knows the access key and does not look at signatures.
func Fake(t testing.TB) *Server {
	t.Helper()
	objects := s3mem.New()
	if err := objects.CreateBucket(Bucket); err != nil {
		t.Fatal(err)
	}
	inner := gofakes3.New(objects).Server()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Authorization"), "Credential="+Access+"/") {
			Refuse(w, http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
			return
		}
		inner.ServeHTTP(w, r)
	}))
}

// serve puts the server's front before what answers.
func serve(t testing.TB, inner http.Handler) *Server {
	t.Helper()
	s := &Server{inner: inner, asked: map[string]int{}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		answer := s.answer
		s.asked[what(r)]++
		s.mu.Unlock()
		if answer == nil || !answer(w, r) {
			inner.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(front.Close)
	s.URL = front.URL
	return s
}

// what names a request: its method, and "LIST" for a listing.
func what(r *http.Request) string {
	if r.URL.Query().Has("list-type") {
		return "LIST"
	}
	return r.Method
}

// Answer has a function see every request first, in several goroutines at once;
// where it returns true it has answered, and the server does not see the
// request. Nil takes it away.
func (s *Server) Answer(with func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = with
}

// Serve has the server answer a request, for a function given to Answer that
// does something before or after.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request) { s.inner.ServeHTTP(w, r) }

// Asked returns how many requests of a method came so far; listings are LIST.
func (s *Server) Asked(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[method]
}

// Refuse answers with an error as S3 does.
func Refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message></Error>`, code, message)
}

// Client returns a client of the server.
func (s *Server) Client(t testing.TB) *minio.Core {
	t.Helper()
	address, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := minio.NewCore(address.Host, &minio.Options{
		Creds: credentials.NewStaticV4(Access, Secret, ""), Region: Region, BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Keys returns the names of all objects below a prefix, sorted.
func (s *Server) Keys(t testing.TB, prefix string) []string {
	t.Helper()
	var keys []string
	for object := range s.Client(t).Client.ListObjects(context.Background(), Bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if object.Err != nil {
			t.Fatal(object.Err)
		}
		keys = append(keys, object.Key)
	}
	return keys
}
