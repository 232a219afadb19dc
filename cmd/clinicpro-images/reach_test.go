package main

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app/config"
)

func addrs(text string) (out []netip.Addr) {
	for _, a := range strings.Fields(text) {
		out = append(out, netip.MustParseAddr(a))
	}
	return out
}

func TestNetworkAddress(t *testing.T) {
	for _, c := range []struct{ has, leaves, want string }{
		{"192.168.1.20", "192.168.1.20", "192.168.1.20:8787"},
		{"192.168.56.1 10.1.2.3", "10.1.2.3", "10.1.2.3:8787"},        // a virtual machines' network first
		{"192.168.1.20 10.8.0.2", "203.0.113.9", "192.168.1.20:8787"}, // traffic leaves by a tunnel
		{"fe80::1 fd00::7 169.254.3.4 203.0.113.9 100.64.0.1", "203.0.113.9", ""},
		{"172.16.0.5", "", "172.16.0.5:8787"}, // a network that leads nowhere
		{"", "", ""},
	} {
		var leaves netip.Addr
		if c.leaves != "" {
			leaves = netip.MustParseAddr(c.leaves)
		}
		lc := localCloud{listen: config.LocalNetwork, addresses: func() []netip.Addr { return addrs(c.has) }, leavesBy: func() netip.Addr { return leaves }}
		listen, reached := lc.reach()
		if want := c.want; want == "" && (reached || listen != loopbackListen) || want != "" && (!reached || listen != want) {
			t.Errorf("%q, leaving by %q: %s, %v", c.has, c.leaves, listen, reached)
		}
	}
}

func TestListensOn(t *testing.T) {
	for _, c := range []struct{ flag, setting, want string }{
		{"", "", loopbackListen}, {"", "network", "network"}, {"10.0.0.1:1", "network", "10.0.0.1:1"},
	} {
		if got := (options{listen: c.flag}).listensOn(config.Config{LocalListen: c.setting}); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// TestAwaitMove: the local cloud moves when its address is gone, or the first
// network has come; for nothing else.
func TestAwaitMove(t *testing.T) {
	for _, c := range []struct {
		listen, now string
		moves       bool
	}{
		{"192.168.1.20:8787", "192.168.1.21", true},
		{"192.168.1.20:8787", "", true},
		{loopbackListen, "192.168.1.20", true},
		{loopbackListen, "", false},
		{"192.168.1.20:8787", "192.168.1.20", false},
		{"192.168.1.20:8787", "10.0.0.5 192.168.1.20", false}, // traffic leaves by the second now
	} {
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		looks, enough := 0, make(chan struct{})
		lc := localCloud{listen: config.LocalNetwork, every: time.Millisecond, leavesBy: func() netip.Addr { return netip.Addr{} },
			addresses: func() []netip.Addr {
				mu.Lock()
				defer mu.Unlock()
				if looks++; looks == 20 {
					close(enough)
				}
				return addrs(c.now)
			}}
		moved := make(chan struct{})
		go func() { lc.awaitMove(ctx, c.listen); close(moved) }()
		select {
		case <-moved:
			if !c.moves {
				t.Errorf("%+v: moved", c)
			}
		case <-enough:
			if c.moves {
				t.Errorf("%+v: stays", c)
			}
		}
		cancel()
		<-moved
	}
}

// TestOwnAddresses: this computer's addresses are read as they are chosen
// among, and loopback is none of them.
func TestOwnAddresses(t *testing.T) {
	for _, a := range ownAddresses() {
		if !a.IsValid() || a.IsLoopback() || a.Is4In6() {
			t.Errorf("%s", a)
		}
	}
	if at := leavesBy(); at.IsValid() && !at.Is4() {
		t.Errorf("leaves by %s", at)
	}
}
