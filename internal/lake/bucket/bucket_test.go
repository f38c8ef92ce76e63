package bucket_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
	"github.com/larder-data/larder/internal/lake/bucket"
	"github.com/larder-data/larder/internal/lake/laketest"
	"github.com/larder-data/larder/internal/project"
	"github.com/larder-data/larder/internal/s3"
	"github.com/larder-data/larder/internal/s3test"
)

func placed[T any](value T) project.Placed[T] {
	return project.Placed[T]{Value: value, Where: fault.Place{File: "larder.yml", Line: 1, Column: 1}}
}

func keys(name string) (string, bool) {
	value, ok := map[string]string{"AWS_ACCESS_KEY_ID": s3test.Access, "AWS_SECRET_ACCESS_KEY": s3test.Secret}[name]
	return value, ok
}

// settings are those of a lake on the server, cached in a folder.
func settings(s *s3test.Server, cache string) bucket.Settings {
	return bucket.Settings{
		Connection: s3.Connection{Endpoint: placed(s.URL), PathStyle: placed(true)}, Cache: placed(cache),
	}
}

// open opens a lake below a prefix of the server's bucket.
func open(t testing.TB, s *s3test.Server, prefix, cache string) *bucket.Bucket {
	t.Helper()
	return opened(t, settings(s, cache), prefix, time.Now)
}

func opened(t testing.TB, s bucket.Settings, prefix string, now func() time.Time) *bucket.Bucket {
	t.Helper()
	home, err := s.Home(placed("s3://"+s3test.Bucket+"/"+prefix), t.TempDir(), keys)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bucket.Open(home, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// The suite runs with a cache shared by all who open the lake, and with one for
// each, as on machines of their own.
func TestConformance(t *testing.T) {
	for name, start := range s3test.Both {
		s := start(t)
		t.Run(name, func(t *testing.T) {
			t.Run("one machine", func(t *testing.T) {
				laketest.Run(t, func(t *testing.T, place string) lake.Archive {
					return open(t, s, "one"+place, filepath.Join(place, "cache"))
				})
			})
			t.Run("several machines", func(t *testing.T) {
				laketest.Run(t, func(t *testing.T, place string) lake.Archive {
					cache, err := os.MkdirTemp(place, "cache-")
					if err != nil {
						t.Fatal(err)
					}
					return open(t, s, "several"+place, cache)
				})
			})
		})
	}
}
