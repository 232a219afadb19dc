// Package folder is the sinks "folder" and "folder-pdf": JPEGs, and PDFs of a
// session, in a folder of the practice's own, local or on a share.
//
// A file appears under its name whole and synced, and never over another: a
// name that is taken becomes name_2, name_3 and so on. What makes a delivery
// happen once is kept in a subfolder of the target, .clinicpro:
//
//	<deliveryId>-<key>.tmp        a file's bytes before it has its name
//	<deliveryId>-<key>.json.tmp   the same of a picture's sidecar
//	<deliveryId>.json             the record: which files, under which number
//
// The key is the image's id, or "pdf" and a number. First every .tmp is
// written and synced, then the record, then each .tmp is renamed to its name,
// a sidecar just before its picture. So, whenever a try was killed: what is not
// in the record has certainly not been filed; what is, and still has its
// .tmp, neither, and its sidecar is taken back; what is and has no .tmp was
// given its name. If the file and its sidecar are still there with the right
// SHA-256 it is filed; if somebody has moved, changed or deleted one since, the
// answer is Unconfirmed, and it is not written again. What fails leaves the
// record before its .tmp goes.
//
// The record outlives the delivery, because the caller may be killed between
// the last rename and keeping the receipts. It holds ids, numbers and
// SHA-256 only, and is swept after Keep.
//
// A share that has gone away can hold a call of the file system for minutes,
// or for good. No such call is waited for longer than Patience: the delivery
// is answered, and nothing else is done in that folder until the call is over.
package folder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/picture"
)

const (
	// Keep is how long records and leftovers of deliveries stay.
	Keep = 90 * 24 * time.Hour
	// Patience is how long a delivery waits for one step of a folder: writing
	// one file takes no longer on any share that is of use.
	Patience = 45 * time.Second

	stateFolder = ".clinicpro"
	op          = "file into folder"

	// pdfBytes bounds one PDF: what a mail or a referral takes, and what the
	// agent holds in memory.
	pdfBytes = 16 << 20
)

// Names of the sinks in receipts, registry and audit.
const (
	NameImages = "folder"
	NamePDF    = "folder-pdf"
)

// Config is what a practice says of its folder.
type Config struct {
	// Dir need not exist yet; it is never made, because a share that is away
	// must not become a local folder.
	Dir      string
	Sidecar  bool           // a JSON file beside each picture
	Template string         // of the PDF's name too, without what is of one picture
	Practice string         // on the PDF's pages
	Zone     *time.Location // the practice's; nil: UTC
}

// Sink files pictures. It implements app.Sink and app.Placed. Calls for
// different deliveries may run concurrently; two for the same one may not.
type Sink struct {
	cfg   Config
	filer *filer
}

// New returns the sink of pictures.
func New(cfg Config) *Sink { return &Sink{cfg, newFiler()} }

// Name implements app.Sink.
func (*Sink) Name() string { return NameImages }

// Target implements app.Placed.
func (s *Sink) Target() string { return s.cfg.Dir }

// Deliver files the items; see app.Sink and the package comment. A missing
// folder is KindNotFound, one without room KindFull, one that may not be
// written KindAuth, a name or path that is too long KindTooLarge, a share that
// does not answer KindOffline, for each item; the error beside the receipts is
// nil then. Receipts are in the order of d.Items.
func (s *Sink) Deliver(ctx context.Context, d app.Delivery) ([]app.Receipt, error) {
	if _, err := app.ParseSessionID(d.ID); err != nil { // a delivery id has the same form, and names files here
		return nil, app.E(op, app.KindBug, err)
	}
	var jobs []*work
	for _, item := range d.Items {
		if _, err := app.ParseImageID(string(item.Image)); err != nil {
			return nil, app.E(op, app.KindBug, err)
		}
		w := &work{key: string(item.Image), stem: stem(item.Name, app.EndingJPEG), images: []app.ImageID{item.Image}}
		if s.cfg.Sidecar {
			body, err := sidecar(d, item)
			if err != nil {
				return nil, err
			}
			w.files = append(w.files, newFile(app.EndingJSON, body, digest(body)))
		}
		w.files = append(w.files, newFile(app.EndingJPEG, item.JPEG, item.SHA256))
		jobs = append(jobs, w)
	}
	unknown := s.filer.file(ctx, d, target(d, s.cfg), d.ID, jobs)
	out := make([]app.Receipt, len(jobs))
	for i, w := range jobs {
		out[i] = w.receipt(d, d.Items[i].Image, unknown)
	}
	return out, nil
}

func target(d app.Delivery, cfg Config) string {
	if !d.Target.IsZero() {
		return d.Target.Reveal()
	}
	return cfg.Dir
}

func stem(name app.Sealed, ending string) string {
	return strings.TrimSuffix(app.FileName(name.Reveal(), ending), ending)
}

func digest(b []byte) app.Digest {
	sum := sha256.Sum256(b)
	return app.Digest(hex.EncodeToString(sum[:]))
}

// PDF files a session's pictures as one PDF, or several where they are large.
// It implements app.Composer and app.Placed, and may be called as Sink may.
type PDF struct {
	cfg   Config
	filer *filer
}

// NewPDF returns the sink of PDFs.
func NewPDF(cfg Config) *PDF { return &PDF{cfg, newFiler()} }

// Name implements app.Sink.
func (*PDF) Name() string { return NamePDF }

// Target implements app.Placed.
func (s *PDF) Target() string { return s.cfg.Dir }

// Compose implements app.Composer. It holds the pictures of one PDF at a time.
// Errors are open's and picture.PDFs'.
func (s *PDF) Compose(_ context.Context, d app.Delivery, open func(app.ImageID) ([]byte, error)) ([]app.Part, error) {
	groups, err := grouped(d.Items, open)
	if err != nil {
		return nil, err
	}
	var parts []app.Part
	at := picture.Volume{Of: len(groups), Images: len(d.Items)}
	for _, group := range groups {
		at.N++
		doc := picture.Document{Patient: d.Patient, Practice: s.cfg.Practice, Of: at}
		part := app.Part{ID: fmt.Sprintf("pdf-%d", d.Made+len(parts))}
		for _, item := range group {
			jpeg, err := open(item.Image)
			if err != nil {
				return nil, err
			}
			doc.Pages = append(doc.Pages, PageOf(item, jpeg, s.cfg.Zone))
			part.Images = append(part.Images, item.Image)
		}
		doc.Made = doc.Pages[len(doc.Pages)-1].Taken
		files, err := picture.PDFs(doc, 2*pdfBytes)
		if err != nil {
			return nil, err
		}
		name := app.NameFields{Patient: d.Patient, Taken: doc.Pages[0].Taken}
		if part.Name, err = app.RenderName(s.cfg.Template, app.EndingPDF, name); err != nil {
			return nil, err
		}
		part.Body = files[0]
		parts = append(parts, part)
		at.From += len(group)
	}
	return parts, nil
}

// grouped cuts the items into those of one PDF each.
func grouped(items []app.DeliveryItem, open func(app.ImageID) ([]byte, error)) (groups [][]app.DeliveryItem, err error) {
	used := 0
	for _, item := range items {
		jpeg, err := open(item.Image)
		if err != nil {
			return nil, err
		}
		if len(groups) == 0 || used+len(jpeg) > pdfBytes-picture.DocumentMargin {
			groups, used = append(groups, nil), 0
		}
		last := len(groups) - 1
		groups[last], used = append(groups[last], item), used+len(jpeg)
	}
	return groups, nil
}

// Deliver files the parts; errors and receipts are as Sink's, one receipt for
// each picture of a part.
func (s *PDF) Deliver(ctx context.Context, d app.Delivery) ([]app.Receipt, error) {
	if _, err := app.ParseSessionID(d.ID); err != nil {
		return nil, app.E(op, app.KindBug, err)
	}
	var jobs []*work
	for _, part := range d.Parts {
		jobs = append(jobs, &work{key: part.ID, stem: stem(part.Name, app.EndingPDF), images: part.Images,
			files: []file{newFile(app.EndingPDF, part.Body, part.SHA256)}})
	}
	unknown := s.filer.file(ctx, d, target(d, s.cfg), d.ID+"-pdf", jobs)
	var out []app.Receipt
	for i, w := range jobs {
		for _, id := range d.Parts[i].Images {
			out = append(out, w.receipt(d, id, unknown))
		}
	}
	return out, nil
}

// PageOf is a picture as a page of a document.
func PageOf(item app.DeliveryItem, jpeg []byte, zone *time.Location) picture.Page {
	taken := item.TakenAt
	if !taken.IsZero() && zone != nil {
		taken = taken.In(zone)
	}
	return picture.Page{JPEG: jpeg, Details: item.Details, Consent: item.Consent, Taken: taken, TakenBy: item.TakenBy}
}
