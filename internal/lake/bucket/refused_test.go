package bucket_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake/bucket"
	"github.com/larder-data/larder/internal/s3test"
)

// What is wrong with the service, the keys or the bucket is told by its kind,
// with what to do, and without the keys: to who writes and to who reads.
func TestALakeThatCannotBeReached(t *testing.T) {
	const wrong = "not-the-secret-key-at-all"
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	fake, strict := s3test.Fake(t), s3test.Real(t)
	full := s3test.Fake(t)
	full.Answer(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut {
			s3test.Refuse(w, http.StatusForbidden, "QuotaExceeded", "no more")
		}
		return r.Method == http.MethodPut
	})
	for name, c := range map[string]struct {
		server, bucket, access, secret string
		writing, reading               fault.Kind // Internal, of reading: it goes well
	}{
		"unknown access key": {fake.URL, s3test.Bucket, "AKIAWRONG", s3test.Secret, fault.Denied, fault.Denied},
		"wrong secret key":   {strict.URL, s3test.Bucket, s3test.Access, wrong, fault.Denied, fault.Denied},
		"no such bucket":     {strict.URL, "no-such-bucket", s3test.Access, s3test.Secret, fault.NotFound, fault.NotFound},
		"nobody there":       {nobody, s3test.Bucket, s3test.Access, s3test.Secret, fault.Unreachable, fault.Unreachable},
		"no room":            {full.URL, s3test.Bucket, s3test.Access, s3test.Secret, fault.OutOfRoom, fault.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := func(name string) (string, bool) {
				value, ok := map[string]string{
					"AWS_ACCESS_KEY_ID": c.access, "AWS_SECRET_ACCESS_KEY": c.secret, "AWS_ENDPOINT_URL": c.server, "AWS_REGION": s3test.Region,
				}[name]
				return value, ok
			}
			home, err := bucket.Settings{}.Home(placed("s3://"+c.bucket+"/lake"), t.TempDir(), env)
			if err != nil {
				t.Fatal(err)
			}
			b, err := bucket.Open(home, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			_, writing := b.Begin(t.Context(), "lake.a", "0000000001-a")
			told(t, "writing", writing, c.writing, c.secret)
			_, reading := b.Manifests(t.Context(), "lake.a")
			if c.reading == fault.Internal {
				if reading != nil {
					t.Errorf("reading: %v", reading)
				}
				return
			}
			told(t, "reading", reading, c.reading, c.secret)
		})
	}
}

func told(t *testing.T, doing string, err error, kind fault.Kind, secret string) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind || fault.HintOf(err) == "" {
		t.Errorf("%s: %v (%v), hint %q, want %v", doing, err, fault.KindOf(err), fault.HintOf(err), kind)
		return
	}
	if text := err.Error() + fault.HintOf(err); strings.Contains(text, secret) {
		t.Errorf("%s: the secret is told: %s", doing, text)
	}
}
