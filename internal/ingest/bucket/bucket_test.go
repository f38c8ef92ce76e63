package bucket_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/ingest/bucket"
	"github.com/larder-data/larder/internal/ingest/listertest"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/lake/folder"
	"github.com/larder-data/larder/internal/project"
)

var kind = project.Kind{Source: &bucket.Source{}, Table: &bucket.Table{}, Column: &format.Column{}}

// service is an S3 server in this process, and what goes wrong with it.
type service struct {
	*testing.T
	*httptest.Server
	objects *s3mem.Backend
	reads   atomic.Int64
	lists   atomic.Int64

	mu  sync.Mutex
	bad func(w http.ResponseWriter, r *http.Request) bool // answers instead of the server
	cut int                                               // bytes after which a body ends
}

const (
	name    = "shop"
	knownID = "AKIALARDER"
	secret  = "open-sesame-open"
)

func serve(t *testing.T) *service {
	t.Helper()
	s := &service{T: t, objects: s3mem.New()}
	if err := s.objects.CreateBucket(name); err != nil {
		t.Fatal(err)
	}
	inner := gofakes3.New(s.objects).Server()
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		bad, cut := s.bad, s.cut
		s.mu.Unlock()
		if bad != nil && bad(w, r) {
			return
		}
		if !strings.Contains(r.Header.Get("Authorization"), "Credential="+knownID+"/") {
			refuse(w, http.StatusForbidden, "InvalidAccessKeyId", "The Access Key Id you provided does not exist in our records.")
			return
		}
		switch {
		case r.URL.Query().Has("list-type"):
			s.lists.Add(1)
		case r.Method == http.MethodGet:
			s.reads.Add(1)
		}
		if cut > 0 && r.Method == http.MethodGet && !r.URL.Query().Has("list-type") {
			w = &cutting{w, cut}
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	t.Setenv("SHOP_ID", knownID)
	t.Setenv("SHOP_SECRET", secret)
	return s
}

// cutting ends the connection in the middle of a body.
type cutting struct {
	http.ResponseWriter
	left int
}

func (c *cutting) Write(p []byte) (int, error) {
	if len(p) > c.left {
		_, _ = c.ResponseWriter.Write(p[:c.left])
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	c.left -= len(p)
	return c.ResponseWriter.Write(p)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>%s</Message></Error>`, code, message)
}

func (s *service) fails(bad func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bad = bad
}

func (s *service) cuts(after int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = after
}

func (s *service) put(key string, content []byte) {
	s.Helper()
	made := map[string]string{"Last-Modified": time.Now().UTC().Format(http.TimeFormat)}
	if _, err := s.objects.PutObject(name, key, made, bytes.NewReader(content), int64(len(content)), nil); err != nil {
		s.Fatal(err)
	}
}

func (s *service) source() string {
	return "kind: bucket\nbucket: shop\nprefix: in/erp\nendpoint: " + s.URL + "\naccess_key: ${SHOP_ID}\nsecret_key: ${SHOP_SECRET}\n"
}

func noEnv(string) (string, bool) { return "", false }

func (s *service) place() listertest.Place {
	return listertest.Place{
		Reader: bucket.NewReader(noEnv), Kind: kind, Source: s.source(),
		Put:     func(name string, content []byte) { s.put("in/erp/"+name, content) },
		Outside: func(name string, content []byte) { s.put("in/"+name, content); s.put("in/erp-too/"+name, content) },
		Reads:   func() int { return int(s.reads.Load()) },
	}
}

func archive(dir string) lake.Archive { return folder.Open(dir) }

func TestLister(t *testing.T) {
	listertest.Suite{Open: func(t *testing.T) listertest.Place { return serve(t).place() }, Archive: archive}.Run(t)
}

func (s *service) pier(more string) *listertest.Pier {
	return listertest.NewPier(s.T, s.place(), archive(filepath.Join(s.TempDir(), "lake")), more)
}

func TestWhatGoesWrongIsTold(t *testing.T) {
	xml := func(status int, code, message string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool { refuse(w, status, code, message); return true }
	}
	for _, c := range []struct {
		name   string
		bad    func(http.ResponseWriter, *http.Request) bool
		source func(string) string
		kind   fault.Kind
		says   string
	}{
		{name: "wrong key", source: swap("${SHOP_ID}", "${SHOP_SECRET}"), kind: fault.Denied, says: "does not know the access key"},
		{name: "wrong secret", bad: xml(403, "SignatureDoesNotMatch", "no"), kind: fault.Denied, says: "secret key does not fit"},
		{name: "no permission", bad: xml(403, "AccessDenied", "Access Denied."), kind: fault.Denied, says: "may not do that in the bucket"},
		{name: "no bucket", source: swap("bucket: shop", "bucket: shoppe"), kind: fault.NotFound, says: "no bucket shoppe"},
		{name: "other region", bad: xml(400, "AuthorizationHeaderMalformed", "expecting 'eu-west-1'"), kind: fault.Invalid, says: "another region"},
		{name: "wrong clock", bad: xml(403, "RequestTimeTooSkewed", "too large"), kind: fault.Invalid, says: "clock"},
		{name: "html", bad: func(w http.ResponseWriter, _ *http.Request) bool {
			_, _ = io.WriteString(w, "<html>Welcome</html>")
			return true
		}, kind: fault.Broken, says: "a page for people"},
		{name: "no host", source: func(s string) string { return swapLine(s, "endpoint: http://nowhere.invalid") }, kind: fault.Unreachable, says: "nowhere.invalid"},
		{name: "no server", source: func(s string) string { return swapLine(s, "endpoint: http://127.0.0.1:1") }, kind: fault.Unreachable, says: "does not answer"},
		{name: "no TLS", source: swap("endpoint: http:", "endpoint: https:"), kind: fault.Unreachable, says: "speaks no TLS"},
		{name: "listing repeats", bad: repeating(), kind: fault.Broken, says: "begins again"},
		{name: "outside of the prefix", bad: listing("other/1.csv"), kind: fault.Denied, says: "not below in/erp/"},
		{name: "name goes up", bad: listing("in/erp/days/../../1.csv"), kind: fault.Denied, says: "goes up"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t)
			s.put("in/erp/1.csv", []byte("a,b\n1,x\n"))
			s.fails(c.bad)
			place := s.place()
			if c.source != nil {
				place.Source = c.source(place.Source)
			}
			p := listertest.NewPier(t, place, archive(filepath.Join(t.TempDir(), "lake")), "")
			p.Held(c.kind, c.says)
			if err := p.Run(); err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(fault.HintOf(err), secret)) {
				t.Error("the error shows the secret")
			}
			p.Same()
			s.fails(nil)
			if c.source == nil {
				p.Landed()
				p.Same("1.csv 1 x")
			}
		})
	}
}

func swap(from, to string) func(string) string {
	return func(s string) string { return strings.Replace(s, from, to, 1) }
}

func swapLine(s, endpoint string) string {
	lines := strings.Split(s, "\n")
	lines[slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "endpoint:") })] = endpoint
	return strings.Join(lines, "\n")
}

func listing(keys ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !r.URL.Query().Has("list-type") {
			return false
		}
		list(w, false, keys...)
		return true
	}
}

func repeating() func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !r.URL.Query().Has("list-type") {
			return false
		}
		list(w, true, "in/erp/1.csv", "in/erp/2.csv")
		return true
	}
}

func list(w http.ResponseWriter, more bool, keys ...string) {
	w.Header().Set("Content-Type", "application/xml")
	fmt.Fprintf(w, `<?xml version="1.0"?><ListBucketResult><Name>shop</Name><IsTruncated>%t</IsTruncated><NextContinuationToken>again</NextContinuationToken>`, more)
	for _, key := range keys {
		fmt.Fprintf(w, `<Contents><Key>%s</Key><Size>8</Size><ETag>"e"</ETag><LastModified>2026-03-01T09:00:00Z</LastModified></Contents>`, key)
	}
	fmt.Fprint(w, "</ListBucketResult>")
}

// A download that is cut goes on where it was cut; one that brings nothing more
// is told, and nothing of it is loaded.
func TestCutDownloads(t *testing.T) {
	s := serve(t)
	s.put("in/erp/1.csv", []byte("a,b\n"+strings.Repeat("1,x\n", 1000)))
	p := s.pier("")
	s.cuts(1500)
	p.Landed()
	if got := len(p.Rows()); got != 1000 {
		t.Errorf("%d rows, want 1000", got)
	}
	if s.reads.Load() != 3 {
		t.Errorf("asked %d times, want 3", s.reads.Load())
	}
	s.put("in/erp/2.csv", []byte("a,b\n2,y\n"))
	s.fails(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "2.csv") {
			return false
		}
		w.Header().Set("Content-Length", "8")
		w.Header().Set("Last-Modified", "Sun, 01 Mar 2026 09:00:00 GMT")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	p.Held(fault.Unreachable, "cut off after 0 of 8 bytes")
	s.fails(nil)
	s.cuts(0)
	p.Landed()
	if got := len(p.Rows()); got != 1001 {
		t.Errorf("%d rows, want 1001", got)
	}
}

// A service that answers with everything instead of the rest is believed.
func TestAServiceWithoutRanges(t *testing.T) {
	s := serve(t)
	content := "a,b\n" + strings.Repeat("1,x\n", 100)
	s.put("in/erp/1.csv", []byte(content))
	first := true
	s.fails(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "1.csv") {
			return false
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		w.Header().Set("Last-Modified", "Sun, 01 Mar 2026 09:00:00 GMT")
		if first {
			first = false
			_, _ = io.WriteString(w, content[:100])
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, content)
		return true
	})
	p := s.pier("")
	p.Landed()
	if got := len(p.Rows()); got != 100 {
		t.Errorf("%d rows, want 100", got)
	}
}

// The same size within the same second is another object all the same.
func TestTagsTellObjectsApart(t *testing.T) {
	s := serve(t)
	p := s.pier("")
	for _, row := range []string{"1,x", "1,y", "1,z"} {
		s.put("in/erp/1.csv", []byte("a,b\n"+row+"\n"))
		p.Landed()
		p.Same("1.csv " + strings.Replace(row, ",", " ", 1))
	}
}

func TestNamesThatAscend(t *testing.T) {
	s := serve(t)
	p := s.pier("    ascending: true\n")
	for day := 1; day <= 9; day++ {
		s.put(fmt.Sprintf("in/erp/%d.csv", day), []byte(fmt.Sprintf("a,b\n%d,x\n", day)))
	}
	p.Landed()
	after := ""
	s.fails(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("list-type") {
			after = r.URL.Query().Get("start-after")
		}
		return false
	})
	s.put("in/erp/0.csv", []byte("a,b\n0,late\n"))
	s.put("in/erp/99.csv", []byte("a,b\n99,x\n"))
	p.Landed()
	if after != "in/erp/9.csv" {
		t.Errorf("listed after %q", after)
	}
	if got := p.Rows(); len(got) != 10 || got[9] != "99.csv 99 x" {
		t.Errorf("%v", got)
	}
}

func TestAListingOfManyPages(t *testing.T) {
	s := serve(t)
	for i := range 2500 {
		s.put(fmt.Sprintf("in/erp/logs/%05d.txt", i), []byte("x"))
	}
	s.put("in/erp/zz.csv", []byte("a,b\n1,x\n"))
	p := s.pier("")
	p.Landed()
	p.Same("zz.csv 1 x")
	if s.lists.Load() < 3 {
		t.Errorf("%d pages", s.lists.Load())
	}
}

func TestManifest(t *testing.T) {
	for _, c := range []struct{ file, complete string }{
		{"list.csv", "name,size\n1.csv,8\n2.csv,8\nother/x.bin,5\n"},
		{"list.jsonl", `{"name": "1.csv", "size": 8}` + "\n" + `{"name": "2.csv", "size": 8}` + "\n"},
	} {
		s := serve(t)
		p := s.pier("    manifest: " + c.file + "\n    ")
		p.Held(fault.Held, "it is not there yet")
		s.put("in/erp/"+c.file, []byte(c.complete))
		s.put("in/erp/1.csv", []byte("a,b\n1,x\n"))
		p.Held(fault.Held, "2.csv is missing")
		s.put("in/erp/2.csv", []byte("a,b\n2"))
		p.Held(fault.Held, "2.csv has 5 bytes instead of 8")
		p.Same()
		s.put("in/erp/2.csv", []byte("a,b\n2,y\n"))
		s.put("in/erp/3.csv", []byte("a,b\n3,z\n")) // not listed
		p.Landed()
		p.Same("1.csv 1 x", "2.csv 2 y")
		loads, err := p.Archive.Manifests(t.Context(), listertest.Dataset)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range loads {
			if m.Completeness != (lake.Completeness{By: lake.ByManifest, Said: "8", Got: "8"}) {
				t.Errorf("%+v", m.Completeness)
			}
		}
		s.put("in/erp/"+c.file, []byte("what?\n"))
		p.Held(fault.Held, "is no name and size")
	}
}

func TestObjectsThatAreGzippedWithoutSayingSo(t *testing.T) {
	s := serve(t)
	content := "a,b\n" + strings.Repeat("1,x\n", 10)
	s.put("in/erp/1.csv", zipped(t, content))
	s.fails(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "1.csv") {
			w.Header().Set("Content-Encoding", "gzip")
		}
		return false
	})
	p := s.pier("")
	p.Landed()
	if got := len(p.Rows()); got != 10 {
		t.Errorf("%d rows", got)
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	t.Setenv("SHOP_ID", knownID)
	t.Setenv("SHOP_SECRET", secret)
	const good = "kind: bucket\nbucket: shop\naccess_key: ${SHOP_ID}\nsecret_key: ${SHOP_SECRET}\n"
	const files = "tables: {lines: {files: '*.csv'}}\n"
	env := func(pairs ...string) func(string) (string, bool) {
		return func(name string) (string, bool) {
			at := slices.Index(pairs, name)
			if at < 0 {
				return "", false
			}
			return pairs[at+1], true
		}
	}
	for _, c := range []struct {
		name, text string
		env        func(string) (string, bool)
		says       string
	}{
		{"good", good + files, noEnv, ""},
		{"from the environment", "kind: bucket\nbucket: shop\n" + files, env("AWS_ACCESS_KEY_ID", "a", "AWS_SECRET_ACCESS_KEY", "b"), ""},
		{"public", "kind: bucket\nbucket: shop\npublic: true\n" + files, noEnv, ""},
		{"no keys", "kind: bucket\nbucket: shop\n" + files, noEnv, "no keys for the bucket shop"},
		{"half a pair", "kind: bucket\nbucket: shop\naccess_key: ${SHOP_ID}\n" + files, env("AWS_SECRET_ACCESS_KEY", "b"), "no keys"},
		{"a literal secret", strings.Replace(good, "${SHOP_SECRET}", "hunter2hunter2", 1) + files, noEnv, "secret_key holds a secret, and this file is committed"},
		{"a secret as default", strings.Replace(good, "${SHOP_SECRET}", "${SHOP_SECRET:-hunter2hunter2}", 1) + files, noEnv, "holds a secret"},
		{"public with keys", good + "public: true\n" + files, noEnv, "exclude each other"},
		{"endpoint with a path", good + "endpoint: https://x.example/shop\n" + files, noEnv, "endpoint: is no address"},
		{"endpoint with a key", good + "endpoint: https://me:hunter2hunter2@x.example\n" + files, noEnv, "endpoint holds a password"},
		{"prefix goes up", good + "prefix: a/../..\n" + files, noEnv, "goes up"},
		{"glob goes up", good + "tables: {lines: {files: '../*.csv'}}\n", noEnv, "leaves the prefix"},
		{"size", good + "tables: {lines: {files: '*.csv', max_size: huge}}\n", noEnv, "max_size is a size"},
	} {
		source, err := listertest.Load(t, kind, c.text)
		if err == nil {
			_, err = bucket.NewReader(c.env).Layout(tableOf(source))
		}
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: got %v, want %q", c.name, err, c.says)
		case err != nil && strings.Contains(fmt.Sprint(err, places(err)), "hunter2"):
			t.Errorf("%s: the error shows the secret", c.name)
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte("name,size\na,1\n"))
	f.Add([]byte(`{"name":"a","size":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, l := range bucket.ParseManifest(t, text) {
			if l == "" {
				t.Error("a name that is none")
			}
		}
	})
}

func tableOf(s project.Source) ingest.Table {
	return ingest.Table{SourceTable: s.Tables[0], Source: s}
}

// places are the lines a fault shows.
func places(err error) string {
	var out string
	var list fault.List
	if errors.As(err, &list) {
		for _, f := range list {
			out += f.Where.Text
		}
	}
	if f := (*fault.Error)(nil); errors.As(err, &f) {
		out += f.Where.Text
	}
	return out
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := io.WriteString(z, text)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
