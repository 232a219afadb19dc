package apptest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
)

var given sync.Map // port → taken by an earlier call of this process

// FreeAddr is a loopback host:port that nobody listens on, and a server that
// gives it up for a while finds it free again: it lies below the ports that
// the system hands out to connections by itself (from 32768 on Linux, 49152 on
// Windows), and no other call in this process returns it.
func FreeAddr(t testing.TB) string {
	t.Helper()
	const lowest, beyond = 10240, 32768
	for range beyond - lowest {
		port := lowest + rand.IntN(beyond-lowest)
		if _, taken := given.LoadOrStore(port, true); taken {
			continue
		}
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		_ = l.Close()
		return addr
	}
	t.Fatal("no loopback port is free")
	return ""
}
