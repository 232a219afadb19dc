package durable

import (
	"errors"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// block is what direct writes are whole multiples of, in memory and in the
	// file: the largest that Linux's file systems ask for on common disks.
	block = 4096
	// directFrom is the size from which a direct write is the cheaper one.
	directFrom = 16 * block
	// stageSize is one huge page, so that a disk is handed one piece of memory
	// and not hundreds; stagesAtOnce is how many such writes a disk is given
	// together.
	stageSize    = 2 << 20
	stagesAtOnce = 8
)

// fillDirect writes past the page cache, and syncs. What is synced at once
// gains nothing from a copy in the cache, and making that copy is most of what
// a landing costs the processor. Where it cannot be done, f is empty again and
// the error ErrUnsupported.
func fillDirect(f *os.File, b []byte) error {
	if len(b) < directFrom {
		return errors.ErrUnsupported
	}
	stages.enter()
	defer stages.leave()
	if setDirect(f, true) != nil {
		return errors.ErrUnsupported
	}
	if err := errors.Join(fillStaged(f, b), setDirect(f, false)); err == nil {
		return f.Sync()
	}
	// A disk that is full in the middle of a block answers "invalid": the plain
	// way says what is wrong.
	if _, err := f.Seek(0, 0); err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	return errors.ErrUnsupported
}

// fillStaged writes b by way of a stage. What is written behind b's end, to
// fill the last block, is cut off again.
func fillStaged(f *os.File, b []byte) error {
	s, err := stages.take()
	if err != nil {
		return err
	}
	defer stages.give(s)
	for rest := b; len(rest) > 0; {
		n := copy(s.mem, rest)
		rest = rest[n:]
		whole := (n + block - 1) / block * block
		clear(s.mem[n:whole])
		if _, err := f.Write(s.mem[:whole]); err != nil {
			return err
		}
	}
	if len(b)%block == 0 {
		return nil
	}
	return f.Truncate(int64(len(b)))
}

// stage is memory to write from: a huge page outside Go's heap, whose pages
// lie anywhere.
type stage struct{ mapped, mem []byte }

// newStage maps twice what it needs, so that a huge page can begin in it.
// Where the system has none to give, it is common memory.
func newStage() (stage, error) {
	mapped, err := unix.Mmap(-1, 0, 2*stageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return stage{}, err
	}
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(mapped)))) & (stageSize - 1)
	mem := mapped[skip : skip+stageSize]
	_ = unix.Madvise(mem, unix.MADV_HUGEPAGE)
	return stage{mapped, mem}, nil
}

// staging lends stages out, and gives their memory back to the system when
// nobody is writing.
type staging struct {
	places chan struct{} // one for each stage that is lent out

	mu    sync.Mutex
	users int
	free  []stage
}

var stages = staging{places: make(chan struct{}, stagesAtOnce)}

// enter announces that a stage will be wanted; leave follows when all is done.
func (g *staging) enter() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.users++
}

func (g *staging) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.users--; g.users > 0 {
		return
	}
	for _, s := range g.free {
		_ = unix.Munmap(s.mapped)
	}
	g.free = nil
}

// take waits for a place and returns a stage that nobody else has.
func (g *staging) take() (stage, error) {
	g.places <- struct{}{}
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := len(g.free); n > 0 {
		s := g.free[n-1]
		g.free = g.free[:n-1]
		return s, nil
	}
	s, err := newStage()
	if err != nil {
		<-g.places
	}
	return s, err
}

func (g *staging) give(s stage) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free = append(g.free, s)
	<-g.places
}

func setDirect(f *os.File, on bool) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
		if err == nil {
			flags &^= unix.O_DIRECT
			if on {
				flags |= unix.O_DIRECT
			}
			_, err = unix.FcntlInt(fd, unix.F_SETFL, flags)
		}
		failed = err
	})
	return errors.Join(err, failed)
}
