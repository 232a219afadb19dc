package apptest

import (
	"bufio"
	"net"
	"os/exec"
	"strings"
	"testing"
)

// RedisServer starts a real redis-server on a free loopback port and returns
// host:port. It ends with the test. args are more of its settings.
func RedisServer(t testing.TB, args ...string) string {
	t.Helper()
	addr, _ := StoppableRedis(t, args...)
	return addr
}

// StoppableRedis is RedisServer with a way to end it early.
func StoppableRedis(t testing.TB, args ...string) (addr string, stop func()) {
	t.Helper()
	addr = FreeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command("redis-server", append([]string{"--port", port, "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--dir", t.TempDir()}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("redis-server is needed: %v", err)
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(stop)
	for s := bufio.NewScanner(out); s.Scan(); {
		if strings.Contains(s.Text(), "Ready to accept connections") {
			return addr, stop
		}
	}
	t.Fatal("redis-server did not get ready")
	return "", nil
}
