package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// served is the output of a command that serves; at its last words it calls.
type served struct {
	bytes.Buffer
	last string
	call func(said string)
}

// Write keeps what is said.
func (s *served) Write(part []byte) (int, error) {
	n, err := s.Buffer.Write(part)
	if strings.Contains(string(part), s.last) {
		s.call(s.String())
	}
	return n, err
}

// The addresses and keys that are printed are those that work, with the
// limits of real vendors, until the command is told to stop.
func TestServeVendors(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var statuses []int
	out := &served{last: "Ctrl-C"}
	out.call = func(said string) {
		defer stop()
		address := regexp.MustCompile(`http://\S+/shop/v1/orders\S*`).FindString(said)
		key := regexp.MustCompile(`Authorization: (Bearer \S+)`).FindStringSubmatch(said)
		if address == "" || key == nil {
			return
		}
		for range 4 {
			r, err := http.NewRequest(http.MethodGet, address, nil)
			if err != nil {
				return
			}
			r.Header.Set("Authorization", key[1])
			answer, err := client.Do(r)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
			statuses = append(statuses, answer.StatusCode)
		}
	}
	args := []string{"demo", "--serve-vendors", "127.0.0.1:0", "--days", "2", "--scale", "0.1"}
	if err := command(newTerminal(nil, out, io.Discard)).run(ctx, args); err != nil {
		t.Fatal(err)
	}
	if len(statuses) != 4 || statuses[0] != 200 || statuses[1] != 200 || statuses[3] != 429 {
		t.Errorf("statuses %v, told\n%s", statuses, out.String())
	}
}

func TestServeVendorsOfThisMachineOnly(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "shop"} {
		err := command(newTerminal(nil, io.Discard, io.Discard)).run(t.Context(), []string{"demo", "--serve-vendors", addr})
		if exitCode(err) != exitInvalid {
			t.Errorf("%s: %v", addr, err)
		}
	}
}
