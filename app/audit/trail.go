// Package audit is the practice's audit trail: who did what to which image,
// when, and with what outcome, in lines that nobody can change, drop or add
// without the OS keyring of the user who wrote them.
//
// # What is where
//
// The folder "audit" of the state folder holds one file a month
// (audit-2026-11.jsonl), one JSON object a line; see Line. The keyring holds a
// secret of 32 bytes and the anchor: number and mac of the last line. From
// the secret come two keys (HKDF). With the one each line is authenticated,
// the mac of the line before included, so that the lines form one chain
// across all files. With the other a patient is written as an HMAC: whoever
// has the disk and not the keyring can neither forge a line nor try an NHI.
//
// # What is found, and what is not
//
// A changed, missing, repeated, swapped or foreign line is found by the
// chain; a cut end, and an older copy put back, by the anchor.
//
// The anchor is written after the lines it speaks of are on disk: at once
// when the trail was quiet, and then at most every Options.Every while lines
// come, as a keyring call costs more than a line; and at Close. So there is a
// window: when the agent dies (power cut, kill) with lines on disk that the
// anchor does not know yet (those of the last Options.Every and one keyring
// call, or all since the keyring was locked), and someone cuts exactly those
// off before the agent starts again, it does not show. While the agent lives
// it knows its own end and finds the cut at its next line. The other order,
// anchor first, would call every power cut a tampering.
//
// Two things no file on the same machine can show: files and keyring put
// back together to an earlier day, and what the user himself, for whom the
// keyring opens, forges with the secret. Both need a witness outside, for
// which an export's closing line is made: number and mac of the last line.
//
// # What is never done
//
// A trail that does not verify is never rewritten: a new file begins a new
// chain with a line that says what was found, and fixes the broken files, as
// they were found, by their SHA-256. A last line torn by a power cut is moved
// to a file of its own and recorded with a line. Everything else is only ever
// appended to.
package audit

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// DefaultEvery is the least time between two writes of the anchor.
const DefaultEvery = 5 * time.Second

// Options say where a trail is.
type Options struct {
	Dir   string // the state folder
	Vault app.Vault
	Key   string // the keyring's name for the secret
	Head  string // and for the anchor; a digest of Dir is added

	// The rest counts only for Open.
	Who   string           // OS user; "" asks the OS
	Now   func() time.Time // nil: time.Now
	Log   *slog.Logger     // nil: none
	Every time.Duration    // 0: DefaultEvery
}

// Trail appends to the trail. It implements app.Audit. One process at a time
// may hold one of a state folder: the agent, which owns that folder.
type Trail struct {
	o      Options
	dir    string
	anchor string
	keys   keys

	queue   chan request
	closing chan struct{} // Close was called
	written chan struct{} // the writer has left
	once    sync.Once
	running sync.WaitGroup
	dirty   chan struct{} // the anchor is behind
	end     atomic.Pointer[witness]
	shut    error

	// The writer's alone.
	file *os.File // nil after a failed write
	name segment
	size int64 // of file, as we left it
	seen noted
}

type request struct {
	entries []app.AuditEntry
	done    chan error
}

// mostAtOnce bounds the notes that share one write and one fsync.
const mostAtOnce = 64

var errClosed = errors.New("the trail is closed")

// Open verifies the trail, makes it where there is none, and makes it ready
// to be appended to. The report is of the trail as it was found: where
// Report.Fresh has a fault, this call began a new chain, and somebody should
// be told. A keyring that cannot be asked is KindAuth, and nothing is
// written; a folder that cannot be read or
// written KindFull.
//
// Afterwards the keyring is needed for the anchor only: while it is locked
// lines are written all the same, and the anchor follows when it opens.
func Open(ctx context.Context, o Options) (*Trail, Report, error) {
	if o.Who == "" {
		o.Who = osUser()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Every <= 0 {
		o.Every = DefaultEvery
	}
	t := &Trail{o: o, dir: filepath.Join(o.Dir, Folder), anchor: anchorName(o.Head, o.Dir),
		queue: make(chan request), closing: make(chan struct{}), written: make(chan struct{}), dirty: make(chan struct{}, 1)}
	end, err := t.unlock(ctx)
	if err != nil {
		return nil, Report{}, err
	}
	report, err := t.attach(ctx, end)
	if err != nil {
		t.release()
		return nil, Report{}, err
	}
	ctx = context.WithoutCancel(ctx) // it ends with Close, which must still reach the keyring
	t.running.Go(func() { t.write(ctx) })
	t.running.Go(func() { t.anchors(ctx) })
	return t, report, nil
}

// osUser is the account's name as the OS gives it: DOMAIN\name on Windows.
func osUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "uid " + strconv.Itoa(os.Getuid())
}

// unlock takes keys and anchor from the keyring. A trail that begins here
// gets its anchor before its secret and its first line, so that a trail
// without an anchor is always one that lost it.
func (t *Trail) unlock(ctx context.Context) (witness, error) {
	end, err := readAnchor(ctx, t.o.Vault, t.anchor)
	if err != nil {
		return end, err
	}
	files, err := segments(os.DirFS(t.dir))
	if err != nil {
		return end, err
	}
	if !end.known && len(files) == 0 {
		end = witness{known: true}
		if err := writeAnchor(ctx, t.o.Vault, t.anchor, end); err != nil {
			return end, err
		}
	}
	t.keys, err = readKeys(ctx, t.o.Vault, t.o.Key)
	if app.KindOf(err) == app.KindNotFound {
		t.keys, err = makeKeys(ctx, t.o.Vault, t.o.Key)
	}
	return end, err
}

// Note implements app.Audit. Notes that come together share one fsync.
func (t *Trail) Note(ctx context.Context, entries ...app.AuditEntry) error {
	const op = "note in the audit trail"
	for _, e := range entries {
		switch e.Event {
		case "", EventStarted, EventRecovered, EventBroken:
			return app.E(op, app.KindBug, errors.New("no event of an entry"))
		}
	}
	if err := ctx.Err(); err != nil {
		return app.E(op, app.KindOffline, err)
	}
	r := request{entries, make(chan error, 1)}
	select {
	case t.queue <- r:
	case <-t.closing:
		return app.E(op, app.KindCanceled, errClosed)
	case <-ctx.Done():
		return app.E(op, app.KindOffline, ctx.Err())
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done(): // it may be written all the same; noted again, it adds nothing
		return app.E(op, app.KindOffline, ctx.Err())
	}
}

// Close waits for notes under way, brings the anchor up to the last line and
// closes the file. Its error is the anchor's: no line is lost by it, and the
// next Open catches up. Calls after the first return what it returned.
func (t *Trail) Close() error {
	t.once.Do(func() { close(t.closing) })
	t.running.Wait()
	return t.shut
}

// write is the writer: it alone touches the files.
func (t *Trail) write(ctx context.Context) {
	defer close(t.written)
	defer t.release()
	for {
		var batch []request
		select {
		case <-t.closing:
			return
		case r := <-t.queue:
			batch = append(batch, r)
		}
	more:
		for len(batch) < mostAtOnce {
			select {
			case r := <-t.queue:
				batch = append(batch, r)
			default:
				break more
			}
		}
		err := t.note(ctx, batch)
		for _, r := range batch {
			r.done <- err
		}
	}
}

// note writes what of the batch is new. On an error nobody of it is told
// "done"; what had been written by then is known when it is noted again.
func (t *Trail) note(ctx context.Context, batch []request) error {
	if err := t.ready(ctx); err != nil {
		return err
	}
	var lines []Line
	here := map[string]bool{}
	for _, r := range batch {
		for _, e := range r.entries {
			if e.At.IsZero() {
				e.At = t.o.Now()
			}
			l := t.keys.line(e, t.o.Who)
			if key := l.key(); !here[key] && !t.seen.has(key) {
				here[key] = true
				lines = append(lines, l)
			}
		}
	}
	return t.extend(*t.end.Load(), lines...)
}

// anchors brings the anchor after the lines.
func (t *Trail) anchors(ctx context.Context) {
	var at witness
	catchUp := func() error {
		end := *t.end.Load()
		if end == at {
			return nil
		}
		err := writeAnchor(ctx, t.o.Vault, t.anchor, end)
		if err == nil {
			at = end
		}
		return err
	}
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-t.written:
			t.shut = catchUp()
			return
		case <-pause.C:
		}
		select {
		case <-t.written:
			t.shut = catchUp()
			return
		case <-t.dirty:
		}
		if err := catchUp(); err != nil {
			t.o.Log.Warn("audit anchor not written", "kind", string(app.KindOf(err)))
			t.behind()
		}
		pause.Reset(t.o.Every)
	}
}

func (t *Trail) behind() {
	select {
	case t.dirty <- struct{}{}:
	default:
	}
}
