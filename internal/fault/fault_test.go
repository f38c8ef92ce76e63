package fault_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larder-data/larder/internal/fault"
)

func at(line int) fault.Place { return fault.Place{File: "larder.yml", Line: line, Column: 3} }

func TestErrorsSayPlaceAndCause(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{fault.New(fault.Invalid, "no %s", "name"), "no name"},
		{fault.At(at(2), fault.Invalid, "no name"), "larder.yml:2:3: no name"},
		{fault.Wrap("model a.b", fault.At(at(2), fault.Invalid, "no name")), "larder.yml:2:3: model a.b: no name"},
		{fault.Wrap("run", fault.Wrap("model a.b", io.EOF)), "run: model a.b: EOF"},
		{&fault.Error{Kind: fault.Busy}, "busy"},
		{&fault.Error{Op: "disk", Kind: fault.OutOfRoom}, "disk: out of room"},
		{&fault.Error{Kind: fault.Held, Where: at(1), Err: fault.At(at(2), fault.Held, "row 7")}, "larder.yml:1:3: larder.yml:2:3: row 7"},
		{fault.At(fault.Place{File: "a.csv"}, fault.Broken, "cut off"), "a.csv: cut off"},
		{fault.At(fault.Place{File: "a.csv", Line: 4}, fault.Broken, "cut off"), "a.csv:4: cut off"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestWrappingKeepsKindCauseAndHint(t *testing.T) {
	err := fault.Wrap("outer", fault.New(fault.Busy, "%w", io.ErrUnexpectedEOF).WithHint("wait for %s", "it"))
	if fault.KindOf(err) != fault.Busy || !errors.Is(err, io.ErrUnexpectedEOF) || fault.HintOf(err) != "wait for it" {
		t.Errorf("%v: kind %s, hint %q", err, fault.KindOf(err), fault.HintOf(err))
	}
	if fault.Wrap("nothing", nil) != nil || fault.KindOf(io.EOF) != fault.Internal || fault.HintOf(io.EOF) != "" {
		t.Error("what is no fault has no kind and no hint")
	}
	if list := (fault.List{fault.New(fault.Held, "x")}); fault.KindOf(fmt.Errorf("both: %w", list)) != fault.Held {
		t.Error("a list has the kind of its first")
	}
}

func TestAListIsInOrderAndTellsEachOnce(t *testing.T) {
	var l fault.List
	if l.Err() != nil {
		t.Error("an empty list is no error")
	}
	l.Add(nil)
	l.Add(fault.At(at(9), fault.Invalid, "b"))
	l.Add(fault.List{fault.At(at(2), fault.Invalid, "a"), fault.At(at(9), fault.Invalid, "b")})
	l.Add(io.EOF)
	var sorted fault.List
	if !errors.As(l.Err(), &sorted) {
		t.Fatal(l.Err())
	}
	var got []string
	for _, e := range sorted {
		got = append(got, e.Error())
	}
	if want := []string{"EOF", "larder.yml:2:3: a", "larder.yml:9:3: b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(l.Err(), io.EOF) || !strings.HasSuffix(l.Err().Error(), "(and 2 more)") {
		t.Errorf("%v", l.Err())
	}
}

func TestNearest(t *testing.T) {
	names := []string{"orders", "order_lines", "customers", "x"}
	for name, want := range map[string]string{
		"order": "orders", "ordesr": "orders", "ORDERS": "orders", "order_line": "order_lines", "costumers": "customers", "zebra": "", "y": "",
	} {
		if got, _ := fault.Nearest(name, names); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := fault.DidYouMean("zebra", []string{"a_b", "c_d"}); got != "known: a_b, c_d" {
		t.Errorf("got %q", got)
	}
}

// A name with one slip of the finger is found again.
func TestOneSlipIsForgiven(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.StringMatching(`[a-z]{4,12}`).Draw(r, "name")
		i := rapid.IntRange(0, len(name)-1).Draw(r, "where")
		slip := name[:i] + name[i+1:]
		if rapid.Bool().Draw(r, "another letter") {
			slip = name[:i] + "_" + name[i+1:]
		}
		if got, ok := fault.Nearest(slip, []string{"#########################", name}); !ok || got != name {
			r.Fatalf("%s: got %q", slip, got)
		}
	})
}
