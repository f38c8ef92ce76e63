package s3test_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/larder-data/larder/internal/s3test"
)

// An object is written once where its writer says so, on either server.
func TestServers(t *testing.T) {
	for name, start := range s3test.Both {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			c := s.Client(t)
			var once minio.PutObjectOptions
			once.SetMatchETagExcept("*")
			put := func(text string) error {
				_, err := c.Client.PutObject(t.Context(), s3test.Bucket, "a/b.txt", strings.NewReader(text), int64(len(text)), once)
				return err
			}
			if err := put("first"); err != nil {
				t.Fatal(err)
			}
			var answer minio.ErrorResponse
			if err := put("second"); !errors.As(err, &answer) || answer.StatusCode != http.StatusPreconditionFailed {
				t.Errorf("the second one: %v", err)
			}
			if got := s.Keys(t, "a/"); !slices.Equal(got, []string{"a/b.txt"}) {
				t.Errorf("objects: %v", got)
			}
			if s.Asked("PUT") != 2 || s.Asked("LIST") != 1 {
				t.Errorf("asked %d times to write, %d times to list", s.Asked("PUT"), s.Asked("LIST"))
			}
			s.Answer(func(w http.ResponseWriter, _ *http.Request) bool {
				s3test.Refuse(w, http.StatusForbidden, "AccessDenied", "no")
				return true
			})
			if err := put("third"); !errors.As(err, &answer) || answer.Code != "AccessDenied" {
				t.Errorf("refused: %v", err)
			}
		})
	}
}
