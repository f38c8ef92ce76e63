package compile

import (
	"errors"
	"fmt"
	"strings"

	"github.com/larder-data/larder/internal/fault"
)

// pictureOfErrors is a list of errors as a person sees it.
func pictureOfErrors(err error) string {
	var list fault.List
	if !errors.As(err, &list) {
		return fmt.Sprint(err)
	}
	var b strings.Builder
	for _, e := range list {
		fmt.Fprintf(&b, "%s\n", e)
		if e.Where.Text != "" {
			fmt.Fprintf(&b, "    %s\n    %s^\n", e.Where.Text, strings.Repeat(" ", max(e.Where.Column-1, 0)))
		}
		if e.Hint != "" {
			fmt.Fprintf(&b, "    hint: %s\n", e.Hint)
		}
	}
	return b.String()
}
