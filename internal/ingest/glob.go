package ingest

import (
	"path"
	"strings"
)

// Matches reports whether a path, its parts parted by slashes, is one a glob
// names; ** stands for any number of folders.
func Matches(glob, name string) bool {
	return globs(strings.Split(glob, "/"), strings.Split(name, "/"))
}

// Fixed returns what every path a glob names begins with.
func Fixed(glob string) string {
	if at := strings.IndexAny(glob, `*?[\`); at >= 0 {
		return glob[:at]
	}
	return glob
}

func globs(glob, name []string) bool {
	if len(glob) == 0 {
		return len(name) == 0
	}
	if glob[0] == "**" {
		for i := range len(name) + 1 {
			if globs(glob[1:], name[i:]) {
				return true
			}
		}
		return false
	}
	if len(name) == 0 {
		return false
	}
	ok, err := path.Match(glob[0], name[0])
	return err == nil && ok && globs(glob[1:], name[1:])
}
