package alex

import (
	"context"
	"fmt"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/picture"
)

// Names of the sinks in receipts, registry and audit.
const (
	ScanName  = "alex-scan"
	MediaName = "alex-media"
)

// Bounds of what leaves, in bytes. ALEX takes documents under 8 MB "in all",
// which is taken to be the whole request: base64 is a third more. A Media's
// picture is under 1 MB by itself.
const (
	scanBytes  = 5_900_000
	mediaBytes = 990_000
)

// Options are the practice's choices.
type Options struct {
	Practice string
	TIFF     bool // a document is a TIFF, not a PDF
	Each     bool // a document for each picture, not for the session
	Zone     *time.Location
	Now      func() time.Time
}

// Sink files into a Record. It implements app.Composer.
type Sink struct {
	record Record
	kind   string // DocumentReference or Media
	opt    Options
	decode *picture.Decoder
}

// NewScan files documents into Inbox Scan; NewMedia files pictures.
func NewScan(r Record, o Options) *Sink  { return newSink(r, DocumentReference, o) }
func NewMedia(r Record, o Options) *Sink { return newSink(r, Media, o) }

func newSink(r Record, kind string, o Options) *Sink {
	if o.Zone == nil {
		o.Zone = Zone()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Sink{r, kind, o, picture.NewDecoder()}
}

// Name implements app.Sink.
func (s *Sink) Name() string {
	if s.kind == Media {
		return MediaName
	}
	return ScanName
}

// partID is the identifier of a part: 26 characters, and its number.
func partID(delivery string, n int) string { return fmt.Sprintf("%s-%d", delivery, n+1) }

// Compose implements app.Composer.
func (s *Sink) Compose(ctx context.Context, d app.Delivery, open func(app.ImageID) ([]byte, error)) ([]app.Part, error) {
	if d.Record.IsZero() {
		return nil, app.E("compose for the record", app.KindBug, fmt.Errorf("a patient that the record did not name"))
	}
	if s.kind == Media {
		return s.pictures(ctx, d, open)
	}
	groups := [][]app.DeliveryItem{d.Items}
	if s.opt.Each {
		groups = nil
		for _, it := range d.Items {
			groups = append(groups, []app.DeliveryItem{it})
		}
	}
	var parts []app.Part
	for _, items := range groups {
		more, err := s.documents(ctx, d, items, d.Made+len(parts), open)
		if err != nil {
			return nil, err
		}
		parts = append(parts, more...)
	}
	return parts, nil
}

func (s *Sink) pictures(ctx context.Context, d app.Delivery, open func(app.ImageID) ([]byte, error)) ([]app.Part, error) {
	var parts []app.Part
	for i, it := range d.Items {
		jpeg, err := s.fitted(ctx, it, mediaBytes, open)
		if err != nil {
			return nil, err
		}
		width, height, err := picture.Check(jpeg)
		if err != nil {
			return nil, err
		}
		id := partID(d.ID, d.Made+i)
		body, err := pictureOf(d, it, id, jpeg, width, height, s.opt.Now(), s.opt.Zone)
		if err != nil {
			return nil, err
		}
		parts = append(parts, app.Part{ID: id, Images: []app.ImageID{it.Image}, Body: body})
	}
	return parts, nil
}

// fitted is a picture as it was frozen, or smaller where it must be.
func (s *Sink) fitted(ctx context.Context, it app.DeliveryItem, maxBytes int, open func(app.ImageID) ([]byte, error)) ([]byte, error) {
	jpeg, err := open(it.Image)
	if err != nil {
		return nil, err
	}
	return s.decode.Fit(ctx, jpeg, maxBytes)
}

// documents are the PDFs or TIFFs of some pictures, in as few as hold them.
func (s *Sink) documents(ctx context.Context, d app.Delivery, items []app.DeliveryItem, made int, open func(app.ImageID) ([]byte, error)) ([]app.Part, error) {
	now := s.opt.Now()
	var counts []int
	doc := picture.Document{Patient: d.Patient, Practice: s.opt.Practice, Made: now.In(s.opt.Zone), Cut: func(pictures []int) { counts = pictures }}
	for _, it := range items {
		jpeg, err := s.fitted(ctx, it, scanBytes-picture.DocumentMargin, open)
		if err != nil {
			return nil, err
		}
		doc.Pages = append(doc.Pages, picture.Page{JPEG: jpeg, Details: it.Details, Taken: it.TakenAt, TakenBy: it.TakenBy, Consent: it.Consent})
	}
	contentType, files, err := "application/pdf", [][]byte(nil), error(nil)
	if s.opt.TIFF {
		contentType = "image/tiff"
		files, err = s.decode.TIFFs(ctx, doc, scanBytes)
	} else {
		files, err = picture.PDFs(doc, scanBytes)
	}
	if err != nil {
		return nil, err
	}
	title := "Clinical photos"
	if len(items) == 1 {
		title = titleOf(items[0].Details)
	}
	var parts []app.Part
	for i, file := range files {
		id, name := partID(d.ID, made+i), title
		if len(files) > 1 {
			name = fmt.Sprintf("%s (%d of %d)", title, i+1, len(files))
		}
		body, err := document(d, id, contentType, file, name, now, s.opt.Zone)
		if err != nil {
			return nil, err
		}
		part := app.Part{ID: id, Body: body}
		for _, it := range items[:counts[i]] {
			part.Images = append(part.Images, it.Image)
		}
		items = items[counts[i]:]
		parts = append(parts, part)
	}
	return parts, nil
}

// Deliver implements app.Sink: receipts are of every picture of every part.
func (s *Sink) Deliver(ctx context.Context, d app.Delivery) ([]app.Receipt, error) {
	var out []app.Receipt
	for _, p := range d.Parts {
		ctx := WithCorrelation(ctx, p.ID)
		got, err := s.record.Deliver(ctx, Handoff{Facility: d.Record.Facility, Resource: s.kind, ID: p.ID,
			Again: d.Again, Unsure: d.Unsure, Quiet: d.Quiet, Unknown: d.Unknown, Body: p.Body})
		for _, id := range p.Images {
			r := app.Receipt{Image: id, Err: err, Unknown: IsUnknown(err), Looked: IsLooked(err), Unconfirmed: err == nil && got.Unconfirmed}
			if err == nil && !got.Unconfirmed {
				r.Place, r.Ref = app.Seal(got.Place), got.Place
			}
			out = append(out, r)
		}
	}
	return out, nil
}
