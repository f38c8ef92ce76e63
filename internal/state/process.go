package state

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// ThisProcess names the running process for Run.Process: host, process number
// and start time, as "host:pid:start". The start time, in the system's own
// ticks, keeps apart two processes that got the same number one after the
// other; it is 0 where the system does not tell it.
func ThisProcess() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	pid := os.Getpid()
	return fmt.Sprintf("%s:%d:%s", host, pid, startOf(pid))
}

// ProcessAlive reports whether the process named as ThisProcess does still
// runs. Known is false when this machine cannot tell: the name is of another
// host, or not understood.
func ProcessAlive(process string) (alive, known bool) {
	parts := strings.Split(process, ":")
	if len(parts) != 3 {
		return false, false
	}
	pid, err := strconv.Atoi(parts[1])
	host, hostErr := os.Hostname()
	if err != nil || pid <= 0 || hostErr != nil || host != parts[0] {
		return false, false
	}
	if start := startOf(pid); start != "0" && parts[2] != "0" {
		return start == parts[2], true
	}
	found, err := os.FindProcess(pid)
	if err != nil {
		return false, true
	}
	err = found.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission), true
}

// startOf returns when a process began: the system's boot and the ticks since,
// or "0" when that cannot be read.
func startOf(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "0"
	}
	// The second field is the program's name in parentheses and may hold spaces.
	_, rest, found := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if !found || len(fields) < 20 || fields[0] == "Z" {
		return "0"
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil || len(boot) < 8 {
		return fields[19]
	}
	return string(boot[:8]) + "." + fields[19]
}
