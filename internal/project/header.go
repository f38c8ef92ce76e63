package project

import (
	"strings"

	"github.com/larder-data/larder/internal/fault"
)

// split is a model file taken apart.
type split struct {
	yaml string // the header, all else blanked out, so that lines and columns hold; "" without one
	sql  string // the query, header and closing semicolon blanked out, so that offsets hold
	at   int    // offset of the header
	has  bool   // there is a header, empty or not
}

// splitModel separates the header from the query. The header is a comment
// above the query that begins with the word larder: /* larder ... */, or a
// line "-- larder" and the -- lines below it.
func splitModel(file *File) (split, fault.List) {
	var faults fault.List
	parts := split{sql: file.Text}
	at := 0
	for {
		end, isHeader := headerEnd(file.Text, at)
		if !isHeader {
			piece := lex(file.Text, at)
			if piece.kind != lexSpace && piece.kind != lexComment {
				break
			}
			at = piece.end
			continue
		}
		if end < 0 {
			return parts, fault.List{fault.At(file.Offset(at), fault.Invalid, "this header does not end").WithHint("close it with */")}
		}
		if parts.has {
			faults = append(faults, fault.At(file.Offset(at), fault.Invalid, "a second header; the first begins in line %d", file.Offset(parts.at).Line).
				WithHint("keep what is known of the dataset in one header"))
		} else {
			parts.has, parts.at = true, at
			parts.yaml = headerYAML(file.Text, at, end)
		}
		parts.sql = parts.sql[:at] + blank(parts.sql[at:end]) + parts.sql[end:]
		at = end
	}
	sql, more := oneStatement(file, parts.sql, at)
	parts.sql = sql
	return parts, append(faults, more...)
}

// headerEnd reports whether a header begins at an offset, and where it ends: a
// block at its first */ (-1: nowhere), one of -- lines where such lines do.
func headerEnd(text string, at int) (int, bool) {
	rest := text[at:]
	if body, ok := strings.CutPrefix(rest, "/*"); ok {
		after, ok := cutWord(strings.TrimLeft(body, " \t"), "larder")
		if !ok || !isSpace(after[0]) && !strings.HasPrefix(after, "*/") {
			return 0, false
		}
		end := strings.Index(body, "*/")
		if end < 0 {
			return -1, true
		}
		return at + end + 4, true
	}
	line, below, more := strings.Cut(rest, "\n")
	if !strings.HasPrefix(line, "--") || !strings.EqualFold(strings.TrimSpace(line[2:]), "larder") {
		return 0, false
	}
	end := at + len(line)
	for more && strings.HasPrefix(below, "--") {
		line, below, more = strings.Cut(below, "\n")
		end += 1 + len(line)
	}
	return end, true
}

// cutWord returns what follows a word at the beginning, in any case, and false
// when nothing does.
func cutWord(text, word string) (string, bool) {
	if len(text) <= len(word) || !strings.EqualFold(text[:len(word)], word) {
		return "", false
	}
	return text[len(word):], true
}

// headerYAML returns the file's text up to the header's end with everything
// but the YAML made blank.
func headerYAML(text string, start, end int) string {
	header := []byte(blank(text[:start]) + text[start:end])
	if text[start] == '/' {
		mark := start + strings.Index(strings.ToLower(text[start:end]), "larder") + len("larder")
		copy(header[start:mark], blank(text[start:mark]))
		copy(header[end-2:end], "  ")
		return string(header)
	}
	first := start + spanWhile(text[start:end], func(c byte) bool { return c != '\n' })
	copy(header[start:first], blank(text[start:first]))
	for i := first; i+2 < len(header); i++ {
		if header[i] == '\n' {
			header[i+1], header[i+2] = ' ', ' '
		}
	}
	return string(header)
}

// blank makes everything but line ends blank, as long as before in bytes.
func blank(text string) string {
	out := []byte(text)
	for i, c := range out {
		if c != '\n' {
			out[i] = ' '
		}
	}
	return string(out)
}

// oneStatement blanks out the semicolon that ends the query and tells of a
// second statement or header behind it. A query that does not end somewhere is
// left to whoever binds it.
func oneStatement(file *File, sql string, at int) (string, fault.List) {
	var faults fault.List
	last, ended := -1, false
	for {
		piece := lex(sql, at)
		switch {
		case piece.kind == lexEnd, piece.kind == lexUnterminated:
			if last >= 0 {
				sql = sql[:last] + " " + sql[last+1:]
			}
			return sql, faults
		case piece.kind == lexComment:
			if _, isHeader := headerEnd(sql, piece.start); isHeader {
				faults = append(faults, fault.At(file.Offset(at), fault.Invalid, "a header below the beginning of the query").
					WithHint("the header stands above the query"))
			}
		case piece.kind == lexSpace:
		case sql[piece.start] == ';' && last < 0:
			last = piece.start
		case !ended && last >= 0:
			ended = true
			faults = append(faults, fault.At(file.Offset(at), fault.Invalid, "a second statement").
				WithHint("a model is one SELECT; put the other into a file of its own"))
		}
		at = piece.end
	}
}

// isEmpty reports whether SQL holds nothing but comments and semicolons.
func isEmpty(sql string) bool {
	for at := 0; ; {
		piece := lex(sql, at)
		switch piece.kind {
		case lexEnd:
			return true
		case lexSpace, lexComment:
		default:
			if sql[piece.start] != ';' {
				return false
			}
		}
		at = piece.end
	}
}
