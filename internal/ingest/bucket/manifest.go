package bucket

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/lake"
)

// mostListed is how large a manifest may be.
const mostListed = 64 << 20

// announced keeps the objects the source's own list names, each with what it
// says of it, and holds all of them until each is there as listed.
func (r *Reader) announced(ctx context.Context, client *minio.Core, s settings, after string, found map[string]ingest.Arrival) (map[string]ingest.Arrival, error) {
	listed, err := r.listed(ctx, client, s)
	if err != nil {
		return nil, fault.Wrap("manifest "+s.Manifest.Value, err)
	}
	out := map[string]ingest.Arrival{}
	var wrong []string
	for _, l := range listed {
		if after != "" && l.Name <= after || !slices.ContainsFunc(s.Files.Value, func(glob string) bool { return ingest.Matches(glob, l.Name) }) {
			continue // loaded, or another table's
		}
		a, there := found[l.Name]
		switch {
		case !there:
			wrong = append(wrong, l.Name+" is missing")
		case a.Size != l.Size:
			wrong = append(wrong, fmt.Sprintf("%s has %d bytes instead of %d", l.Name, a.Size, l.Size))
		default:
			a.Completeness = lake.Completeness{By: lake.ByManifest, Said: strconv.FormatInt(l.Size, 10)}
			out[l.Name] = a
		}
	}
	if len(wrong) > 0 {
		more := ""
		if len(wrong) > 3 {
			more = fmt.Sprintf(" and %d more", len(wrong)-3)
			wrong = wrong[:3]
		}
		return nil, fault.New(fault.Held, "not everything is there that %s lists: %s%s", s.Manifest.Value, strings.Join(wrong, ", "), more).
			WithHint("nothing is loaded until all of it is; the next run looks again")
	}
	return out, nil
}

// listed is one line of a manifest.
type listed struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

// listed reads the manifest, as it is now.
func (r *Reader) listed(ctx context.Context, client *minio.Core, s settings) ([]listed, error) {
	name := s.Manifest.Value
	if outside(name) {
		return nil, s.Manifest.Fault("manifest: %s leaves the prefix", name).WithHint("write its name below prefix:")
	}
	info, err := client.StatObject(ctx, s.bucket.Name, s.prefix+name, minio.StatObjectOptions{})
	if err != nil {
		if answer := (minio.ErrorResponse{}); errors.As(err, &answer) && answer.Code == "NoSuchKey" {
			return nil, fault.New(fault.Held, "it is not there yet").WithHint("nothing is loaded until it is; the next run looks again")
		}
		return nil, s.explain(err)
	}
	if info.Size > mostListed {
		return nil, fault.New(fault.Held, "it has %d bytes, more than a list has", info.Size).WithHint("check manifest:")
	}
	d := download{settings: s, client: client, patient: r.patient, object: ingest.Arrival{Name: name, Path: s.prefix + name, Size: info.Size, Tag: info.ETag}}
	path, err := d.file(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(path) }() // a leftover lies in the temporary folder
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Unreachable, "%w", err)
	}
	return parseManifest(text)
}

// parseManifest reads names and sizes: JSON lines, or CSV with a header.
func parseManifest(text []byte) ([]listed, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return parseLines(text)
	}
	return parseTable(text)
}

func parseLines(text []byte) (out []listed, err error) {
	lines := json.NewDecoder(bytes.NewReader(text))
	for {
		var l struct {
			Name *string `json:"name"`
			Size *int64  `json:"size"`
		}
		if err := lines.Decode(&l); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil || l.Name == nil || l.Size == nil || *l.Name == "" {
			return nil, notListed(len(out) + 1)
		}
		out = append(out, listed{*l.Name, *l.Size})
	}
}

func parseTable(text []byte) (out []listed, err error) {
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(records) == 0 {
		return nil, notListed(1)
	}
	name, size := slices.Index(records[0], "name"), slices.Index(records[0], "size")
	if name < 0 || size < 0 {
		return nil, notListed(1)
	}
	for i, record := range records[1:] {
		bytes, err := strconv.ParseInt(record[size], 10, 64)
		if err != nil || record[name] == "" {
			return nil, notListed(i + 2)
		}
		out = append(out, listed{record[name], bytes})
	}
	return out, nil
}

func notListed(line int) error {
	return fault.New(fault.Held, "its line %d is no name and size", line).
		WithHint(`it is CSV with the columns name and size, or lines such as {"name": "a.csv", "size": 120}`)
}
