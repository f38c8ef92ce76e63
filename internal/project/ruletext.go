package project

import (
	"strings"

	"github.com/larder-data/larder/internal/fault"
)

// ruleFault is what is wrong with a rule, and where in its text.
type ruleFault struct {
	offset int
	*fault.Error
}

// ruleText is a rule cut into pieces, blanks left out.
type ruleText struct {
	text   string
	pieces []rulePiece
}

// rulePiece knows how deep it stands in brackets and CASE expressions. What
// opens or closes stands as deep as its surroundings.
type rulePiece struct {
	lexeme
	depth int
}

// cutRule cuts a rule into pieces and refuses what could end or hide part of
// the statement the rule becomes part of: semicolons, comments, open quotes
// and brackets.
func cutRule(text string) (*ruleText, *ruleFault) {
	r := &ruleText{text: text, pieces: make([]rulePiece, 0, 4+len(text)/4)}
	var open []byte // expected closings; 'e' is the END of a CASE
	var opened []int
	for at := 0; ; {
		piece := lex(text, at)
		depth := len(open)
		switch word := text[piece.start:piece.end]; piece.kind {
		case lexEnd:
			if len(open) > 0 {
				problem := r.failAt(opened[len(opened)-1], "this is opened and never closed")
				if open[len(open)-1] == 'e' {
					return nil, problem.hint("close the CASE with END; a column of that name goes in double quotes")
				}
				return nil, problem
			}
			return r, nil
		case lexUnterminated:
			return nil, r.failAt(at, "this is opened and never closed").hint("close the quote; a # after a blank begins a YAML comment, so put a rule that holds one in quotes")
		case lexComment:
			return nil, r.failAt(at, "a rule holds no comments")
		case lexSpace:
			at = piece.end
			continue
		case lexText:
			if word[0] == '$' {
				return nil, r.failAt(at, "write text in single quotes here")
			}
		case lexWord:
			if strings.EqualFold(word, "case") {
				open, opened = append(open, 'e'), append(opened, at)
			} else if strings.EqualFold(word, "end") && depth > 0 && open[depth-1] == 'e' {
				open, opened, depth = open[:depth-1], opened[:depth-1], depth-1
			}
		case lexSymbol:
			switch word[0] {
			case ';':
				return nil, r.failAt(at, "a rule holds no semicolon")
			case '(', '[', '{':
				open, opened = append(open, closing[word[0]]), append(opened, at)
			case ')', ']', '}':
				if depth == 0 || open[depth-1] != word[0] {
					return nil, r.failAt(at, "%q closes nothing", word)
				}
				open, opened, depth = open[:depth-1], opened[:depth-1], depth-1
			}
		}
		r.pieces = append(r.pieces, rulePiece{piece, depth})
		at = piece.end
	}
}

var closing = map[byte]byte{'(': ')', '[': ']', '{': '}'}

func (r *ruleText) failAt(offset int, format string, args ...any) *ruleFault {
	return &ruleFault{offset, fault.New(fault.Invalid, format, args...)}
}

// fail is a fault at a piece, or at the end of the text behind the last one.
func (r *ruleText) fail(piece int, format string, args ...any) *ruleFault {
	return r.failAt(r.offset(piece), format, args...)
}

func (f *ruleFault) hint(format string, args ...any) *ruleFault {
	f.Error = f.WithHint(format, args...)
	return f
}

// offset returns where a piece begins.
func (r *ruleText) offset(piece int) int {
	if piece < len(r.pieces) {
		return r.pieces[piece].start
	}
	return len(r.text)
}

// word returns a piece's text, "" behind the last one.
func (r *ruleText) word(piece int) string {
	if piece < 0 || piece >= len(r.pieces) {
		return ""
	}
	return r.text[r.pieces[piece].start:r.pieces[piece].end]
}

// is reports whether a piece is the word or symbol, in any case.
func (r *ruleText) is(piece int, word string) bool {
	return piece >= 0 && piece < len(r.pieces) && strings.EqualFold(r.word(piece), word)
}

// kind returns what a piece is.
func (r *ruleText) kind(piece int) lexemeKind {
	if piece < 0 || piece >= len(r.pieces) {
		return lexEnd
	}
	return r.pieces[piece].kind
}

// between returns the text of the pieces [from, to) as written, without what
// surrounds them.
func (r *ruleText) between(from, to int) string {
	if from >= to {
		return ""
	}
	return r.text[r.pieces[from].start:r.pieces[to-1].end]
}

// split divides [from, to) at the commas of that depth. An empty range has no parts.
func (r *ruleText) split(from, to, depth int) [][2]int {
	if from >= to {
		return nil
	}
	var parts [][2]int
	start := from
	for i := from; i < to; i++ {
		if r.pieces[i].depth == depth && r.is(i, ",") {
			parts = append(parts, [2]int{start, i})
			start = i + 1
		}
	}
	return append(parts, [2]int{start, to})
}

// close returns the piece that closes the bracket at open.
func (r *ruleText) close(open int) int {
	for i := open + 1; i < len(r.pieces); i++ {
		if r.pieces[i].depth == r.pieces[open].depth {
			return i
		}
	}
	return len(r.pieces)
}
