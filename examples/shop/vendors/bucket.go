package vendors

import (
	"bytes"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/klauspost/compress/gzip"

	"github.com/larder-data/larder/internal/fault"
)

// BucketName is the bucket settlements and the browser's events are put in.
const BucketName = "shop-drops"

// bucket is an S3 server in memory, for reading only.
type bucket struct {
	objects *s3mem.Backend
	handler http.Handler
	clock   *frozen
	there   map[string]bool
}

// frozen is the clock objects are written by: each at six in the morning after
// its day, whenever the process really made it.
type frozen struct{ at atomic.Pointer[time.Time] }

// Now returns the time of the object being written.
func (f *frozen) Now() time.Time {
	if at := f.at.Load(); at != nil {
		return *at
	}
	return time.Unix(0, 0).UTC()
}

// Since returns the time since another.
func (f *frozen) Since(t time.Time) time.Duration { return f.Now().Sub(t) }

func newBucket() (*bucket, error) {
	b := &bucket{clock: &frozen{}, there: map[string]bool{}}
	b.objects = s3mem.New(s3mem.WithTimeSource(b.clock))
	if err := b.objects.CreateBucket(BucketName); err != nil {
		return nil, fault.New(fault.Internal, "the bucket: %w", err)
	}
	b.handler = gofakes3.New(b.objects, gofakes3.WithTimeSource(b.clock), gofakes3.WithTimeSkewLimit(0),
		gofakes3.WithoutVersioning(), gofakes3.WithRequestID(0)).Server()
	return b, nil
}

// fill puts in what there is on a day and takes out what is not.
func (b *bucket) fill(s *stock, v *view) error {
	settlements := map[string][]record{}
	for _, r := range v.rows["payments/settlements"] {
		settlements[r.day] = append(settlements[r.day], r)
	}
	for _, day := range s.days {
		err := b.hold("settlements/"+day+".csv", day, v.today, func() []byte {
			return newPage(s.feeds["payments/settlements"], settlements[day], 0, nil).csv()
		})
		if err != nil {
			return err
		}
	}
	z, buf := gzip.NewWriter(nil), &bytes.Buffer{}
	for _, hour := range s.hours {
		err := b.hold("events/"+hour.key+".jsonl.gz", hour.day, v.today, func() []byte {
			buf.Reset()
			z.Reset(buf)
			_, _ = z.Write([]byte(strings.Join(hour.lines, "\n") + "\n")) // a buffer takes everything
			_ = z.Close()
			return buf.Bytes()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bucket) hold(key, day, today string, content func() []byte) error {
	switch wanted := day <= today; {
	case wanted == b.there[key]:
		return nil
	case !wanted:
		if _, err := b.objects.DeleteObject(BucketName, key); err != nil {
			return fault.New(fault.Internal, "the bucket: %s: %w", key, err)
		}
	default:
		body := content()
		at := morning(day)
		b.clock.at.Store(&at)
		meta := map[string]string{"Last-Modified": at.Format(http.TimeFormat), "Content-Type": objectKind(key)}
		if _, err := b.objects.PutObject(BucketName, key, meta, bytes.NewReader(body), int64(len(body)), nil); err != nil {
			return fault.New(fault.Internal, "the bucket: %s: %w", key, err)
		}
	}
	b.there[key] = day <= today
	return nil
}

func objectKind(key string) string {
	if strings.HasSuffix(key, ".gz") {
		return "application/gzip"
	}
	return "text/csv"
}

// morning is when the vendors have told all of a day: at six, a day later.
func morning(day string) time.Time {
	date, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return time.Time{}
	}
	return date.AddDate(0, 0, 1).Add(6 * time.Hour)
}

// object answers any request to the bucket's server, which speaks S3.
func (b *bucket) object(r *http.Request) answer {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return refuse(Bucket, http.StatusForbidden, "AccessDenied", "the bucket is for reading")
	}
	said := &recorded{header: http.Header{}, status: http.StatusOK}
	b.handler.ServeHTTP(said, r)
	a := answer{status: said.status, kind: said.header.Get("Content-Type"), body: said.body.Bytes(), header: map[string]string{}}
	for name := range said.header {
		if name != "Content-Type" && name != "Date" {
			a.header[name] = said.header.Get(name)
		}
	}
	return a
}

// recorded keeps what a handler says; the bucket's objects are small.
type recorded struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the header to be filled.
func (r *recorded) Header() http.Header { return r.header }

// WriteHeader notes the status.
func (r *recorded) WriteHeader(status int) { r.status = status }

// Write keeps a part of the body.
func (r *recorded) Write(part []byte) (int, error) { return r.body.Write(part) }
