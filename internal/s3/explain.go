package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/larder-data/larder/internal/fault"
)

// Explain turns what the service or the network says into a fault. Neither
// repeats a key. A fault stays what it is.
func (b Bucket) Explain(err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	var answer minio.ErrorResponse
	if errors.As(err, &answer) {
		return b.answered(answer)
	}
	return b.unanswered(err)
}

// answered tells what the service says.
func (b Bucket) answered(e minio.ErrorResponse) error {
	says := func(kind fault.Kind, format string, args ...any) *fault.Error {
		return fault.At(b.Where, kind, format, args...)
	}
	words := strings.TrimSpace(e.Message)
	switch e.Code {
	case "NoSuchBucket":
		return says(fault.NotFound, "there is no bucket %s", b.Name).WithHint("check the bucket's name, endpoint: and region:")
	case "InvalidAccessKeyId":
		return says(fault.Denied, "the service does not know the access key").WithHint("check the variable access_key: names, and that the key is of this service")
	case "SignatureDoesNotMatch":
		return says(fault.Denied, "the secret key does not fit the access key").WithHint("check the variable secret_key: names")
	case "ExpiredToken", "InvalidToken":
		return says(fault.Denied, "the keys are no longer good: %s", words).WithHint("get new ones, and set their variables")
	case "AccessDenied", "AllAccessDisabled", "Forbidden":
		return says(fault.Denied, "these keys may not do that in the bucket %s: %s", b.Name, words).WithHint("they need %s", b.Needs)
	case "AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException", "TemporaryRedirect":
		return says(fault.Invalid, "the bucket %s is in another region: %s", b.Name, words).WithHint("say it with region: %s", e.Region)
	case "RequestTimeTooSkewed":
		return says(fault.Invalid, "the clock of this machine is wrong: %s", words).WithHint("set the clock and run again")
	case "InvalidBucketName":
		return says(fault.Invalid, "%s is no name of a bucket", b.Name).WithHint("check its spelling")
	case "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "EntityTooLarge", "InsufficientStorage":
		return says(fault.OutOfRoom, "the bucket %s has no room: %s", b.Name, words).WithHint("make room in it, or raise what it may hold")
	}
	if e.StatusCode == http.StatusInsufficientStorage {
		return says(fault.OutOfRoom, "the bucket %s has no room: %s", b.Name, words).WithHint("make room in it, or raise what it may hold")
	}
	if e.StatusCode >= 500 || e.StatusCode == http.StatusTooManyRequests {
		return says(fault.Unreachable, "the service has no time: %s", words).WithHint("nothing was lost; the next run goes on")
	}
	switch e.StatusCode {
	case http.StatusForbidden, http.StatusUnauthorized:
		return says(fault.Denied, "these keys may not do that in the bucket %s: %s", b.Name, words).WithHint("check access_key: and secret_key:; they need %s", b.Needs)
	}
	return says(fault.Broken, "the service says %s, %d: %s", e.Code, e.StatusCode, words).
		WithHint("check that endpoint: is one of S3-compatible storage")
}

// unanswered tells why there is no answer.
func (b Bucket) unanswered(err error) error {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	says := func(format string, args ...any) *fault.Error {
		return fault.At(b.Where, fault.Unreachable, format, args...)
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Interrupted, "stopped while asking %s", b.host)
	case errors.As(err, &dns):
		return says("there is no host %s", dns.Name).WithHint("check endpoint: and region:; a service that knows no buckets as hosts needs path_style: true")
	case errors.As(err, &certificate):
		return says("%s is not who it says: %w", b.host, certificate.Err).WithHint("check endpoint:, and that this machine trusts the service's certificate")
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return says("%s speaks no TLS", b.host).WithHint("say endpoint: http://%s if that is meant", b.host)
	}
	return says("%s does not answer: %w", b.host, innermost(err)).
		WithHint("check endpoint:, and that it may be reached from here; nothing was lost, the next run goes on")
}

// innermost is the last cause; the ones around it repeat the whole request.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// listings refuses an answer to a listing that is no listing: read as XML, a
// page for people is a bucket without objects.
type listings struct{ http.RoundTripper }

// RoundTrip makes the request.
func (l listings) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := l.RoundTripper.RoundTrip(request)
	if err != nil || answer.StatusCode != http.StatusOK || !request.URL.Query().Has("list-type") {
		return answer, err
	}
	if kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); strings.HasSuffix(kind, "/html") {
		_ = answer.Body.Close() // it is not read
		return nil, fault.New(fault.Broken, "%s answers with a page for people, not with a list of objects", request.URL.Host).
			WithHint("check endpoint:, and that no sign-in page stands before it")
	}
	return answer, nil
}
