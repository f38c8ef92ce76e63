// Command bench measures what Larder costs beside the physical limit: the same
// SQL in one bare DuckDB, in the same run. Every case is a process of its own;
// what counts is its processor time, since machines are shared and noisy.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	larder := flag.String("larder", "", "the program to measure; built when empty")
	large := flag.Bool("large", false, "also compile 10,000 models")
	bare := flag.String("bare", "", "internal: run the statements of this file in a bare DuckDB")
	flag.Parse()
	err := errors.New("unexpected arguments: " + strings.Join(flag.Args(), " "))
	switch {
	case *bare != "":
		err = runBare(context.Background(), *bare)
	case flag.NArg() == 0:
		err = measureAll(*larder, *large)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// cost is what a process used.
type cost struct {
	cpu    time.Duration
	wall   time.Duration
	memory float64 // most megabytes held
}

// run runs a process to its end and returns what it cost.
func run(dir, program string, args ...string) (cost, error) {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return cost{}, fmt.Errorf("%s %s: %w\n%s", filepath.Base(program), strings.Join(args, " "), err, out)
	}
	c := cost{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), wall: time.Since(began)}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.memory = float64(usage.Maxrss) / 1024
	}
	return c, nil
}

// best is the cheapest of three runs of a case, each prepared anew.
func best(measure func() (cost, error)) (cost, error) {
	var least cost
	for try := range 3 {
		c, err := measure()
		if err != nil {
			return cost{}, err
		}
		if try == 0 || cmp.Compare(c.cpu, least.cpu) < 0 {
			least = c
		}
	}
	return least, nil
}

// line prints a row of the table; limit is what the cost is held against, 0 for
// nothing.
func line(name string, c cost, limit time.Duration, goal string) {
	ratio := ""
	if limit > 0 {
		ratio = strconv.FormatFloat(c.cpu.Seconds()/limit.Seconds(), 'f', 2, 64) + " x"
	}
	fmt.Fprintf(os.Stdout, "%-52s %8.2f %8.2f %7.0f  %7s  %s\n", name, c.cpu.Seconds(), c.wall.Seconds(), c.memory, ratio, goal)
}

func measureAll(larder string, large bool) error {
	work, err := os.MkdirTemp("", "larder-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if larder == "" {
		larder = filepath.Join(work, "larder")
		if _, err := run("", "go", "build", "-o", larder, "./cmd/larder"); err != nil {
			return err
		}
	}
	b := bencher{larder: larder, work: work}
	fmt.Fprintf(os.Stdout, "%-52s %8s %8s %7s  %7s  %s\n", "case", "CPU s", "wall s", "MB", "ratio", "goal")
	for _, c := range []struct{ models, checks int }{{200, 0}, {200, 4}, {1000, 0}} {
		if err := b.build(c.models, c.checks); err != nil {
			return err
		}
	}
	sizes := []struct {
		models    int
		realistic bool
	}{{1000, false}, {1000, true}}
	if large {
		sizes = append(sizes, struct {
			models    int
			realistic bool
		}{10000, false})
	}
	for _, s := range sizes {
		if err := b.validate(s.models, s.realistic); err != nil {
			return err
		}
	}
	return nil
}
