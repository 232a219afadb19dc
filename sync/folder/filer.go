package folder

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/durable"
)

// file is one file of a work.
type file struct {
	ending string
	body   []byte
	sum    app.Digest // of body, as frozen
	whole  bool       // body is what was frozen
}

func newFile(ending string, body []byte, sum app.Digest) file {
	return file{ending, body, sum, digest(body) == sum}
}

// work is one name to be given, with its files: the last is the picture or
// the document, one before it its sidecar. Decided once one of the last three
// is set.
type work struct {
	key         string // names its .tmp
	stem        string // of its name
	images      []app.ImageID
	files       []file
	number      int // 1: the plain name; n: name_n
	place       string
	unconfirmed bool
	err         error
}

func (w *work) decided() bool { return w.place != "" || w.unconfirmed || w.err != nil }

func (w *work) main() file { return w.files[len(w.files)-1] }

// receipt is what is answered for one picture of the work. unknown says that
// a call is not over, so that what failed may come to be there all the same.
func (w *work) receipt(d app.Delivery, id app.ImageID, unknown bool) app.Receipt {
	r := app.Receipt{Image: id, Place: app.Seal(w.place), Unconfirmed: w.unconfirmed}
	if w.place != "" {
		r.Ref = d.ID + "#" + strconv.Itoa(w.number)
	}
	if w.err != nil {
		r.Err, r.Unknown = app.E(op, kind(w.err), bare(w.err)), unknown
	}
	return r
}

// errSilent: the folder has not answered for Patience.
const errSilent = reason("the folder does not answer")

// filer gives files their names, one delivery at a time.
type filer struct {
	now      func() time.Time
	patience time.Duration
	turn     chan struct{}

	mu   sync.Mutex
	held map[string]bool // deliveries whose last call is not over
}

func newFiler() *filer {
	return &filer{now: time.Now, patience: Patience, turn: make(chan struct{}, 1), held: map[string]bool{}}
}

// file files the jobs of a delivery into dir and decides each. It comes back
// when ctx ends or the folder has been silent for too long, though the call
// of the file system may go on: unknown then says that its end is not known.
// What it does later is found by the next call, which waits for it.
func (f *filer) file(ctx context.Context, d app.Delivery, dir, record string, jobs []*work) (unknown bool) {
	quiet := time.NewTimer(f.patience)
	defer quiet.Stop()
	undone := func(err error) {
		for _, w := range jobs {
			*w = work{key: w.key, stem: w.stem, files: w.files, err: err}
		}
	}
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		undone(ctx.Err())
		return f.holds(record) || d.Unsure
	case <-quiet.C:
		undone(errSilent)
		return f.holds(record) || d.Unsure
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	step, done := make(chan struct{}, 1), make(chan struct{})
	told := 0
	t := &try{ctx: ctx, dir: dir, state: filepath.Join(dir, stateFolder), id: d.ID, record: record, step: step}
	for _, w := range jobs { // its own, for as long as the call may go on
		own := *w
		t.work = append(t.work, &own)
	}
	f.hold(record, true)
	go func() {
		defer close(done)
		defer func() { <-f.turn }()
		t.all()
		f.sweep(t.state)
		f.hold(record, false)
	}()
	tell := func() {
		for ; d.Passed != nil && told < int(t.written.Load()); told++ {
			for _, id := range t.work[told].images {
				d.Passed(id)
			}
		}
	}
	for {
		select {
		case <-done:
			tell()
			for i, w := range t.work {
				*jobs[i] = *w
			}
			return false
		case <-step:
			quiet.Reset(f.patience)
			tell()
		case <-quiet.C:
			undone(errSilent)
			return true
		case <-ctx.Done():
			// It looks at ctx between any two steps: when the folder answers it
			// is over at once, and what it did is known.
			select {
			case <-done:
				for i, w := range t.work {
					*jobs[i] = *w
				}
				return false
			case <-time.After(min(f.patience, 2*time.Second)):
				undone(ctx.Err())
				return true
			}
		}
	}
}

func (f *filer) hold(record string, held bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if held {
		f.held[record] = true
	} else {
		delete(f.held, record)
	}
}

func (f *filer) holds(record string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.held[record]
}

// sweep removes what deliveries long past have left.
func (f *filer) sweep(state string) {
	entries, err := os.ReadDir(state)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && f.now().Sub(info.ModTime()) > Keep {
			_ = os.Remove(filepath.Join(state, e.Name())) // tried again by the next delivery
		}
	}
}

// try is one call of file.
type try struct {
	ctx    context.Context
	dir    string
	state  string
	id     string // of the delivery
	record string // names the record
	rec    record
	work   []*work
	// written counts the works, from the first on, whose bytes are in the folder
	// or decided about.
	written atomic.Int32
	step    chan struct{} // a step was done
}

// alive says that the folder has answered.
func (t *try) alive() {
	select {
	case t.step <- struct{}{}:
	default:
	}
}

func (t *try) all() {
	if err := t.run(); err != nil {
		for _, w := range t.work {
			if !w.decided() {
				w.err = err
			}
		}
	}
}

func (t *try) run() error {
	info, err := os.Stat(t.dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fs.ErrNotExist
	}
	t.alive()
	if err := os.Mkdir(t.state, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	hide(t.state)
	if t.rec, err = readRecord(t.recordPath()); err != nil {
		return err
	}
	t.alive()
	for _, w := range t.work {
		if err := t.ctx.Err(); err != nil {
			return err
		}
		t.look(w)
		t.alive()
	}
	if err := t.stage(); err != nil {
		return err
	}
	for _, w := range t.work {
		if !w.decided() {
			t.place(w)
			t.alive()
		}
	}
	if err := errors.Join(durable.SyncDir(t.dir), durable.SyncDir(t.state)); err != nil {
		for _, w := range t.work { // the names may be lost with the power
			if w.place != "" {
				w.place, w.unconfirmed = "", true
			}
		}
	}
	return nil
}

// look finds out what earlier tries did with a work.
func (t *try) look(w *work) {
	for _, f := range w.files {
		if !f.whole {
			w.err = errDamaged
			return
		}
	}
	entry, recorded := t.rec.Items[w.key]
	if !recorded {
		return
	}
	w.number = entry.Number
	main := w.main()
	final, temp := t.finalPath(w, main), t.tempPath(w, main)
	tempInfo, err := os.Lstat(temp)
	switch {
	case err == nil:
		// Where a rename is a link and a removal, both names can be there.
		if finalInfo, err := os.Lstat(final); err == nil && os.SameFile(tempInfo, finalInfo) {
			_ = os.Remove(temp)
			t.proven(w, entry)
			return
		}
		if err := t.takeBack(w, entry); err != nil {
			w.err = err
		}
	case !errors.Is(err, fs.ErrNotExist):
		w.err = err
	default:
		t.proven(w, entry)
	}
}

// proven decides a work that was given its name: by the sums in the record,
// and its sidecar's with it. The sidecar need not be the one that would be
// written now.
func (t *try) proven(w *work, entry recordItem) {
	main := w.main()
	sound := entry.SHA256 == main.sum && hasDigest(t.finalPath(w, main), entry.SHA256)
	if sound && entry.Sidecar != "" {
		sound = hasDigest(t.finalPath(w, file{ending: app.EndingJSON}), entry.Sidecar)
	}
	if sound {
		w.place = t.finalPath(w, main)
	} else {
		w.unconfirmed = true
	}
}

// takeBack gives a sidecar that stands without its picture its .tmp again: the
// picture may get another number.
func (t *try) takeBack(w *work, entry recordItem) error {
	beside := file{ending: app.EndingJSON}
	final, temp := t.finalPath(w, beside), t.tempPath(w, beside)
	if entry.Sidecar == "" || !hasDigest(final, entry.Sidecar) {
		return nil
	}
	if tempInfo, err := os.Lstat(temp); err == nil {
		if finalInfo, err := os.Lstat(final); err == nil && os.SameFile(tempInfo, finalInfo) {
			return os.Remove(final)
		}
		return nil // another's, of the same bytes
	}
	return moveNew(final, temp)
}

// stage writes and syncs the .tmp of every undecided work, then the record.
// When it fails nothing has a name, and what it wrote is gone again.
func (t *try) stage() error {
	next := t.rec.clone()
	var err error
	taken := map[string]bool{}
	for i, w := range t.work {
		if w.decided() {
			t.written.Store(int32(i + 1))
			continue
		}
		for _, f := range w.files {
			if err == nil && !hasDigest(t.tempPath(w, f), f.sum) {
				err = writeSynced(t.tempPath(w, f), f.body)
				t.alive()
			}
		}
		if err == nil {
			err = t.ctx.Err()
		}
		if err != nil {
			break
		}
		t.written.Store(int32(i + 1))
		t.alive()
		for w.number = max(w.number, 1); taken[w.stem+"#"+strconv.Itoa(w.number)] || t.occupied(w); w.number++ {
		}
		taken[w.stem+"#"+strconv.Itoa(w.number)] = true
		next.Items[w.key] = w.entry()
	}
	if err == nil {
		err = durable.SyncDir(t.state)
	}
	if err == nil {
		err = t.save(next)
	}
	if err != nil {
		for _, w := range t.work {
			if !w.decided() {
				t.forget(w)
			}
		}
		return err
	}
	return nil
}

// occupied is a first look; moveNew has the last word.
func (t *try) occupied(w *work) bool {
	for _, f := range w.files {
		if _, err := os.Lstat(t.finalPath(w, f)); err == nil {
			return true
		}
	}
	return false
}

func (w *work) entry() recordItem {
	e := recordItem{Number: w.number, SHA256: w.main().sum}
	if len(w.files) > 1 {
		e.Sidecar = w.files[0].sum
	}
	return e
}

// forget takes an undecided work out of the record, and only then removes its
// .tmp: one in the record without a .tmp means that it was filed. If the
// record cannot be written the .tmp stays, and the next try goes on from there.
func (t *try) forget(w *work) {
	if entry, recorded := t.rec.Items[w.key]; recorded {
		if t.takeBack(w, entry) != nil {
			return
		}
		next := t.rec.clone()
		delete(next.Items, w.key)
		if t.save(next) != nil {
			return
		}
	}
	for _, f := range w.files {
		_ = os.Remove(t.tempPath(w, f))
	}
}

// place gives one work its name.
func (t *try) place(w *work) {
	for {
		err := t.ctx.Err()
		for i := 0; err == nil && i < len(w.files); i++ {
			err = moveNew(t.tempPath(w, w.files[i]), t.finalPath(w, w.files[i]))
		}
		if err == nil {
			w.place = t.finalPath(w, w.main())
			return
		}
		if errors.Is(err, fs.ErrExist) { // taken since the record was written
			if err = t.takeBack(w, w.entry()); err == nil {
				w.number++
				next := t.rec.clone()
				next.Items[w.key] = w.entry()
				if err = t.save(next); err == nil {
					continue
				}
			}
		}
		w.err = err
		t.forget(w)
		return
	}
}

func (t *try) finalPath(w *work, f file) string {
	return filepath.Join(t.dir, app.NumberedName(w.stem+f.ending, f.ending, w.number))
}

func (t *try) tempPath(w *work, f file) string {
	ending := ".tmp"
	if f.ending == app.EndingJSON {
		ending = app.EndingJSON + ending
	}
	return filepath.Join(t.state, t.id+"-"+w.key+ending)
}

func (t *try) recordPath() string { return filepath.Join(t.state, t.record+".json") }
