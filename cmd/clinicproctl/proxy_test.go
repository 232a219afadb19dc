package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
)

// middleman is a proxy that alone knows where *.practice.test is.
type middleman struct {
	net.Listener
	mu   sync.Mutex
	seen map[string]int // host → connections
}

func newMiddleman(t *testing.T, greet func(net.Conn) (target string, answer []byte, err error)) *middleman {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	m := &middleman{Listener: l, seen: map[string]int{}}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go m.pass(conn, greet)
		}
	}()
	return m
}

func (m *middleman) pass(conn net.Conn, greet func(net.Conn) (string, []byte, error)) {
	defer conn.Close()
	target, answer, err := greet(conn)
	if err != nil {
		return
	}
	host, port, _ := net.SplitHostPort(target)
	m.mu.Lock()
	m.seen[host]++
	m.mu.Unlock()
	if !strings.HasSuffix(host, ".practice.test") {
		return
	}
	to, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		return
	}
	defer to.Close()
	if _, err := conn.Write(answer); err != nil {
		return
	}
	go func() { _, _ = io.Copy(to, conn); _ = to.Close() }()
	_, _ = io.Copy(conn, to)
}

func (m *middleman) hosts() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.seen))
}

// httpConnect is RFC 9110's CONNECT.
func httpConnect(conn net.Conn) (string, []byte, error) {
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil || req.Method != http.MethodConnect {
		return "", nil, io.ErrUnexpectedEOF
	}
	return req.Host, []byte("HTTP/1.1 200 Connection established\r\n\r\n"), nil
}

// socks5 is RFC 1928's CONNECT without a password, to a name.
func socks5(conn net.Conn) (string, []byte, error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(conn, head); err != nil {
		return "", nil, err
	}
	if _, err := io.CopyN(io.Discard, conn, int64(head[1])); err != nil {
		return "", nil, err
	}
	if _, err := conn.Write([]byte{5, 0}); err != nil {
		return "", nil, err
	}
	ask := make([]byte, 5)
	if _, err := io.ReadFull(conn, ask); err != nil || ask[3] != 3 {
		return "", nil, io.ErrUnexpectedEOF
	}
	name := make([]byte, int(ask[4])+2)
	if _, err := io.ReadFull(conn, name); err != nil {
		return "", nil, err
	}
	host, port := string(name[:len(name)-2]), binary.BigEndian.Uint16(name[len(name)-2:])
	return net.JoinHostPort(host, strconv.Itoa(int(port))), []byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0}, nil
}

// TestEveryConnectionGoesThroughTheProxy: the names of all four services are
// known to the proxy alone, and their certificates come from a root of the
// practice's own. The doctor comes to a filed photo all the same.
func TestEveryConnectionGoesThroughTheProxy(t *testing.T) {
	r, vault, _ := enrolledRig(t)
	at := func(name, addr string) string {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			t.Fatal(err)
		}
		return name + ".practice.test:" + port
	}
	gateway := "https://" + at("gateway", r.gateway.Listener.Addr().String())
	admin := r.readNames(r.admin)
	admin["CLINICPRO_GATEWAY"] = gateway
	r.ctl("", "cloud", "apply", "-from", r.names("admin2.env", admin)).wants(t, exitDone)
	r.phones = "https://" + at("s3", r.s3)
	r.serveGateway(filepath.Join(r.dir, "gateway.env"))
	station := r.readNames(filepath.Join(r.dir, ours+".env"))
	if err := vault.Set(t.Context(), config.SecretRedis, app.Seal(strings.Replace(station["REDIS_URL"], r.redis, at("redis", r.redis), 1))); err != nil {
		t.Fatal(err)
	}
	for scheme, greet := range map[string]func(net.Conn) (string, []byte, error){"http": httpConnect, "socks5": socks5} {
		m := newMiddleman(t, greet)
		state := t.TempDir()
		if err := os.Mkdir(filepath.Join(state, "filed"), 0o700); err != nil {
			t.Fatal(err)
		}
		settings := "practice = \"" + ours + "\"\ngateway = \"" + gateway + "\"\ns3_endpoint = \"" + r.phones + "\"\ns3_encrypts = false\n" +
			"ably_endpoint = \"https://" + at("ably", r.hub.Listener.Addr().String()) + "\"\nca_file = \"" + r.root + "\"\nproxy = \"" + scheme + "://" + m.Addr().String() + "\"\n"
		if err := os.WriteFile(filepath.Join(state, config.UserFile), []byte(settings), 0o600); err != nil {
			t.Fatal(err)
		}
		code, findings, _ := visit(t, vault, state)
		if code != exitDone {
			for _, f := range findings {
				t.Logf("%-5s %-34s %s %s", f.Verdict, f.Step, f.Detail, f.Fault)
			}
			t.Errorf("%s: exit code %d", scheme, code)
		}
		want := []string{"ably.practice.test", "gateway.practice.test", "redis.practice.test", "s3.practice.test"}
		if got := m.hosts(); !slices.Equal(got, want) {
			t.Errorf("%s: through the proxy went %q", scheme, got)
		}
	}
}
