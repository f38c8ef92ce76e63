package compile

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/table"
)

// refusal is DuckDB's answer to a query it cannot bind.
type refusal struct {
	kind       string // "binder", "catalog", "parser" ...
	message    string
	subtype    string
	name       string // the name that is not known, when DuckDB says it
	entry      string // what sort of thing is missing: "Table", "Scalar Function"
	candidates []string
	position   int // in the bound text, -1 when unknown
}

func readRefusal(v value) refusal {
	r := refusal{
		kind: v.get("error_type").text(), message: v.get("error_message").text(),
		subtype: v.get("error_subtype").text(), name: v.get("name").text(), entry: v.get("type").text(), position: -1,
	}
	if at, err := strconv.Atoi(v.get("position").text()); err == nil {
		r.position = at
	}
	if c := v.get("candidates").text(); c != "" {
		r.candidates = strings.Split(c, ",")
	}
	return r
}

// scope is what a name in a query may mean.
type scope struct {
	datasets []string
	columns  []string // of the datasets the query mentions
}

// without is the scope of a model that cannot mean itself.
func (s scope) without(dataset string) scope {
	s.datasets = slices.DeleteFunc(slices.Clone(s.datasets), func(d string) bool { return d == dataset })
	return s
}

var (
	inQuotes     = regexp.MustCompile(`"((?:[^"]|"")*)"`)
	candidateRun = regexp.MustCompile(`(?s)\n*\s*(Candidate|Did you mean|LINE |\tCandidate).*`)
)

// explain turns a refusal into a problem in the written text.
func (s *statement) explain(r refusal, in scope) problem {
	p := problem{at: s.origin(r.position), message: strings.TrimSpace(candidateRun.ReplaceAllString(r.message, ""))}
	first := ""
	if m := inQuotes.FindStringSubmatch(r.message); m != nil {
		first = m[1]
	}
	switch {
	case r.kind == "internal":
		p.message = "the engine cannot analyse this query: " + firstLine(r.message)
		p.hint = "known not to work: WITH ORDINALITY; number rows with row_number() over (order by ...)"
		p.at = s.locate("ordinality")
	case strings.Contains(r.message, "statement of type MULTI"):
		p.at, p.message = s.locate("pivot"), "PIVOT takes its columns from the data, so they are not known before the data is read"
		p.hint = "name the values: PIVOT ... ON key IN ('a', 'b') ..."
	case r.kind == "permission" || r.kind == "io":
		s.explainFile(&p, first)
	case strings.HasPrefix(r.message, "Catalog ") && strings.Contains(r.message, "does not exist"):
		p.at, p.message = s.locate(first), "there is no database "+first+": a model reads this project's datasets only"
		p.hint = "write schema.name; what is in other databases is landed by a source"
	case r.entry == "Table" || strings.HasPrefix(r.message, "Table with name"):
		s.explainTable(&p, in)
	case r.subtype == "COLUMN_NOT_FOUND" || strings.Contains(r.message, "does not have a column") || strings.Contains(r.message, "does not exist on") ||
		strings.Contains(r.message, "list not found"):
		s.explainColumn(&p, r, in)
	case strings.HasPrefix(r.message, "Ambiguous"):
		p.message, p.hint = "the column "+first+" is in several tables", ambiguous(r.message)
	case r.entry != "":
		s.explainFunction(&p, r)
	case strings.HasPrefix(r.message, "Referenced table"):
		p.message, p.hint = "there is no table "+first+" in this FROM clause", fault.DidYouMean(first, quotedNames(r.message)[1:])
	case r.kind == "parser":
		s.explainSyntax(&p, r)
	default:
		s.explainTypes(&p, r)
	}
	if p.at < 0 && first != "" {
		p.at = s.locate(first)
	}
	return p
}

func (s *statement) explainFile(p *problem, path string) {
	if p.at < 0 || path != "" {
		for _, t := range s.tokens {
			if (t.kind == textToken || t.kind == quotedToken) && strings.Contains(t.text, path) {
				p.at = t.at
				break
			}
		}
	}
	p.message, p.hint = "a model cannot read the file "+quoted(path), datasetsOnly
}

// explainTable names the whole qualified name as it stands in the text.
func (s *statement) explainTable(p *problem, in scope) {
	name := s.nameAt(p.at)
	p.message = "there is no dataset " + name
	p.hint = fault.DidYouMean(name, in.datasets)
	short := name[strings.LastIndexByte(name, '.')+1:]
	for _, d := range in.datasets {
		if strings.EqualFold(d[strings.IndexByte(d, '.')+1:], short) {
			p.hint = "did you mean " + d + "?"
			break
		}
	}
	if p.hint == "" {
		p.hint = "datasets are models and the lake tables of sources"
	}
}

// nameAt reads the dotted name at an offset of the written text.
func (s *statement) nameAt(at int) string {
	var parts []string
	i := slices.IndexFunc(s.tokens, func(t token) bool { return t.end() > at })
	for ; i >= 0 && i < len(s.tokens); i += 2 {
		name, ok := s.tokens[i].identifier()
		if !ok {
			break
		}
		parts = append(parts, name)
		if i+1 >= len(s.tokens) || !s.tokens[i+1].is(".") {
			break
		}
	}
	return strings.Join(parts, ".")
}

var missingColumn = regexp.MustCompile(`(?:column named|[Cc]olumn) "((?:[^"]|"")*)"`)

func (s *statement) explainColumn(p *problem, r refusal, in scope) {
	name := r.name
	if m := missingColumn.FindStringSubmatch(r.message); name == "" && m != nil {
		name = m[1]
	}
	if p.at < 0 {
		p.at = s.locate(name)
	}
	p.message = "there is no column " + name
	if strings.Contains(r.message, "does not exist on") || strings.Contains(r.message, "list not found") {
		p.message = firstLine(candidateRun.ReplaceAllString(r.message, ""))
	} else if m := regexp.MustCompile(`^Table "(.*?)"`).FindStringSubmatch(r.message); m != nil {
		p.message = m[1] + " has no column " + name
	}
	candidates := slices.Clone(r.candidates)
	if i := strings.Index(r.message, "Candidate"); i >= 0 {
		candidates = append(candidates, quotedNames(r.message[i:])...)
	}
	if near, ok := fault.Nearest(name, append(slices.Clone(in.columns), candidates...)); ok {
		p.hint = "did you mean " + near + "?"
		return
	}
	p.hint = fault.DidYouMean(name, in.columns)
	if p.hint == "" && len(candidates) > 0 {
		slices.Sort(candidates)
		p.hint = "nearby: " + strings.Join(slices.Compact(candidates), ", ")
	}
}

func (s *statement) explainFunction(p *problem, r refusal) {
	kind := strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(r.entry, "Scalar "), "Aggregate "))
	p.message = "there is no " + kind + " " + r.name
	p.hint = fault.DidYouMean(r.name, r.candidates)
}

func (s *statement) explainSyntax(p *problem, r refusal) {
	p.message = firstLine(r.message)
	switch {
	case strings.HasPrefix(p.message, "unterminated"):
		p.message, _, _ = strings.Cut(p.message, " at or near")
	case r.position >= len(wrapHead)+len(s.text):
		p.message = "the SQL ends too early"
	}
}

var noFunction = regexp.MustCompile(`'(.*?)\((.*)\)'`)

// explainTypes is for what DuckDB explains itself: types that do not go
// together, and whatever is rare.
func (s *statement) explainTypes(p *problem, r refusal) {
	if m := noFunction.FindStringSubmatch(r.message); m != nil && strings.HasPrefix(r.message, "No function matches") {
		p.message = m[1] + " cannot take " + strings.NewReplacer("INTEGER_LITERAL", "INTEGER", "STRING_LITERAL", "VARCHAR").Replace(m[2])
		p.hint = "cast an argument: cast(x as type), or x::type"
		return
	}
	line, rest, _ := strings.Cut(p.message, "\n")
	p.message, p.hint = line, strings.ReplaceAll(strings.TrimSpace(rest), "\n", " ")
	if m := inQuotes.FindStringSubmatch(line); m != nil && strings.Contains(r.message, "Candidate") {
		p.hint = fault.DidYouMean(m[1], quotedNames(r.message[strings.Index(r.message, "Candidate"):]))
	}
	if strings.Contains(line, "explicit cast") {
		p.hint = "cast one side: cast(x as type), or x::type"
	}
}

var useThese = regexp.MustCompile(`\(use: (.*)\)`)

func ambiguous(message string) string {
	m := useThese.FindStringSubmatch(message)
	if m == nil {
		return "write the table before it"
	}
	return "write " + strings.ReplaceAll(m[1], `"`, "")
}

func quotedNames(text string) []string {
	var out []string
	for _, m := range inQuotes.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	if len(out) == 0 {
		out = []string{""}
	}
	return out
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// columnsOf lists the names in several datasets, each once.
func columnsOf(columns ...[]table.Column) []string {
	var out []string
	for _, list := range columns {
		out = append(out, table.Names(list)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
