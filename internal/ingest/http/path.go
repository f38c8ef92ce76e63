package http

import (
	"errors"
	"strings"
)

// path is where in an answer something stands: keys from the outside in. A list
// on the way stands for all of its elements, or for the one whose number is
// the next key.
type path []string

// place is where an answer has something: below a path of its body, in a
// header, or in the last record.
type place struct {
	path   path
	header string
	last   path
}

func (p place) given() bool { return p.path != nil || p.header != "" || p.last != nil }

// parsePath reads data.items, with keys that hold points in double quotes.
// The empty path, or $, is the whole answer.
func parsePath(written string) (path, error) {
	rest := strings.TrimSpace(written)
	if rest == "" || rest == "$" {
		return path{}, nil
	}
	rest = strings.TrimPrefix(rest, "$.")
	var out path
	for {
		key, more := "", false
		if strings.HasPrefix(rest, `"`) {
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				return path{}, errors.New("a path has a double quote that is never closed")
			}
			key, rest = rest[1:1+end], rest[end+2:]
			if more = strings.HasPrefix(rest, "."); !more && rest != "" {
				return path{}, errors.New("a path has something after a closing quote that is no point")
			}
			rest = strings.TrimPrefix(rest, ".")
		} else {
			key, rest, more = strings.Cut(rest, ".")
		}
		if key == "" {
			return path{}, errors.New("a path has a key without a name")
		}
		if out = append(out, key); !more {
			return out, nil
		}
	}
}

// String writes the path so that parsePath reads it back.
func (p path) String() string {
	keys := make([]string, len(p))
	for i, key := range p {
		if keys[i] = key; strings.ContainsAny(key, `. $`) {
			keys[i] = `"` + key + `"`
		}
	}
	return strings.Join(keys, ".")
}

// of returns what stands below the path in a decoded record, nil when there is
// nothing.
func (p path) of(value any) any {
	for _, key := range p {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[key]
	}
	return value
}
