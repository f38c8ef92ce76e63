package s3test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// The real server: an S3 gateway to a folder.
const (
	program = "versitygw"
	version = "v1.8.0"
	module  = "github.com/versity/versitygw/cmd/versitygw@" + version
)

// Real starts a real server over a folder of its own, that ends with the test.
// Its program is looked for in PATH and otherwise built once, which takes
// minutes. A test that has none is skipped, and fails where CI is set.
func Real(t testing.TB) *Server {
	t.Helper()
	socket := filepath.Join(short(t), "socket")
	gateway(t, "unix", socket)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}
	pool := &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 32, DisableCompression: true}
	t.Cleanup(pool.CloseIdleConnections)
	return serve(t, &httputil.ReverseProxy{
		// The host stays what the client signed.
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", program, r.In.Host
		},
		Transport:    pool,
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	})
}

// Direct starts a real server as Real does, with nothing of this process before
// it, and returns its address: for measuring.
func Direct(t testing.TB) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	gateway(t, "tcp", address)
	return "http://" + address
}

// short is a folder whose path is: that of a socket has to be.
func short(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "larder-s3")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// gateway starts the server's process and waits until it listens.
func gateway(t testing.TB, network, address string) {
	t.Helper()
	folder := short(t)
	data, beside := filepath.Join(folder, "data"), filepath.Join(folder, "beside")
	for _, dir := range []string{filepath.Join(data, Bucket), beside} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// What the server knows of objects stands beside them: not every file system
	// keeps attributes.
	p := start(t, exec.Command(installed(t), "--port", address, "--quiet", "--region", Region, "--access", Access, "--secret", Secret,
		"posix", "--sidecar", beside, data))
	p.await(t, network, address)
}

// installed finds the program, or builds it where it is found the next time.
func installed(t testing.TB) string {
	t.Helper()
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	home, err := os.UserCacheDir()
	if err != nil {
		home = os.TempDir()
	}
	home = filepath.Join(home, "larder-test")
	path := filepath.Join(home, program+"-"+version)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.MkdirTemp(home, "building-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(fresh)
	ctx, stop := context.WithTimeout(context.Background(), 8*time.Minute)
	defer stop()
	build := exec.CommandContext(ctx, "go", "install", "-ldflags=-s -w", module)
	build.Env, build.Dir = append(os.Environ(), "GOBIN="+fresh, "GOFLAGS="), fresh
	if out, err := build.CombinedOutput(); err != nil {
		lacking(t, fmt.Sprintf("there is no %s in PATH, and it cannot be built: %v\n%s", program, err, out))
	}
	if err := os.Rename(filepath.Join(fresh, program), path); err != nil {
		t.Fatal(err)
	}
	return path
}

// lacking skips a test, and fails it where everything has to be there.
func lacking(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// process is a server that runs.
type process struct {
	*exec.Cmd
	ended chan struct{}
	log   *bytes.Buffer // to be read once it has ended
}

// start starts a server that is killed when the test ends, or dies.
func start(t testing.TB, command *exec.Cmd) *process {
	t.Helper()
	p := &process{Cmd: command, ended: make(chan struct{}), log: &bytes.Buffer{}}
	p.Stdout, p.Stderr = p.log, p.log
	p.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.Wait() // it is killed
		close(p.ended)
	}()
	t.Cleanup(func() { p.stop() })
	return p
}

func (p *process) stop() {
	_ = p.Process.Kill() // it may have ended
	<-p.ended
}

// await waits until the server takes connections.
func (p *process) await(t testing.TB, network, address string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Minute)
	for {
		if c, err := net.Dial(network, address); err == nil {
			_ = c.Close()
			return
		}
		select {
		case <-tick.C:
		case <-p.ended:
			t.Fatalf("%s does not start:\n%s", program, p.log)
		case <-late:
			p.stop()
			t.Fatalf("%s does not answer:\n%s", program, p.log)
		}
	}
}
