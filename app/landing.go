package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// landingBytes bounds what landings hold in memory at once, and smallImage
	// is what one is taken to be whose size nobody has said: nearly all are
	// smaller, and one that is not is asked for again as what it is.
	landingBytes = 24 << 20
	smallImage   = 2 << 20
	// deletesAtOnce bounds the requests that follow landings.
	deletesAtOnce = 4
	// backlogPatience is how long what can wait is held up by images that wait
	// to be fetched.
	backlogPatience = 2 * time.Second
)

// backlog counts landings that wait for a place. While there are any, what is
// not about safety stands back: pictures are opened, and objects deleted, once
// everything is on its way to the disk.
type backlog struct {
	mu    sync.Mutex
	n     int
	empty chan struct{} // closed when n is 0 again
}

func (b *backlog) add() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n++; b.n == 1 {
		b.empty = make(chan struct{})
	}
}

func (b *backlog) done() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n--; b.n == 0 {
		close(b.empty)
	}
}

// waiting reports whether any landing waits for a place.
func (b *backlog) waiting() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.n > 0
}

// wait returns when nothing waits, after backlogPatience, or at ctx's end.
func (b *backlog) wait(ctx context.Context) {
	b.mu.Lock()
	n, empty := b.n, b.empty
	b.mu.Unlock()
	if n == 0 {
		return
	}
	timer := time.NewTimer(backlogPatience)
	defer timer.Stop()
	select {
	case <-empty:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// memory lends out what landings read into, again and again while they last:
// fresh memory costs a landing as much of the processor as hashing it. With
// the last landing it is the garbage collector's.
type memory struct {
	mu    sync.Mutex
	lent  int
	free  [][]byte
	bytes int64 // of free, landingBytes at most
}

// take returns n bytes, of any content.
func (m *memory) take(n int64) []byte {
	const step = 64 << 10 // images of about one size take each other's place
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lent++
	for i, b := range m.free {
		if int64(cap(b)) >= n {
			m.free = slices.Delete(m.free, i, i+1)
			m.bytes -= int64(cap(b))
			return b[:n]
		}
	}
	return make([]byte, n, (n+step-1)/step*step)
}

// give takes back what take returned; nobody may use it any more.
func (m *memory) give(b []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lent--; m.lent == 0 {
		m.free, m.bytes = nil, 0
		return
	}
	if m.bytes+int64(cap(b)) <= landingBytes {
		m.free = append(m.free, b)
		m.bytes += int64(cap(b))
	}
}

// goLater is goDo once no landing waits for a place.
func (e *Engine) goLater(ctx context.Context, sid SessionID, deadline time.Duration, slots chan struct{}, do func(context.Context) What) {
	e.group.Go(func() error {
		e.backlog.wait(ctx)
		e.goDo(ctx, sid, deadline, slots, do)
		return nil
	})
}

// goLand lands one image beside the loop. Its place is another's once the
// bytes are here: while the disk syncs, the line need not stand still.
func (e *Engine) goLand(ctx context.Context, sid SessionID, do LandImage) {
	e.backlog.add()
	e.group.Go(func() error {
		select {
		case e.landings <- struct{}{}:
			e.backlog.done()
		case <-ctx.Done():
			e.backlog.done()
			return nil
		}
		free := sync.OnceFunc(func() { <-e.landings })
		defer free()
		ctx, cancel := context.WithTimeout(ctx, objectDeadline)
		defer cancel()
		e.Send(Input{SID: sid, What: e.land(ctx, sid, do, free)})
		return nil
	})
}

// land makes one image durable: fetched whole, checksum compared, written. It
// calls fetched once the bytes are here and right.
func (e *Engine) land(ctx context.Context, sid SessionID, do LandImage, fetched func()) What {
	bound := min(do.Bytes, do.MaxBytes)
	if do.Bytes == 0 {
		bound = min(smallImage, do.MaxBytes)
	}
	out := e.landWithin(ctx, sid, do, bound, fetched)
	if do.Bytes == 0 && KindOf(out.Err) == KindTooLarge && bound < do.MaxBytes {
		out = e.landWithin(ctx, sid, do, do.MaxBytes, fetched)
	}
	return out
}

func (e *Engine) landWithin(ctx context.Context, sid SessionID, do LandImage, bound int64, fetched func()) Landed {
	out := Landed{Image: do.Image, Area: AreaObjects}
	weight := min(bound, landingBytes)
	if err := e.landBytes.Acquire(ctx, weight); err != nil {
		out.Err = E("land image", KindOffline, err)
		return out
	}
	defer e.landBytes.Release(weight)
	memory := e.memory.take(bound)
	defer e.memory.give(memory)
	sealed, sum, err := e.ports.Objects.Get(ctx, sid, do.Image, memory)
	if err == nil && do.SHA256 != "" && sum != do.SHA256 {
		err = E("land image", KindCorrupt, errors.New("checksum differs from the registry's"))
	}
	if err == nil {
		fetched()
		out.Area = AreaSpool
		err = e.ports.Spool.Land(ctx, sid, do.Image, sealed)
	}
	out.Bytes, out.SHA256, out.Err = int64(len(sealed)), sum, err
	return out
}
