package bucket

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/lake"
)

// record is a load's manifest as it stands in the bucket.
type record struct {
	lake.Manifest
	Writer  string  `json:"writer"` // the attempt that wrote it
	Objects objects `json:"objects"`
}

// objects are what a load's writer has put beside its manifest.
type objects struct {
	Rows       *object `json:"rows,omitempty"`
	Quarantine *object `json:"quarantine,omitempty"`
}

// object is one file of a load.
type object struct {
	Key  string `json:"key"` // below the dataset's folder
	Size int64  `json:"size"`
	Hash string `json:"hash"` // of its bytes, "xxh3-128:<hex>"
}

// list is the objects there are.
func (o objects) list() []*object {
	var out []*object
	for _, one := range []*object{o.Rows, o.Quarantine} {
		if one != nil {
			out = append(out, one)
		}
	}
	return out
}

// The folders of a dataset's folder.
const (
	manifestsFolder = "manifests/"
	loadsFolder     = "loads/"
	manifestEnding  = ".json"
)

// manifestName is where the manifest of a load stands below the dataset's folder.
func manifestName(load string) string { return manifestsFolder + lake.FileName(load) + manifestEnding }

// newWriter names one attempt to write a load: two of them never write the same
// objects.
func newWriter() string {
	var name [8]byte
	_, _ = rand.Read(name[:]) // it never fails
	return hex.EncodeToString(name[:])
}

// parseRecord reads a manifest; name is that of its object.
func parseRecord(text []byte, key, name string) (record, error) {
	var r record
	if err := json.Unmarshal(text, &r); err != nil || r.Format != 1 || manifestName(r.ID) != name {
		return record{}, (&fault.Error{
			Kind: fault.Broken, Where: fault.Place{File: key}, Err: errors.New("this manifest of a load cannot be read"),
		}).WithHint("move this object away; the next run loads its file again")
	}
	return r, nil
}
