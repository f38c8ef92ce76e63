package http

import (
	"cmp"
	"math"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/format"
	"github.com/larder-data/larder/internal/ingest"
	"github.com/larder-data/larder/internal/project"
)

// settings are a table's settings and its source's, decoded and judged.
type settings struct {
	Source
	Table
	name     string // the source's
	dataset  string
	keyed    bool
	keys     []string // the keys of a record that tell it apart
	base     *url.URL
	most     int64         // bytes of the answers of a load
	pause    time.Duration // between two requests
	records  path
	next     place
	more     path
	total    place
	since    path
	start    time.Time // of windows
	each     path      // of the values in the other table's records
	as, into string
	parent   *settings
	body     any
	bodies   map[*Step]any
	secrets  []string
}

// The defaults of settings that have one.
const (
	defaultAttempts = 5
	defaultTimeout  = time.Minute
	defaultSize     = 2 << 30
	defaultEvery    = 5 * time.Second
	defaultAtMost   = time.Hour
)

// judge collects what is wrong with a table's settings.
type judge struct {
	*settings
	faults fault.List
}

// decode reads the settings of a table. The error is all that is wrong.
func decode(t ingest.Table) (*settings, error) {
	s, faults := decodeOne(t)
	if s.ForEach != nil && len(faults) == 0 {
		faults = s.adopt(t)
	}
	if len(faults) > 0 {
		return nil, faults.Err()
	}
	return s, nil
}

// adopt finds the table whose records this one is asked for.
func (s *settings) adopt(t ingest.Table) fault.List {
	each := s.ForEach
	var names []string
	for _, other := range t.Source.Tables {
		if names = append(names, other.Name); other.Name != each.Table.Value || other.Name == t.Name {
			continue
		}
		parent, faults := decodeOne(ingest.Table{SourceTable: other, Source: t.Source})
		if parent.ForEach != nil {
			faults = append(faults, each.Table.Fault("for_each: %s is itself asked for each record of another table", other.Name).
				WithHint("name a table that is asked once"))
		}
		if s.Since != nil || s.Windows != nil {
			faults = append(faults, each.Table.Fault("since and windows are those of %s, for_each needs none", other.Name).
				WithHint("leave them out: it is asked for the records of %s that changed", other.Name))
		}
		s.parent, s.secrets = parent, append(s.secrets, parent.secrets...)
		if parent.Since != nil && !s.keyed {
			faults = append(faults, each.Table.Fault("%s is asked since a position, so its for_each needs key", other.Name).
				WithHint("add key: with the columns that tell rows apart"))
		}
		return faults
	}
	return fault.List{each.Table.Fault("for_each: the source has no other table %s", each.Table.Value).
		WithHint("%s", fault.DidYouMean(each.Table.Value, names))}
}

func decodeOne(t ingest.Table) (*settings, fault.List) {
	s := &settings{name: t.Source.Name, dataset: t.Dataset, keyed: len(t.Key) > 0, bodies: map[*Step]any{}}
	j := &judge{settings: s}
	j.faults = append(t.Source.Decode(&s.Source), t.Source.DecodeTable(t.SourceTable, &s.Table)...)
	if len(j.faults) > 0 {
		return s, j.faults
	}
	j.own(t)
	j.source()
	j.auth()
	j.request(t)
	j.pages()
	j.incremental()
	j.forEach()
	j.inBody()
	return s, j.faults
}

func (j *judge) add(e *fault.Error) {
	if e != nil {
		j.faults = append(j.faults, e)
	}
}

// own finds the names the columns of the table's key have in a record.
func (j *judge) own(t ingest.Table) {
	for _, name := range t.Key {
		for _, c := range t.Columns {
			written := format.Column{}
			if j.faults = append(j.faults, t.Source.DecodeColumn(c, &written)...); strings.EqualFold(c.Name, name) {
				name = cmp.Or(written.From, c.Name)
			}
		}
		j.keys = append(j.keys, name)
	}
}

func (j *judge) source() {
	base, err := url.Parse(strings.TrimRight(j.URL.Value, "/"))
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		j.add(j.URL.Fault("url is no address of a service").WithHint("for instance https://api.example.com/v2"))
		base = &url.URL{}
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		where := j.URL.Where
		where.Text = "" // it may show a password
		j.add(fault.At(where, fault.Invalid, "url holds more than a host and a path").WithHint("who asks is said in auth:, parameters in params:"))
	}
	j.base = base
	j.pause = j.rate()
	j.most = defaultSize
	if j.MaxSize.Given() {
		size, ok := parseSize(j.MaxSize.Value)
		if j.most = size; !ok {
			j.add(j.MaxSize.Fault("max_size is a size such as 500 MB or 2 GB, not %q", j.MaxSize.Value))
		}
	}
	if j.Attempts.Given() && j.Attempts.Value < 1 {
		j.add(j.Attempts.Fault("attempts is at least 1"))
	}
	j.Attempts.Value = cmp.Or(j.Attempts.Value, defaultAttempts)
	j.Timeout.Value = cmp.Or(j.Timeout.Value, defaultTimeout)
	for _, header := range j.Headers.Entries {
		j.value("the header "+header.Key, header.Key, header.Value)
	}
}

// local reports whether the service is on this machine.
func (s *settings) local() bool {
	ip := net.ParseIP(s.base.Hostname())
	return s.base.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// value notes a header's or parameter's value that is a secret.
func (j *judge) value(what, name string, t text) {
	if telltale(name) {
		j.add(t.committed(what, j.local()))
	}
	if t.secret() || telltale(name) {
		j.secrets = append(j.secrets, t.value)
	}
}

func (j *judge) secret(what string, t text) {
	j.add(t.committed(what, j.local()))
	j.secrets = append(j.secrets, t.value)
}

func (j *judge) auth() {
	if j.Auth == nil {
		return
	}
	a, ways := j.Auth, 0
	if a.Bearer != nil {
		ways++
		j.secret("bearer", *a.Bearer)
	}
	if a.Basic != nil {
		ways++
		j.secret("password", a.Basic.Password)
	}
	if a.Key != nil {
		ways++
		j.secret("key", a.Key.Value)
		if (a.Key.Header == "") == (a.Key.Query == "") {
			j.add(fault.At(a.Key.Value.where, fault.Invalid, "key is sent in a header or a parameter: say one of header and query"))
		}
	}
	if a.OAuth2 != nil {
		ways++
		j.secret("client_secret", a.OAuth2.ClientSecret)
		j.secret("refresh_token", a.OAuth2.RefreshToken)
		if at, err := url.Parse(a.OAuth2.TokenURL.Value); err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" {
			j.add(a.OAuth2.TokenURL.Fault("token_url is no address").WithHint("for instance https://login.example.com/oauth/token"))
		}
	}
	if ways != 1 {
		j.add(j.URL.Fault("auth says %d ways to tell who asks, and needs one", ways).WithHint("one of bearer, basic, key and oauth2"))
	}
}

func (j *judge) request(t ingest.Table) {
	if !j.Path.Given() && j.Report == nil {
		j.add(fault.At(t.Where, fault.Invalid, "path is missing").WithHint("the table's path below url, such as /orders"))
	}
	if j.Path.Given() && j.Report != nil {
		j.add(j.Path.Fault("path and report exclude each other").WithHint("the paths of a report stand in report:"))
	}
	if j.Report != nil && j.Page != nil {
		j.add(j.Page.Kind.Fault("page and report exclude each other").WithHint("a report is fetched as a whole"))
	}
	for _, param := range j.Params.Entries {
		j.value("the parameter "+param.Key, param.Key, param.Value)
	}
	j.body = j.tree(j.Body)
	if r := j.Report; r != nil {
		for _, step := range []*Step{&r.Request, &r.Fetch} {
			j.bodies[step] = j.tree(step.Body)
			for _, param := range step.Params.Entries {
				j.value("the parameter "+param.Key, param.Key, param.Value)
			}
		}
		if r.Request.Path.Value == "" || r.Request.From.Given() {
			j.add(fault.At(t.Where, fault.Invalid, "request of report needs a path, and no from"))
		}
		if (r.Fetch.Path.Value == "") == !r.Fetch.From.Given() {
			j.add(fault.At(t.Where, fault.Invalid, "download of report needs one of path and from"))
		}
		j.path(r.ID)
		j.path(r.Fetch.From)
		if r.Poll != nil {
			j.path(r.Poll.Status)
		}
	}
	j.records = j.path(j.Records)
	j.total = j.place(j.Total)
	textual := j.Format.Value == "csv"
	for name, given := range map[string]bool{
		"delimiter": j.Delimiter != "", "encoding": j.Encoding.Given(), "decimal": j.Decimal != "", "null": len(j.Null) > 0, "skip": j.Skip.Given(),
	} {
		if given && !textual {
			j.add(fault.At(t.Where, fault.Invalid, "%s means something only with format: csv", name))
		}
	}
	if (textual || j.Format.Value == "jsonl") && j.total.path != nil {
		j.add(j.Total.Fault("only a header can tell the total of an answer in %s", j.Format.Value).WithHint("for instance header:X-Total-Count"))
	}
	if textual && j.Records.Given() {
		j.add(j.Records.Fault("records means nothing with format: csv").WithHint("skip: leaves out lines before the header"))
	}
}

// tree is a body as JSON has it.
func (j *judge) tree(node ast.Node) any {
	if node == nil {
		return nil
	}
	var out any
	if err := yaml.NodeToValue(node, &out); err != nil {
		j.add(j.URL.Fault("body cannot be written as JSON: %w", err))
	}
	ast.Walk(noting{j}, node)
	return out
}

// noting notes values of a body that came from the environment.
type noting struct{ *judge }

// Visit is called for each node of the tree.
func (n noting) Visit(node ast.Node) ast.Visitor {
	if s, ok := node.(*ast.StringNode); ok && strings.Contains(s.GetToken().Value, "${") && s.GetToken().Value != s.Value {
		n.secrets = append(n.secrets, s.Value)
	}
	return n
}

func (j *judge) path(p project.Placed[string]) path {
	out, err := parsePath(p.Value)
	if err != nil {
		j.add(p.Fault("%s", err.Error()).WithHint("a path such as data.items; a key with a point in it stands in double quotes"))
	}
	return out
}

func (j *judge) place(p project.Placed[string]) place {
	if !p.Given() {
		return place{}
	}
	if name, ok := strings.CutPrefix(p.Value, "header:"); ok {
		return place{header: strings.TrimSpace(name)}
	}
	if name, ok := strings.CutPrefix(p.Value, "last:"); ok {
		p.Value = name
		return place{last: j.path(p)}
	}
	return place{path: j.path(p)}
}

func (j *judge) pages() {
	p := j.Page
	if p == nil {
		return
	}
	kind := p.Kind.Value
	if j.next = j.place(p.From); j.total.last != nil {
		j.add(j.Total.Fault("total is a path or a header"))
	}
	j.more = j.path(p.More)
	if !p.More.Given() {
		j.more = nil
	}
	if needs := kind == "page" || kind == "offset" || kind == "cursor"; needs != p.Param.Given() {
		j.add(p.Kind.Fault("page: %s takes %s", kind, map[bool]string{true: "param: with the parameter to send", false: "no param:"}[needs]))
	}
	if needs := kind == "cursor" || kind == "next"; needs != p.From.Given() {
		j.add(p.Kind.Fault("page: %s takes %s", kind, map[bool]string{true: "from: with where the answer has it", false: "no from:"}[needs]))
	}
	if p.First.Given() && (kind == "link" || kind == "next") {
		j.add(p.First.Fault("first means nothing with %s", kind))
	}
	if _, err := strconv.ParseInt(p.First.Value, 10, 64); p.First.Given() && err != nil && (kind == "page" || kind == "offset") {
		j.add(p.First.Fault("first is a whole number, not %q", p.First.Value))
	}
	if p.Ends.Given() && (kind != "page" && kind != "offset") {
		j.add(p.Ends.Fault("ends means nothing with %s", kind))
	}
	if p.Ends.Value == "short" && p.Size.Value < 1 {
		j.add(p.Ends.Fault("ends: short needs size").WithHint("add size: with the number of records of a full page"))
	}
	if p.Size.Given() != (p.SizeParam != "") && p.Ends.Value != "short" {
		j.add(p.Kind.Fault("size and size_param go together").WithHint("size_param: limit sends size as limit"))
	}
	if (j.Format.Value == "csv" || j.Format.Value == "jsonl") && (j.next.path != nil || j.more != nil || j.next.last != nil && j.Format.Value == "csv") {
		j.add(p.Kind.Fault("an answer in %s has no place for a cursor", j.Format.Value).WithHint("from: header:NAME reads it from a header"))
	}
}

func (j *judge) incremental() {
	if s := j.Since; s != nil {
		j.since = j.path(s.Column)
		if !j.keyed {
			j.add(s.Param.Fault("since needs key: records that are asked for again replace themselves").
				WithHint("add key: with the columns that tell rows apart"))
		}
		if j.Windows != nil {
			j.add(s.Param.Fault("since and windows exclude each other"))
		}
		if _, err := shift(s.Lookback.Value, moment{}); err != nil {
			j.add(s.Lookback.Fault("lookback is a length of time such as 2 days, or a number, not %q", s.Lookback.Value))
		}
	}
	if w := j.Windows; w != nil {
		start, ok := parseTime(w.Start.Value)
		if j.start = start; !ok {
			j.add(w.Start.Fault("start is a date or time such as 2025-01-01, not %q", w.Start.Value))
		}
		if w.Of.Value < time.Second {
			j.add(w.Of.Fault("of is at least a second"))
		}
		whole := w.Of.Value%day == 0
		w.As.Value = cmp.Or(w.As.Value, map[bool]string{true: "date", false: "rfc3339"}[whole])
		if w.As.Value == "date" && !whole {
			j.add(w.As.Fault("as: date needs spans of whole days"))
		}
		if w.To.Value == "inclusive" && w.As.Value != "date" {
			j.add(w.To.Fault("to: inclusive is for dates"))
		}
	}
	if j.Reread.Given() && j.Since == nil && j.Windows == nil && j.ForEach == nil {
		j.add(j.Reread.Fault("everything is asked for in each run: reread means nothing").WithHint("it goes with since and windows"))
	}
}

// inBody judges parameters that are set in the body: there must be one.
func (j *judge) inBody() {
	var params []project.Placed[string]
	if j.Page != nil {
		params = append(params, j.Page.Param)
	}
	if j.Since != nil {
		params = append(params, j.Since.Param)
	}
	if j.Windows != nil {
		params = append(params, j.Windows.FromParam, j.Windows.ToParam)
	}
	body := j.body
	if j.Report != nil {
		body = j.bodies[&j.Report.Request]
	}
	_, object := body.(map[string]any)
	for _, param := range params {
		if inside, ok := strings.CutPrefix(param.Value, "body:"); ok {
			if _, err := parsePath(inside); err != nil || inside == "" || !object {
				j.add(param.Fault("%s sets a value in the body, and there is no body with keys", param.Value).WithHint("add body:, for GraphQL with query and variables"))
			}
		}
	}
}

var placeholder = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (j *judge) forEach() {
	e := j.ForEach
	if e == nil {
		return
	}
	j.each = j.path(e.Column)
	last := ""
	if len(j.each) > 0 {
		last = j.each[len(j.each)-1]
	}
	j.as = cmp.Or(e.As.Value, last)
	j.into = cmp.Or(e.Into.Value, e.Table.Value+"_"+last)
	if !placeholder.MatchString(j.as) {
		j.add(e.Column.Fault("as: %q is no name", j.as))
	}
	if j.Report != nil {
		j.add(e.Table.Fault("for_each and report exclude each other"))
	}
}

// rate is the pause between requests.
func (j *judge) rate() time.Duration {
	if !j.Rate.Given() {
		return 0
	}
	words := strings.Fields(j.Rate.Value)
	units := map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": day}
	if len(words) == 3 && words[1] == "per" {
		count, err := strconv.ParseFloat(words[0], 64)
		unit, known := units[words[2]]
		if err == nil && known && count > 0 && !math.IsInf(count, 0) && float64(unit)/count < float64(day) {
			return time.Duration(float64(unit) / count)
		}
	}
	j.add(j.Rate.Fault("rate is such as 2 per second or 100 per minute, not %q", j.Rate.Value))
	return 0
}

// parseSize reads 500 MB, 2 GB or a number of bytes.
func parseSize(written string) (int64, bool) {
	units := []string{"B", "KB", "MB", "GB", "TB"}
	number := strings.TrimRight(written, " KMGTBkmgtb")
	unit := strings.ToUpper(strings.TrimSpace(written[len(number):]))
	power := max(slices.Index(units, unit), 0)
	count, err := strconv.ParseFloat(number, 64)
	size := count * math.Pow(1024, float64(power))
	if err != nil || unit != "" && !slices.Contains(units, unit) || !(size >= 1 && size < 1<<60) {
		return 0, false
	}
	return int64(size), true
}

// layout is how what is brought is to be read.
func (s *settings) layout(t ingest.Table) (format.Layout, error) {
	own := format.Settings{DateFormat: s.DateFormat, TimestampFormat: s.TimestampFormat, Quarantine: s.Quarantine}
	if s.Format.Value == "csv" {
		own.Decimal, own.Null = s.Decimal, s.Null
		l, err := format.LayoutOf(t.Source, t.SourceTable, own)
		return l.In("csv"), err
	}
	l, err := format.LayoutOf(t.Source, t.SourceTable, own)
	return l.In("json"), err
}

const day = 24 * time.Hour
