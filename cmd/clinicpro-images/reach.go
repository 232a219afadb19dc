package main

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/clinicpro-nz/images/app/config"
)

const (
	// loopbackListen is where local mode is reached when nothing says
	// otherwise: from this computer alone.
	loopbackListen = "127.0.0.1:8787"
	// networkPort is the port on the practice's network: the one that the
	// installer's firewall rule opens.
	networkPort = 8787
	// lookForMove is how often local mode on the practice's network looks
	// whether the computer still has the address that it listens on.
	lookForMove = 15 * time.Second
)

// listensOn is where local mode listens by flag and settings.
func (o options) listensOn(cfg config.Config) string {
	switch {
	case o.listen != "":
		return o.listen
	case cfg.LocalListen != "":
		return cfg.LocalListen
	}
	return loopbackListen
}

// reach is where the local cloud is to listen now. reached is false when that
// is meant to be the practice's network and there is none: on loopback, photos
// that have arrived can be filed all the same.
func (c localCloud) reach() (listen string, reached bool) {
	if c.listen != config.LocalNetwork {
		return c.listen, true
	}
	at := networkAddress(c.addresses(), c.leavesBy())
	if !at.IsValid() {
		return loopbackListen, false
	}
	return netip.AddrPortFrom(at, networkPort).String(), true
}

// networkAddress chooses this computer's address on the practice's network
// among all it has: private and IPv4, as a practice's router gives them. The
// one that traffic leaves by goes before those of virtual machines' networks.
func networkAddress(has []netip.Addr, leaves netip.Addr) (at netip.Addr) {
	for _, a := range has {
		switch {
		case !a.Is4() || !a.IsPrivate():
		case a == leaves:
			return a
		case !at.IsValid():
			at = a
		}
	}
	return at
}

// ownAddresses are the addresses of this computer's networks that are up. A
// point-to-point link is no network that a phone is on.
func ownAddresses() (out []netip.Addr) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&(net.FlagLoopback|net.FlagPointToPoint) != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil {
				out = append(out, prefix.Addr().Unmap())
			}
		}
	}
	return out
}

// leavesBy is the address that this computer's traffic leaves by; the zero
// Addr when it goes nowhere. Nothing is sent: a datagram's socket alone asks
// for the route.
func leavesBy() netip.Addr {
	conn, err := net.Dial("udp4", "192.0.2.1:9") // of TEST-NET-1 (RFC 5737): nobody's
	if err != nil {
		return netip.Addr{}
	}
	defer conn.Close()
	if at, ok := conn.LocalAddr().(*net.UDPAddr); ok {
		return at.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// awaitMove returns when the local cloud should listen elsewhere than on
// listen, or when ctx ends. A second network beside the one that is used is no
// reason: phones that are paired know this address.
func (c localCloud) awaitMove(ctx context.Context, listen string) {
	if c.listen != config.LocalNetwork {
		<-ctx.Done()
		return
	}
	look := time.NewTicker(c.every)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		if next, _ := c.reach(); next == listen {
			continue
		}
		if at, err := netip.ParseAddrPort(listen); err == nil && !at.Addr().IsLoopback() && slices.Contains(c.addresses(), at.Addr()) {
			continue
		}
		return
	}
}
