package lake

import (
	"fmt"
	"strings"

	"github.com/zeebo/xxh3"
)

// longestName is short of what file systems allow (255 bytes).
const longestName = 120

// FileName turns any text, such as the name of a dataset, into a file name of its own, on file systems that
// ignore case too: small letters, digits, "_", "-" and inner dots stay, every
// other byte becomes %xx, and a long name ends in its hash.
func FileName(text string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_', c == '-', c == '.' && i > 0 && i < len(text)-1:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	name := b.String()
	if name == "" {
		return "%"
	}
	if len(name) > longestName {
		return fmt.Sprintf("%s%%%016x", name[:longestName-17], xxh3.HashString(text))
	}
	return name
}
