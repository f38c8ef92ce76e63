package bucket

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/larder-data/larder/internal/fault"
)

// Sweep removes what killed processes left behind and returns how many drafts
// and uploads there were: of processes of this machine at once, with what they
// had begun to upload; of others once a day, what is older than a day and no
// manifest names.
func (b *Bucket) Sweep(ctx context.Context) (int, error) {
	drafts, err := b.bench.Sweep(ctx, func(at string) error { return b.forget(ctx, at) })
	if err != nil {
		return drafts, fault.Wrap("lake "+b.address(), err)
	}
	if !b.due() {
		return drafts, nil
	}
	uploads, err := b.sweepBucket(ctx)
	if err == nil {
		b.swept()
	}
	return drafts + uploads, fault.Wrap("lake "+b.address(), err)
}

// forget removes what the dead writer of a draft had uploaded, unless its
// manifest was written after all.
func (b *Bucket) forget(ctx context.Context, at string) error {
	text, err := os.ReadFile(filepath.Join(at, noteFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was uploaded
	}
	if err != nil {
		return err
	}
	var mine record
	if err := json.Unmarshal(text, &mine); err != nil {
		return nil //nolint:nilerr // it died while it wrote the note, before anything else
	}
	there, _, err := b.read(ctx, b.folder(mine.Dataset), manifestName(mine.ID))
	if err == nil && there.Writer == mine.Writer {
		return nil
	}
	if err != nil && !absent(err) {
		return b.home.bucket.Explain(err)
	}
	for _, o := range mine.Objects.list() {
		if err := b.remove(ctx, b.folder(mine.Dataset)+o.Key); err != nil {
			return err
		}
	}
	return nil
}

// remove removes an object, and the parts of one that was begun.
func (b *Bucket) remove(ctx context.Context, key string) error {
	if err := b.client.Client.RemoveIncompleteUpload(ctx, b.home.bucket.Name, key); err != nil && !absent(err) {
		return b.home.bucket.Explain(err)
	}
	if err := b.client.Client.RemoveObject(ctx, b.home.bucket.Name, key, minio.RemoveObjectOptions{}); err != nil && !absent(err) {
		return b.home.bucket.Explain(err)
	}
	return nil
}

// sweptFile says by its time when the bucket was swept from this machine.
const sweptFile = "swept"

func (b *Bucket) due() bool {
	info, err := os.Stat(filepath.Join(b.home.cache, sweptFile))
	return err != nil || b.now().Sub(info.ModTime()) >= forgotten
}

// swept notes that the bucket was swept. When it cannot, it is swept again.
func (b *Bucket) swept() {
	path := filepath.Join(b.home.cache, sweptFile)
	if os.MkdirAll(b.home.cache, 0o777) == nil && os.WriteFile(path, nil, 0o666) == nil {
		_ = os.Chtimes(path, b.now(), b.now())
	}
}

// sweepBucket removes old uploads that no manifest names.
func (b *Bucket) sweepBucket(ctx context.Context) (int, error) {
	parts, err := b.sweepParts(ctx)
	if err != nil {
		return parts, err
	}
	folders, err := b.folders(ctx)
	if err != nil {
		return parts, err
	}
	gone := parts
	for _, folder := range folders {
		n, err := b.sweepFolder(ctx, folder)
		gone += n
		if err != nil {
			return gone, err
		}
	}
	return gone, nil
}

// sweepParts ends uploads in parts that were begun long ago.
func (b *Bucket) sweepParts(ctx context.Context) (int, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	gone := 0
	for upload := range b.client.Client.ListIncompleteUploads(ctx, b.home.bucket.Name, b.home.prefix, true) {
		if absent(upload.Err) {
			return gone, nil // some services say so where there is none
		}
		if upload.Err != nil {
			return gone, b.home.bucket.Explain(upload.Err)
		}
		if b.now().Sub(upload.Initiated) < forgotten {
			continue
		}
		err := b.client.AbortMultipartUpload(ctx, b.home.bucket.Name, upload.Key, upload.UploadID)
		if err != nil && !absent(err) {
			return gone, b.home.bucket.Explain(err)
		}
		gone++
	}
	return gone, nil
}

// sweepFolder removes objects of a dataset's loads that are old and that no
// manifest names: whoever wrote them did not come to write it, or came second.
func (b *Bucket) sweepFolder(ctx context.Context, folder string) (int, error) {
	records, err := b.records(ctx, folder)
	if err != nil {
		return 0, err
	}
	named := map[string]bool{}
	for _, r := range records {
		for _, o := range r.Objects.list() {
			named[folder+o.Key] = true
		}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	gone := 0
	options := minio.ListObjectsOptions{Prefix: folder + loadsFolder, Recursive: true}
	for o := range b.client.Client.ListObjects(ctx, b.home.bucket.Name, options) {
		if o.Err != nil {
			return gone, b.home.bucket.Explain(o.Err)
		}
		if named[o.Key] || b.now().Sub(o.LastModified) < forgotten {
			continue
		}
		if err := b.remove(ctx, o.Key); err != nil {
			return gone, err
		}
		gone++
	}
	return gone, nil
}

// folders are those of the datasets, with the prefix.
func (b *Bucket) folders(ctx context.Context) ([]string, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var out []string
	for o := range b.client.Client.ListObjects(ctx, b.home.bucket.Name, minio.ListObjectsOptions{Prefix: b.home.prefix}) {
		if o.Err != nil {
			return nil, b.home.bucket.Explain(o.Err)
		}
		if strings.HasSuffix(o.Key, "/") {
			out = append(out, o.Key)
		}
	}
	return out, nil
}
