package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"charm.land/lipgloss/v2"
	"golang.org/x/term"

	"github.com/larder-data/larder/internal/fault"
)

// terminal is where a command reads and writes. Colours and progress bars
// appear only when the stream is a terminal and NO_COLOR is not set.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	tty      bool // err is a terminal: progress may move
	color    bool
	json     bool // answers are JSON
	quiet    bool
}

func newTerminal(in io.Reader, out, errOut io.Writer) *terminal {
	_, noColor := os.LookupEnv("NO_COLOR")
	return &terminal{
		in: in, out: out, err: errOut, tty: isTerminal(errOut),
		color: isTerminal(out) && !noColor && os.Getenv("TERM") != "dumb",
	}
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// printf writes to the answer. A broken pipe ends the program by itself.
func (t *terminal) printf(format string, args ...any) {
	fmt.Fprintf(t.out, format, args...)
}

// say writes a remark beside the answer, unless --quiet.
func (t *terminal) say(format string, args ...any) {
	if !t.quiet {
		fmt.Fprintf(t.err, format, args...)
	}
}

// answer writes a value as indented JSON.
func (t *terminal) answer(value any) error {
	encoder := json.NewEncoder(t.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// The palette; the sixteen colours of the terminal's own theme, so that it
// reads on light and dark.
var (
	good   = lipgloss.NewStyle().Foreground(lipgloss.Green)
	bad    = lipgloss.NewStyle().Foreground(lipgloss.Red).Bold(true)
	warn   = lipgloss.NewStyle().Foreground(lipgloss.Yellow)
	faint  = lipgloss.NewStyle().Faint(true)
	strong = lipgloss.NewStyle().Bold(true)
)

func (t *terminal) paint(style lipgloss.Style, text string) string {
	if !t.color {
		return text
	}
	return style.Render(text)
}

// fault shows an error the way it can be acted on: what, where with the line,
// and how to mend it. Several problems are shown one after the other.
func (t *terminal) fault(err error) {
	var told *toldError
	if errors.As(err, &told) {
		return
	}
	if t.json {
		t.faultJSON(err)
		return
	}
	var list fault.List
	if errors.As(err, &list) {
		for _, e := range list {
			t.faultOne(e)
		}
		if len(list) > 1 {
			fmt.Fprintf(t.err, "\n%d problems\n", len(list))
		}
		return
	}
	t.faultOne(err)
}

func (t *terminal) faultOne(err error) {
	fmt.Fprintf(t.err, "%s %s\n", t.paint(bad, "error:"), err)
	var e *fault.Error
	if !errors.As(err, &e) {
		return
	}
	where, hint := innermost(e)
	if where.Text != "" && where.Line > 0 {
		number := fmt.Sprint(where.Line)
		fmt.Fprintf(t.err, "  %s | %s\n", number, shorten(strings.ReplaceAll(where.Text, "\t", " "), 160))
		if where.Column > 0 && where.Column <= 160 {
			fmt.Fprintf(t.err, "  %s | %s%s\n", strings.Repeat(" ", len(number)), strings.Repeat(" ", where.Column-1), t.paint(bad, "^"))
		}
	}
	if hint != "" {
		fmt.Fprintf(t.err, "  %s %s\n", t.paint(good, "hint:"), hint)
	}
}

// innermost returns the place and the hint of the error, or of the nearest
// cause that has one.
func innermost(e *fault.Error) (where fault.Place, hint string) {
	for e != nil {
		if where.IsZero() {
			where = e.Where
		}
		if hint == "" {
			hint = e.Hint
		}
		var next *fault.Error
		if !errors.As(e.Err, &next) {
			break
		}
		e = next
	}
	return where, hint
}

// shorten cuts a line for showing, and says so.
func shorten(line string, most int) string {
	if runes := []rune(line); len(runes) > most {
		return string(runes[:most]) + " ..."
	}
	return line
}

// problem is an error as --json tells it.
type problem struct {
	Kind    string      `json:"kind"`
	Message string      `json:"message"`
	Where   fault.Place `json:"where"`
	Hint    string      `json:"hint,omitempty"`
}

func problems(err error) []problem {
	var list fault.List
	if !errors.As(err, &list) {
		var e *fault.Error
		if !errors.As(err, &e) {
			return []problem{{Kind: fault.Internal.String(), Message: err.Error()}}
		}
		list = fault.List{e}
	}
	out := make([]problem, len(list))
	for i, e := range list {
		where, hint := innermost(e)
		out[i] = problem{Kind: fault.KindOf(e).String(), Message: e.Error(), Where: where, Hint: hint}
	}
	return out
}

func (t *terminal) faultJSON(err error) {
	// Nothing can be done about a closed standard output.
	_ = t.answer(map[string]any{"errors": problems(err)})
}
