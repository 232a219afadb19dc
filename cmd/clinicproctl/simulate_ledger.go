package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/picture"
	"github.com/clinicpro-nz/images/sync/phone"
)

// shot is one image on its way, and what is known of it.
type shot struct {
	id     app.ImageID
	sealed app.Digest // what the spool must hold
	leaves app.Digest // what the folder must hold

	put, stored, durable, told time.Time // zero: not yet
	failed                     bool
	lost                       bool
	copies                     int // in the folder
}

func newShot(im phone.Image, jpeg []byte) (*shot, error) {
	clean, err := picture.Strip(jpeg)
	if err != nil {
		return nil, err
	}
	return &shot{id: im.ID, sealed: im.SHA256, leaves: digestOf(clean)}, nil
}

func digestOf(b []byte) app.Digest {
	sum := sha256.Sum256(b)
	return app.Digest(hex.EncodeToString(sum[:]))
}

// ledger knows what became of every image. Safe for concurrent use.
type ledger struct {
	sessions int // to come in all
	on       *servers

	mu     sync.Mutex
	shots  map[app.ImageID]*shot
	done   int
	stucks map[string]int
	calls  phone.Counts
	memory []memorySample
}

func newLedger(sessions int, on *servers) *ledger {
	return &ledger{sessions: sessions, on: on, shots: map[app.ImageID]*shot{}, stucks: map[string]int{}}
}

func (l *ledger) expect(s *shot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shots[s.id] = s
}

// changed is what a phone says of an image.
func (l *ledger) changed(c phone.Change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.shots[c.Image]
	if s == nil {
		return
	}
	first := func(at *time.Time) {
		if at.IsZero() {
			*at = c.At
		}
	}
	switch c.State {
	case phone.StatePut:
		first(&s.put)
	case phone.StateStored:
		first(&s.stored)
	case phone.StateLanded, phone.StateFiled:
		first(&s.told)
	case phone.StateGone, phone.StateFailed:
		s.failed = true
	}
}

// landed is what a spool says.
func (l *ledger) landed(id app.ImageID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.shots[id]; s != nil && s.durable.IsZero() {
		s.durable = time.Now()
	}
}

func (l *ledger) requests(c phone.Counts) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls.Reserves += c.Reserves
	l.calls.Storeds += c.Storeds
	l.calls.Polls += c.Polls
	l.calls.Puts += c.Puts
	l.calls.Repeats += c.Repeats
}

func (l *ledger) stuck(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stucks[err.Error()]++
}

func (l *ledger) sessionOver() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done++
}

// sampleMemory looks at memory between two rounds, when nothing is under way.
func (l *ledger) sampleMemory() {
	debug.FreeOSMemory() // what is left is held, not waiting to be collected
	l.mu.Lock()
	defer l.mu.Unlock()
	l.memory = append(l.memory, l.on.memory(l.done))
}

// proveSpool compares what the spool holds with what the phone was told is
// safe. An image that the phone has not been told of is not lost: the phone
// keeps it.
func (st *station) proveSpool(sid app.SessionID, shots []*shot) error {
	for _, s := range shots {
		sealed, err := st.spool.Sealed(context.Background(), sid, s.id) // a local file, also when time is up
		kind := app.KindOf(err)
		if kind != "" && kind != app.KindNotFound {
			return err
		}
		there := kind == "" && digestOf(sealed) == s.sealed
		st.ledger.mu.Lock()
		s.lost = !there && (!s.stored.IsZero() || !s.told.IsZero())
		st.ledger.mu.Unlock()
	}
	return nil
}

// proveFolder counts the copies of every picture in the folder, by content.
func (st *station) proveFolder() error {
	if !st.sim.file {
		return nil
	}
	copies := map[app.Digest]int{}
	entries, err := os.ReadDir(st.folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".jpg") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(st.folder, e.Name()))
		if err != nil {
			return err
		}
		copies[digestOf(text)]++
	}
	st.ledger.mu.Lock()
	defer st.ledger.mu.Unlock()
	for _, s := range st.ledger.shots {
		s.copies += copies[s.leaves] // every picture is one of its kind, so those of other stations add nothing
	}
	return nil
}

// watch rewrites one line about the run until it is stopped.
func (l *ledger) watch(ctx context.Context, w io.Writer) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			err := pause(ctx, 500*time.Millisecond)
			fmt.Fprintf(w, "\r%s\033[K", l.line())
			if err != nil {
				fmt.Fprintln(w)
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}

func (l *ledger) line() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.outcome()
	return fmt.Sprintf("%d of %d sessions, %d images told stored, %d landed, %d lost, %d stuck; PUT to landed p50 %.0f ms, p99 %.0f ms",
		l.done, l.sessions, t.told, t.landed, t.lost, sum(l.stucks), t.landing.P50, t.landing.P99)
}

// pictures makes JPEGs of about one size, no two of which decode alike.
type pictures struct {
	mu   sync.Mutex
	base []byte
	at   int // of the luminance quantisation table's 64 values
	n    uint64
}

func newPictures(size int, seed uint64) *pictures {
	base := noisePhoto(size)
	at := bytes.Index(base, []byte{0xFF, 0xDB}) + 5 // marker, length, table number
	return &pictures{base: base, at: at, n: seed << 32}
}

// next is the base with a number written into its high frequencies' steps:
// the picture stays a good JPEG, and its pixels differ.
func (p *pictures) next() []byte {
	p.mu.Lock()
	p.n++
	n := p.n
	p.mu.Unlock()
	out := bytes.Clone(p.base)
	var digits [8]byte
	binary.BigEndian.PutUint64(digits[:], n)
	steps := out[p.at+64-16 : p.at+64]
	for i, d := range digits { // two values from 1 to 16 a byte: a step of 0 is no JPEG
		steps[2*i], steps[2*i+1] = d>>4+1, d&15+1
	}
	return out
}
