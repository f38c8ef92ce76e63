package bucket

import (
	"errors"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/larder-data/larder/internal/fault"
)

// explain turns what the service or the network says into a fault, and what it
// says of an object into what that means to a source.
func (s settings) explain(err error) error {
	var answer minio.ErrorResponse
	if errors.As(err, &answer) {
		switch {
		case answer.Code == "InvalidObjectState":
			return fault.At(s.bucket.Where, fault.Held, "it lies in an archive and cannot be read: %s", strings.TrimSpace(answer.Message)).
				WithHint("restore it, or write files: so that it does not match")
		case answer.Code == "PreconditionFailed", answer.StatusCode == http.StatusPreconditionFailed:
			return changed()
		case answer.Code == "NoSuchKey":
			return fault.New(fault.Busy, "it is gone again").WithHint("the next run looks again")
		}
	}
	return s.bucket.Explain(err)
}
