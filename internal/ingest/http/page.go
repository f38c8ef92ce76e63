package http

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	nethttp "net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
)

// odd is an answer that contradicts another: asking again from the start may
// help.
type odd struct{ error }

func oddly(format string, args ...any) error { return odd{fmt.Errorf(format, args...)} }

// errEnough ends a fetch that was only to show something.
var errEnough = errors.New("enough")

// point is what one fetch is about: parameters beside the table's own, and what
// stands for {names}.
type point struct {
	params  map[string]string
	numbers bool // the values of params are numbers
	vars    map[string]string
}

// said is what a page tells beside its records.
type said struct {
	next, more, total, errors string
	hasMore                   bool
	last                      record
	hash                      sum
	keys                      []xxh3.Uint128 // of its records
}

// walk is a walk through the pages of one fetch.
type walk struct {
	*client
	point point
	take  func(record) (xxh3.Uint128, error)
	head  func([]string) error
	bytes *int64 // that came so far

	count   int64
	total   string
	seen    map[sum]int
	cursors map[string]bool
	keys    map[xxh3.Uint128]int // the page of each record, by its key
	short   int                  // the number of a page that was not full
	empty   int                  // pages in a row without a record
}

// mostKeys is how many records of one fetch are told apart, to see whether they
// move; it bounds the memory.
const mostKeys = 2_000_000

// keyOf is the hash of a record's key, where records may move while they are
// read.
func (w *walk) keyOf(r record) (xxh3.Uint128, bool) {
	if !w.keyed || !w.numbered() {
		return xxh3.Uint128{}, false
	}
	var key strings.Builder
	for _, name := range w.settings.keys {
		value := words(r.value[name])
		if value == "" {
			return xxh3.Uint128{}, false
		}
		fmt.Fprintf(&key, "%d:%s", len(value), value)
	}
	return xxh3.HashString128(key.String()), true
}

// mostEmpty is how many pages in a row may be empty though more is promised.
const mostEmpty = 100

// pages reads all pages of a point.
func (w *walk) pages(ctx context.Context) error {
	w.seen, w.cursors, w.keys = map[sum]int{}, map[string]bool{}, map[xxh3.Uint128]int{}
	cursor := w.firstCursor()
	var at *url.URL
	for number := 1; ; number++ {
		page, answered, err := w.page(ctx, cursor, at)
		if err != nil {
			return err
		}
		if err := w.fits(page, number); err != nil {
			return err
		}
		more, err := false, error(nil)
		if cursor, at, more, err = w.onward(page, cursor, answered); err != nil {
			return err
		}
		if !more {
			return w.complete()
		}
	}
}

// firstCursor is what the first page is asked for with.
func (w *walk) firstCursor() string {
	if w.Page == nil {
		return ""
	}
	if w.Page.First.Given() {
		return w.Page.First.Value
	}
	return map[string]string{"page": "1", "offset": "0"}[w.Page.Kind.Value]
}

// fits holds a page against those before.
func (w *walk) fits(p said, number int) error {
	if p.errors != "" {
		return w.tell(w.subject(), fault.New(fault.Held, "it answers with errors: %s", first(p.errors)).WithHint("check body: against the service's documentation"))
	}
	if p.hash.count > 0 {
		if earlier, there := w.seen[p.hash]; there {
			return oddly("page %d repeats page %d", number, earlier)
		}
		w.seen[p.hash] = number
	}
	if w.numbered() {
		for _, key := range p.keys {
			if earlier, there := w.keys[key]; there && earlier != number {
				return oddly("page %d has a record of page %d again: the records moved while they were read", number, earlier)
			}
			if len(w.keys) < mostKeys {
				w.keys[key] = number
			}
		}
		if w.total != "" && p.total != "" && p.total != w.total {
			return oddly("there were %s records, and %s when page %d was read", w.total, p.total, number)
		}
	}
	if w.Page != nil && w.Page.Kind.Value == "page" && w.Page.Size.Value > 0 {
		if w.short > 0 && p.hash.count > 0 {
			return oddly("page %d is not full, and page %d has records", w.short, number)
		}
		if p.hash.count < int64(w.Page.Size.Value) && w.short == 0 {
			w.short = number
		}
	}
	if p.total != "" {
		w.total = p.total
	}
	w.count += p.hash.count
	if w.empty++; p.hash.count > 0 {
		w.empty = 0
	}
	if w.empty > mostEmpty {
		return oddly("%d pages in a row hold no record, and more is promised", w.empty)
	}
	return nil
}

// numbered reports whether pages are asked for by where they stand, so that
// records that move are missed or come twice.
func (w *walk) numbered() bool {
	return w.Page != nil && (w.Page.Kind.Value == "page" || w.Page.Kind.Value == "offset")
}

// onward decides what follows a page.
func (w *walk) onward(p said, cursor string, answered *answerOf) (next string, at *url.URL, more bool, err error) {
	if w.Page == nil || w.more != nil && p.hasMore && (p.more == "" || p.more == "false" || p.more == "0") {
		return "", nil, false, nil
	}
	switch w.Page.Kind.Value {
	case "page", "offset":
		if p.hash.count == 0 || w.Page.Ends.Value == "short" && p.hash.count < int64(w.Page.Size.Value) || w.counted() {
			return "", nil, false, nil
		}
		number, err := strconv.ParseInt(cursor, 10, 64)
		if err != nil {
			return "", nil, false, fault.New(fault.Internal, "%w", err)
		}
		step := int64(1)
		if w.Page.Kind.Value == "offset" {
			step = p.hash.count
		}
		return strconv.FormatInt(number+step, 10), nil, true, nil
	case "cursor":
		next = w.cursorOf(p, answered)
		if next == "" || w.next.last != nil && p.hash.count == 0 {
			return "", nil, false, nil
		}
		return next, nil, true, w.new(next)
	}
	written := w.cursorOf(p, answered)
	if w.Page.Kind.Value == "link" {
		written = nextLink(answered.header.Values("Link"))
	}
	if written == "" {
		return "", nil, false, nil
	}
	at, err = answered.url.Parse(written)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" {
		return "", nil, false, oddly("the next page's address is none: %s", first(w.hide(written)))
	}
	at.User = nil
	return "", at, true, w.new(at.String())
}

// answerOf is what is kept of an answer when its body is gone.
type answerOf struct {
	header nethttp.Header
	url    *url.URL
}

func (w *walk) cursorOf(p said, a *answerOf) string {
	if w.next.header != "" {
		return a.header.Get(w.next.header)
	}
	if w.next.last != nil && p.last.value != nil {
		return words(w.next.last.of(p.last.value))
	}
	if p.next == "false" {
		return ""
	}
	return p.next
}

// new notes a cursor, which must not have been there before.
func (w *walk) new(cursor string) error {
	if w.cursors[cursor] {
		return oddly("the cursor %s comes again", first(w.hide(cursor)))
	}
	w.cursors[cursor] = true
	return nil
}

// counted reports whether as many records came as there are.
func (w *walk) counted() bool { return w.total != "" && w.total == strconv.FormatInt(w.count, 10) }

// complete holds what came against what the service says it has.
func (w *walk) complete() error {
	if w.total != "" && !w.counted() {
		return oddly("it says it has %s records, and %d came", first(w.total), w.count)
	}
	if w.settings.total.given() && w.total == "" {
		return oddly("no answer had the total (total: %s)", w.settings.Total.Value)
	}
	return nil
}

// subject is the table's request, for errors.
func (w *walk) subject() ask {
	at, err := w.target(w.Path.Value)
	if err != nil {
		at = w.base // what is wrong with the path was told when it was asked
	}
	return ask{method: w.method(w.Method.Value, w.body), url: at}
}

// page asks for one page and hands its records on.
func (w *walk) page(ctx context.Context, cursor string, at *url.URL) (said, *answerOf, error) {
	a, err := w.ask(w.Path.Value, w.Method.Value, w.body, w.Params.Entries, w.point)
	if err != nil {
		return said{}, nil, err
	}
	if at != nil {
		a.url = at
		if !sameOrigin(at, w.base) {
			a.header = nethttp.Header{"Accept": {"*/*"}}
		}
	} else if w.Page != nil {
		if w.Page.SizeParam != "" {
			a = w.set(a, w.Page.SizeParam, strconv.Itoa(w.Page.Size.Value), true)
		}
		if cursor != "" {
			a = w.set(a, w.Page.Param.Value, cursor, w.numbered())
		}
	}
	got, err := w.do(ctx, a)
	if err != nil {
		return said{}, nil, err
	}
	defer got.remove()
	page, err := w.judgedPage(a, got)
	return page, &answerOf{got.header, got.url}, err
}

// judgedPage reads an answer, and tells whether asking again may help when it
// is not what it should be.
func (w *walk) judgedPage(a ask, got *answer) (said, error) {
	if *w.bytes += got.size; *w.bytes > w.most {
		return said{}, w.tell(a, fault.New(fault.Broken, "the answers together are larger than %s", showSize(w.most)).
			WithHint("ask for less: windows: or since:; or raise max_size:"))
	}
	page, err := w.read(got)
	var o odd
	switch {
	case err == nil, errors.Is(err, errEnough), errors.As(err, &o):
		return page, err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return page, oddly("the answer is cut off")
	case fault.KindOf(err) == fault.Broken:
		return page, damaged{w.tell(a, err)}
	}
	return page, w.tell(a, err)
}

// damaged is an answer that is not what it should be; the next one may be.
type damaged struct{ error }

// read reads an answer's records and what it says beside them.
func (w *walk) read(got *answer) (said, error) {
	page := said{}
	if name := w.settings.total.header; name != "" {
		page.total = strings.TrimSpace(got.header.Get(name))
	}
	if got.status == nethttp.StatusNoContent {
		return page, nil
	}
	start := strings.TrimSpace(strings.TrimPrefix(got.start(), "\ufeff"))
	if w.Format.Value != "xml" && strings.HasPrefix(start, "<") {
		return page, fault.New(fault.Broken, "it answers with a page for people, not with data: %s", first(tags.ReplaceAllString(start, " "))).
			WithHint("check url: and path:; a sign-in page means that auth: is not taken")
	}
	if _, err := got.file.Seek(0, io.SeekStart); err != nil {
		return page, fault.New(fault.Internal, "%w", err)
	}
	return page, w.parse(got, &page)
}

// tags are what a page for people is not told with.
var tags = regexp.MustCompile(`(?is)<(script|style)\b.*?</(script|style)>|<[^>]*>`)

func (w *walk) parse(got *answer, page *said) error {
	take := func(r record) error {
		hash, err := w.take(r)
		if err != nil {
			return err
		}
		page.hash.add(hash)
		if key, ok := w.keyOf(r); ok {
			page.keys = append(page.keys, key)
		}
		page.last = r
		return nil
	}
	taking := func(raw []byte) error {
		r, err := recordOf(raw)
		if err != nil {
			return err
		}
		return take(r)
	}
	switch w.Format.Value {
	case "csv":
		return walkCSV(got.file, w.dialect(), w.head, take)
	case "jsonl":
		return walkLines(unmarked(got.file), w.records, taking)
	case "xml":
		return walkXML(got.file, w.records, map[string]path{"next": w.next.path, "more": w.more, "total": w.settings.total.path}, func(value map[string]any) error {
			line, err := encodeJSON(value)
			if err != nil {
				return err
			}
			return take(record{line: line, value: value})
		}, func(name, text string) {
			page.note(name, text)
		})
	}
	wants := []want{{w.records, true, taking}}
	for name, p := range map[string]path{"next": w.next.path, "more": w.more, "total": w.settings.total.path} {
		if p != nil {
			wants = append(wants, want{p, false, func(raw []byte) error { page.note(name, scalar(raw)); return nil }})
		}
	}
	if body, ok := w.body.(map[string]any); ok && body["query"] != nil { // GraphQL tells errors with status 200
		wants = append(wants, want{path{"errors"}, false, func(raw []byte) error {
			if text := strings.TrimSpace(string(raw)); text != "null" && text != "[]" {
				page.errors = text
			}
			return nil
		}})
	}
	if got.size == 0 {
		return io.ErrUnexpectedEOF
	}
	return walkJSON(unmarked(got.file), wants)
}

func (p *said) note(name, text string) {
	switch name {
	case "next":
		p.next = text
	case "more":
		p.more, p.hasMore = text, true
	case "total":
		p.total = text
	}
}

// unmarked leaves out a byte order mark.
func unmarked(from io.ReadSeeker) io.Reader {
	var mark [3]byte
	if n, _ := io.ReadFull(from, mark[:]); n == 3 && string(mark[:]) == "\ufeff" {
		return from
	}
	_, _ = from.Seek(0, io.SeekStart) // a local file, read before
	return from
}

func (c *client) method(written string, body any) string {
	if written != "" {
		return written
	}
	if body != nil {
		return nethttp.MethodPost
	}
	return nethttp.MethodGet
}

// ask makes a request of what a table says.
func (c *client) ask(at, method string, body any, params []project.Entry[text], p point) (ask, error) {
	filled, missing := fill(at, p.vars, url.PathEscape)
	if missing != "" {
		return ask{}, c.Path.Fault("nothing stands for {%s}", missing).WithHint("for_each: gives a name to the values of another table's column")
	}
	target, err := c.target(filled)
	if err != nil {
		return ask{}, err
	}
	header := nethttp.Header{"Accept": {accepts[c.Format.Value]}}
	a := ask{method: c.method(method, body), url: target, header: header}
	query := a.url.Query()
	for _, param := range params {
		value, _ := fill(param.Value.value, p.vars, func(s string) string { return s })
		query.Set(param.Key, value)
	}
	a.url.RawQuery = query.Encode()
	if body != nil {
		a.header.Set("Content-Type", "application/json")
		if a.body, err = encodeJSON(filledTree(body, p.vars)); err != nil {
			return ask{}, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.params)) {
		a = c.set(a, name, p.params[name], p.numbers)
	}
	return a, nil
}

// accepts are the media types of the formats.
var accepts = map[string]string{
	"": "application/json", "json": "application/json", "jsonl": "application/x-ndjson, application/json", "csv": "text/csv, */*", "xml": "application/xml, text/xml",
}

// target is the address of a path below the source's, or of a whole address.
func (c *client) target(at string) (*url.URL, error) {
	if strings.HasPrefix(at, "http://") || strings.HasPrefix(at, "https://") {
		target, err := url.Parse(at)
		if err != nil {
			return nil, c.Path.Fault("path is no address")
		}
		return target, nil
	}
	target, err := url.Parse(c.base.String() + "/" + strings.TrimLeft(at, "/"))
	if err != nil {
		return nil, c.Path.Fault("path is no path")
	}
	if at == "" {
		target.Path = c.base.Path
	}
	return target, nil
}

// set sends a value: as a parameter, in a header, or in the body.
func (c *client) set(a ask, name, value string, number bool) ask {
	if header, ok := strings.CutPrefix(name, "header:"); ok {
		a.header.Set(header, value)
		return a
	}
	inside, ok := strings.CutPrefix(name, "body:")
	if !ok {
		query := a.url.Query()
		query.Set(name, value)
		at := *a.url
		at.RawQuery = query.Encode()
		a.url = &at
		return a
	}
	p, err := parsePath(inside)
	body, decodeErr := decodeJSON(a.body)
	if object, isObject := body.(map[string]any); err == nil && decodeErr == nil && isObject {
		a.body, _ = encodeJSON(within(object, p, value, number)) // it was JSON before
	}
	return a
}

// within sets a value below a path, making objects on the way.
func within(object map[string]any, p path, value string, number bool) map[string]any {
	switch {
	case len(p) > 1:
		inner, _ := object[p[0]].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
		}
		object[p[0]] = within(inner, p[1:], value, number)
	case len(p) == 1 && number:
		object[p[0]] = json.Number(value)
	case len(p) == 1:
		object[p[0]] = value
	}
	return object
}

var braces = regexp.MustCompile(`\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// fill puts values in the place of {names}, and tells one nothing stands for.
func fill(text string, vars map[string]string, escape func(string) string) (filled, missing string) {
	filled = braces.ReplaceAllStringFunc(text, func(found string) string {
		name := found[1 : len(found)-1]
		value, ok := vars[name]
		if !ok {
			missing = name
			return found
		}
		return escape(value)
	})
	return filled, missing
}

// filledTree fills the texts of a body.
func filledTree(value any, vars map[string]string) any {
	switch v := value.(type) {
	case string:
		filled, _ := fill(v, vars, func(s string) string { return s })
		return filled
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, inner := range v {
			out[key] = filledTree(inner, vars)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = filledTree(inner, vars)
		}
		return out
	}
	return value
}

// nextLink is the address of the next page in Link headers (RFC 8288).
func nextLink(headers []string) string {
	for _, header := range headers {
		for rest := header; rest != ""; {
			start := strings.IndexByte(rest, '<')
			if start < 0 {
				break
			}
			end := strings.IndexByte(rest[start:], '>')
			if end < 0 {
				break
			}
			target := rest[start+1 : start+end]
			params, after := linkParams(rest[start+end+1:])
			if rest = after; isNext(params) {
				return strings.TrimSpace(target)
			}
		}
	}
	return ""
}

// linkParams cuts off the parameters of one link, up to the comma that ends it.
func linkParams(rest string) (params, after string) {
	if end := unquoted(rest, ','); end < len(rest) {
		return rest[:end], rest[end+1:]
	}
	return rest, ""
}

// unquoted is where a character stands outside of double quotes, or the length.
func unquoted(text string, wanted byte) int {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quoted:
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == wanted && !quoted:
			return i
		}
	}
	return len(text)
}

func isNext(params string) bool {
	for params != "" {
		end := unquoted(params, ';')
		name, value, _ := strings.Cut(params[:end], "=")
		if params = params[min(end+1, len(params)):]; !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		for word := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"`)) {
			if strings.EqualFold(word, "next") {
				return true
			}
		}
	}
	return false
}
