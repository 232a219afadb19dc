package app

import (
	"sync"
	"testing"
)

// TestLandingMemory borrows from many goroutines, each of which must find
// what it wrote: two that had the same memory would not.
func TestLandingMemory(t *testing.T) {
	t.Parallel()
	var m memory
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for n := range 300 {
				size := 1 + (n*7919+worker*104729)%(1<<20)
				b := m.take(int64(size))
				if len(b) != size {
					t.Errorf("%d bytes where %d were asked for", len(b), size)
				}
				b[0], b[size-1] = byte(worker), byte(worker)
				if b[0] != byte(worker) || b[size-1] != byte(worker) {
					t.Error("another wrote into memory that was lent out")
				}
				m.give(b)
			}
		})
	}
	group.Wait()
	if m.lent != 0 || m.free != nil || m.bytes != 0 {
		t.Errorf("%d lent and %d bytes kept after the last landing", m.lent, m.bytes)
	}
}

// TestLandingMemoryIsBounded gives back more than landings may hold.
func TestLandingMemoryIsBounded(t *testing.T) {
	t.Parallel()
	var m memory
	var lent [][]byte
	for range 2*landingBytes>>20 + 1 {
		lent = append(lent, m.take(1<<20))
	}
	first := m.take(1 << 20)
	for _, b := range lent {
		m.give(b)
	}
	if m.bytes > landingBytes || m.bytes < landingBytes/2 {
		t.Errorf("%d bytes are kept, at most %d may be", m.bytes, landingBytes)
	}
	if again := m.take(1 << 20); &again[0] == &first[0] {
		t.Error("memory that is still lent out was lent again")
	}
}
