//go:build linux

package main_test

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
)

// resetting is a way to a service on which toxiproxy resets one connection in
// ten, two seconds after its first byte. It listens at addr, and counts what it
// has reset. Each connection goes by one of two proxies: with reset_peer in its
// chain toxiproxy throws away what the connections that it spares still had to
// say when they end.
func resetting(t testing.TB, addr, upstream string) (resets *atomic.Int32) {
	t.Helper()
	const share = 10
	sound, broken := newWire(t, upstream), newWire(t, upstream)
	broken.toxic("reset_peer", `{"timeout":2000}`)
	street, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = street.Close() })
	resets = new(atomic.Int32)
	go func() {
		for n := 1; ; n++ {
			phone, err := street.Accept()
			if err != nil {
				return
			}
			way := sound
			if n%share == 0 {
				way = broken
				resets.Add(1)
			}
			go relay(phone.(*net.TCPConn), way.addr())
		}
	}()
	return resets
}

// relay passes a connection on, and its reset back.
func relay(phone *net.TCPConn, to string) {
	defer phone.Close()
	conn, err := net.Dial("tcp", to)
	if err != nil {
		_ = phone.SetLinger(0)
		return
	}
	service := conn.(*net.TCPConn)
	defer service.Close()
	go func() {
		_, _ = io.Copy(service, phone)
		_ = service.CloseWrite()
	}()
	if _, err := io.Copy(phone, service); err != nil {
		_ = phone.SetLinger(0)
	}
}
