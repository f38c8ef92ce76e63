package trial

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// suiteXML and its parts are JUnit's XML as CI servers read it (the schema of
// Jenkins' xunit plugin): a suite a model, a case a test.
type suitesXML struct {
	XMLName xml.Name   `xml:"testsuites"`
	Suites  []suiteXML `xml:"testsuite"`
}

type suiteXML struct {
	Name     string    `xml:"name,attr"`
	Tests    int       `xml:"tests,attr"`
	Failures int       `xml:"failures,attr"`
	Errors   int       `xml:"errors,attr"`
	Time     string    `xml:"time,attr"`
	Cases    []caseXML `xml:"testcase"`
	seconds  float64
}

type caseXML struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	File    string   `xml:"file,attr,omitempty"`
	Line    int      `xml:"line,attr,omitempty"`
	Time    string   `xml:"time,attr"`
	Failure *textXML `xml:"failure"`
	Error   *textXML `xml:"error"`
}

type textXML struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes outcomes as JUnit XML.
func JUnit(w io.Writer, outcomes []Outcome) error {
	var doc suitesXML
	at := map[string]int{}
	for _, o := range outcomes {
		i, ok := at[o.Model]
		if !ok {
			i = len(doc.Suites)
			at[o.Model] = i
			doc.Suites = append(doc.Suites, suiteXML{Name: o.Model})
		}
		doc.Suites[i].add(o)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(doc); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *suiteXML) add(o Outcome) {
	c := caseXML{Class: o.Model, Name: o.Name, File: o.Where.File, Line: o.Where.Line, Time: seconds(o.Took.Seconds())}
	switch {
	case o.Problem != nil:
		s.Errors++
		c.Error = &textXML{Message: o.Error, Text: o.Error}
	case !o.Passed:
		s.Failures++
		c.Failure = &textXML{Message: o.Summary(), Text: o.text()}
	}
	s.Tests++
	s.seconds += o.Took.Seconds()
	s.Time = seconds(s.seconds)
	s.Cases = append(s.Cases, c)
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }

// Summary says in a few words how an outcome differs.
func (o Outcome) Summary() string {
	count := map[DiffKind]int{}
	var parts []string
	for _, d := range o.Diffs {
		count[d.Kind]++
		if d.Kind == Count {
			parts = append(parts, d.Cells[0].Got+" rows, "+d.Cells[0].Want+" expected")
		}
	}
	for _, kind := range []DiffKind{Changed, Missing, Unexpected} {
		if n := count[kind]; n == 1 {
			parts = append(parts, "1 row "+string(kind))
		} else if n > 1 {
			parts = append(parts, fmt.Sprintf("%d rows %s", n, kind))
		}
	}
	for _, c := range o.Checks {
		parts = append(parts, c.Check+": "+c.Message)
	}
	return strings.Join(parts, "; ")
}

// text tells every difference, a line each.
func (o Outcome) text() string {
	var b strings.Builder
	for _, d := range o.Diffs {
		b.WriteString(d.String() + "\n")
	}
	for _, c := range o.Checks {
		b.WriteString(c.Check + ": " + c.Message + "\n")
	}
	return b.String()
}

// String tells a difference in one line.
func (d Diff) String() string {
	var cells []string
	for _, c := range d.Cells {
		switch {
		case d.Kind == Missing:
			cells = append(cells, c.Column+" = "+c.Want)
		case d.Kind == Unexpected, !c.Wrong:
			cells = append(cells, c.Column+" = "+c.Got)
		default:
			cells = append(cells, fmt.Sprintf("%s = %s, expected %s", c.Column, c.Got, c.Want))
		}
	}
	return string(d.Kind) + ": " + strings.Join(cells, "; ")
}
