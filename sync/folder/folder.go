// Package folder is the sink "folder": JPEGs in a folder of the practice's
// own, local or on a share.
//
// A picture appears under its name whole and synced, and never over another
// file: a name that is taken becomes name_2, name_3 and so on. What makes a
// delivery happen once is kept in a subfolder of the target, .clinicpro:
//
//	<deliveryId>-<imageId>.tmp   the picture's bytes before it has its name
//	<deliveryId>.json            the record: which images, under which number
//
// First every .tmp is written and synced, then the record, then each .tmp is
// renamed to its name. So, whenever a try was killed: an image that is not in
// the record has certainly not been filed; one that is, and still has its
// .tmp, neither; one that is and has no .tmp was given its name. If the file
// is still there with the right SHA-256 it is filed; if somebody has moved,
// changed or deleted it since, the answer is Unconfirmed, and it is not
// written again. An item that fails leaves the record before its .tmp goes.
//
// The record outlives the delivery, because the caller may be killed between
// the last rename and keeping the receipts. It holds ids, numbers and
// SHA-256 only, and is swept after Keep.
package folder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/durable"
)

const (
	// Keep is how long records and leftovers of deliveries stay.
	Keep = 90 * 24 * time.Hour

	stateFolder = ".clinicpro"
	op          = "file into folder"
)

// Sink implements app.Sink. Calls for different deliveries may run
// concurrently; two for the same one may not.
type Sink struct {
	dir string
	now func() time.Time
}

// New returns the sink that files into dir. dir need not exist yet; it is
// never made, because a share that is away must not become a local folder.
func New(dir string) *Sink { return &Sink{dir: dir, now: time.Now} }

// Name is the sink's name in receipts, registry and audit.
func (*Sink) Name() string { return "folder" }

// Deliver files the items; see app.Sink and the package comment. A missing
// folder is KindNotFound, one that cannot be written KindFull, for each item;
// the error beside the receipts is nil then. Receipts are in the order of
// d.Items.
func (s *Sink) Deliver(ctx context.Context, d app.Delivery) ([]app.Receipt, error) {
	if _, err := app.ParseSessionID(d.ID); err != nil { // a delivery id has the same form, and names files here
		return nil, app.E(op, app.KindBug, err)
	}
	t := &try{ctx: ctx, dir: s.dir, state: filepath.Join(s.dir, stateFolder), d: d}
	for _, item := range d.Items {
		if _, err := app.ParseImageID(string(item.Image)); err != nil {
			return nil, app.E(op, app.KindBug, err)
		}
		t.work = append(t.work, &work{item: item})
	}
	if err := t.run(); err != nil {
		for _, w := range t.work {
			if !w.decided() {
				w.err = err
			}
		}
	}
	s.sweep(t.state)
	out := make([]app.Receipt, len(t.work))
	for i, w := range t.work {
		out[i] = app.Receipt{Image: w.item.Image, Place: app.Seal(w.place), Unconfirmed: w.unconfirmed}
		if w.place != "" {
			out[i].Ref = d.ID + "#" + strconv.Itoa(w.number)
		}
		if w.err != nil {
			out[i].Err = app.E(op, kind(w.err), bare(w.err))
		}
	}
	return out, nil
}

// try is one call of Deliver.
type try struct {
	ctx   context.Context
	dir   string
	state string
	d     app.Delivery
	rec   record
	work  []*work
}

// work is one item under way; decided once one of the last three is set.
type work struct {
	item        app.DeliveryItem
	number      int // 1: the plain name; n: name_n
	place       string
	unconfirmed bool
	err         error
}

func (w *work) decided() bool { return w.place != "" || w.unconfirmed || w.err != nil }

func (t *try) run() error {
	info, err := os.Stat(t.dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fs.ErrNotExist
	}
	if err := os.Mkdir(t.state, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	hide(t.state)
	if t.rec, err = readRecord(t.recordPath()); err != nil {
		return err
	}
	for _, w := range t.work {
		t.look(w)
	}
	if err := t.stage(); err != nil {
		return err
	}
	for _, w := range t.work {
		if !w.decided() {
			t.place(w)
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

// look finds out what earlier tries did with an item.
func (t *try) look(w *work) {
	if sum := sha256.Sum256(w.item.JPEG); hex.EncodeToString(sum[:]) != string(w.item.SHA256) {
		w.err = errDamaged
		return
	}
	entry, recorded := t.rec.Items[w.item.Image]
	if !recorded {
		return
	}
	w.number = entry.Number
	final, temp := t.finalPath(w), t.tempPath(w)
	tempInfo, err := os.Lstat(temp)
	switch {
	case err == nil:
		// Where a rename is a link and a removal, both names can be there.
		if finalInfo, err := os.Lstat(final); err == nil && os.SameFile(tempInfo, finalInfo) {
			_ = os.Remove(temp)
			w.place = final
		}
	case !errors.Is(err, fs.ErrNotExist):
		w.err = err
	case entry.SHA256 == w.item.SHA256 && hasDigest(final, entry.SHA256):
		w.place = final
	default:
		w.unconfirmed = true
	}
}

// stage writes and syncs the .tmp of every undecided item, then the record.
// When it fails nothing has a name, and what it wrote is gone again.
func (t *try) stage() error {
	next := record{Version: 1, Items: map[app.ImageID]recordItem{}}
	for id, entry := range t.rec.Items {
		next.Items[id] = entry
	}
	var err error
	taken := map[string]bool{}
	for _, w := range t.work {
		if w.decided() {
			continue
		}
		if !hasDigest(t.tempPath(w), w.item.SHA256) {
			if err = writeSynced(t.tempPath(w), w.item.JPEG); err != nil {
				break
			}
		}
		for w.number = max(w.number, 1); taken[t.finalPath(w)] || exists(t.finalPath(w)); w.number++ {
		}
		taken[t.finalPath(w)] = true
		next.Items[w.item.Image] = recordItem{Number: w.number, SHA256: w.item.SHA256}
	}
	if err == nil {
		err = t.ctx.Err()
	}
	if err == nil {
		err = durable.SyncDir(t.state)
	}
	if err == nil {
		err = t.save(next)
	}
	if err != nil {
		t.unstage()
		return err
	}
	return nil
}

// unstage forgets every undecided item, and only then removes its .tmp: an
// item in the record without a .tmp means that it was filed. If the record
// cannot be written the .tmp stays, and the next try goes on from there.
func (t *try) unstage() {
	for _, w := range t.work {
		if !w.decided() {
			t.forget(w)
		}
	}
}

func (t *try) forget(w *work) {
	if _, recorded := t.rec.Items[w.item.Image]; recorded {
		next := record{Version: 1, Items: map[app.ImageID]recordItem{}}
		for id, entry := range t.rec.Items {
			if id != w.item.Image {
				next.Items[id] = entry
			}
		}
		if t.save(next) != nil {
			return
		}
	}
	_ = os.Remove(t.tempPath(w))
}

// place gives one item its name.
func (t *try) place(w *work) {
	for {
		err := t.ctx.Err()
		if err == nil {
			err = moveNew(t.tempPath(w), t.finalPath(w))
		}
		if err == nil {
			w.place = t.finalPath(w)
			return
		}
		if errors.Is(err, fs.ErrExist) { // taken since the record was written
			w.number++
			t.rec.Items[w.item.Image] = recordItem{Number: w.number, SHA256: w.item.SHA256}
			if err = t.save(t.rec); err == nil {
				continue
			}
		}
		t.forget(w)
		w.err = err
		return
	}
}

func (t *try) finalPath(w *work) string {
	return filepath.Join(t.dir, numbered(FileName(w.item.Name.Reveal()), w.number))
}

func (t *try) tempPath(w *work) string {
	return filepath.Join(t.state, t.d.ID+"-"+string(w.item.Image)+".tmp")
}

func (t *try) recordPath() string { return filepath.Join(t.state, t.d.ID+".json") }

// sweep removes what deliveries long past have left.
func (s *Sink) sweep(state string) {
	entries, err := os.ReadDir(state)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && s.now().Sub(info.ModTime()) > Keep {
			_ = os.Remove(filepath.Join(state, e.Name())) // tried again by the next delivery
		}
	}
}
