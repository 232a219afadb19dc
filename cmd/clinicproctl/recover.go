package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/diskspool"
	"github.com/clinicpro-nz/images/sync/durable"
	"github.com/clinicpro-nz/images/sync/envelope"
)

// recovery writes sessions out, one folder each, named by session id:
//
//	<sid>/session.json                      who, when, what was filed where
//	<sid>/<imageId>.jpg                     as the phone sent it
//	<sid>/unverified/<imageId>.jpg          not proved to be from the session's phone
//	<sid>/frozen/<deliveryId>/<imageId>.jpg as it was handed over, or was to be
//
// What it says on the terminal names ids and counts, never a patient.
type recovery struct {
	out         string
	sessionKeys bool
	say         io.Writer
	total       tally
	sessions    []recoveredSession
	closed      []closedSpool
	damaged     bool // a part of an index: sessions may be missing
}

type tally struct{ sessions, images, unverified, frozen, damaged int }

// What recover -json answers: ids, counts and fixed words.
type (
	recoveryReport struct {
		Whole        bool               `json:"whole"`        // everything was recovered and verified
		IndexDamaged bool               `json:"indexDamaged"` // sessions may be missing
		Sessions     []recoveredSession `json:"sessions"`
		Closed       []closedSpool      `json:"closed"` // spools that the key does not open
	}
	recoveredSession struct {
		Session    string   `json:"session"` // its folder's name
		Images     int      `json:"images"`
		Unverified int      `json:"unverified"`
		Frozen     int      `json:"frozen"`
		Damaged    int      `json:"damaged"`
		Faults     []string `json:"faults"`
	}
	closedSpool struct {
		Spool string `json:"spool"`
		Why   string `json:"why"`
	}
)

func (r *recovery) report() recoveryReport {
	return recoveryReport{Whole: r.total.whole() && len(r.closed) == 0, IndexDamaged: r.damaged, Sessions: r.sessions, Closed: r.closed}
}

// whole reports that everything was recovered and verified.
func (t tally) whole() bool { return t.unverified == 0 && t.damaged == 0 }

func (t *tally) add(o tally) {
	t.sessions += o.sessions
	t.images += o.images
	t.unverified += o.unverified
	t.frozen += o.frozen
	t.damaged += o.damaged
}

// The content of session.json. It holds patient values: it lies where the
// holder of the key asked for it.
type (
	sessionJSON struct {
		Session    app.SessionID    `json:"session"`
		Practice   string           `json:"practice,omitempty"`
		Patient    patientJSON      `json:"patient"`
		Started    time.Time        `json:"started"`
		Created    time.Time        `json:"created"`  // the registry's clock
		LastSeen   time.Time        `json:"lastSeen"` // the registry's last answer, workstation's clock
		Stage      app.Stage        `json:"stage"`
		State      app.SessionState `json:"state"`
		Images     []imageJSON      `json:"images"`
		Deliveries []deliveryJSON   `json:"deliveries,omitempty"`
		Unreadable []string         `json:"unreadable,omitempty"`
	}
	patientJSON struct {
		Name      string `json:"name"`
		NHI       string `json:"nhi"`
		BirthDate string `json:"birthDate"`
		Sex       string `json:"sex,omitempty"`
		Source    string `json:"source,omitempty"`
	}
	imageJSON struct {
		ID       app.ImageID    `json:"id"`
		State    app.ImageState `json:"state"`
		File     string         `json:"file,omitempty"`
		SHA256   string         `json:"sha256,omitempty"` // of File
		Problem  string         `json:"problem,omitempty"`
		TakenAt  time.Time      `json:"takenAt"`
		Arrived  time.Time      `json:"arrived"`
		Delivery string         `json:"delivery,omitempty"`
		Sinks    []string       `json:"filedTo,omitempty"`
		Place    string         `json:"place,omitempty"`
		Details  detailsJSON    `json:"details,omitzero"`
		Consent  app.Consent    `json:"consent,omitzero"`
	}
	detailsJSON struct {
		Caption  string        `json:"caption,omitempty"`
		Site     string        `json:"site,omitempty"`
		Side     app.Side      `json:"side,omitempty"`
		View     app.View      `json:"view,omitempty"`
		Type     app.ImageType `json:"type,omitempty"`
		Intimate bool          `json:"intimate,omitempty"`
		Rotate   int           `json:"rotate,omitempty"` // the JPEG is as captured
	}
	deliveryJSON struct {
		ID    string             `json:"id"`
		Items []deliveryItemJSON `json:"items"`
	}
	deliveryItemJSON struct {
		Image app.ImageID `json:"image"`
		Name  string      `json:"name"` // at the sink
		File  string      `json:"file"`
	}
)

// all recovers every session of a spool. It returns an error only when out
// cannot be written or ctx ends.
func (r *recovery) all(ctx context.Context, archive *diskspool.Archive) error {
	if archive.Damaged() {
		fmt.Fprintln(r.say, "A part of the index is damaged: sessions may be missing from what follows.")
		r.total.damaged++
		r.damaged = true
	}
	for _, sid := range archive.Sessions() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.session(ctx, archive, sid); err != nil {
			return err
		}
	}
	return nil
}

func (r *recovery) summary() {
	t := r.total
	fmt.Fprintf(r.say, "%d sessions: %d images recovered, %d unverified, %d frozen copies, %d damaged.\n",
		t.sessions, t.images, t.unverified, t.frozen, t.damaged)
	if !t.whole() {
		fmt.Fprintln(r.say, "Keep the spool: what is damaged or unverified here is still in it.")
	}
}

// one is the recovery of one session.
type one struct {
	dir    string
	json   sessionJSON
	counts tally
	faults []string // for the terminal: ids and fixed words
}

func (r *recovery) session(ctx context.Context, archive *diskspool.Archive, sid app.SessionID) error {
	records, unread := archive.Records(sid)
	s, known := app.RecoverSession(records)
	o := &one{counts: tally{sessions: 1}}
	var err error
	if o.dir, err = r.folder(sid); err != nil {
		return err
	}
	for _, u := range unread {
		why := "damaged"
		if u.OtherKey {
			why = "sealed to another key"
		}
		o.fault(u.Kind+" record "+u.Key, why)
	}
	for _, rec := range s.Unread {
		o.fault(rec.Kind+" record "+rec.Key, "not understood")
	}
	o.describe(sid, s.Session)
	if err := o.images(ctx, archive, sid, s.Session, known); err != nil {
		return err
	}
	if err := o.frozen(s.Frozen); err != nil {
		return err
	}
	if r.sessionKeys && known {
		text := s.Session.Secrets.Identity.Reveal() + "\n"
		if err := durable.WriteFile(filepath.Join(o.dir, "session.key"), []byte(text)); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(o.json, "", "  ")
	if err != nil {
		return err
	}
	if err := durable.WriteFile(filepath.Join(o.dir, "session.json"), append(text, '\n')); err != nil {
		return err
	}
	c := o.counts
	fmt.Fprintf(r.say, "session %s: %d images recovered, %d unverified, %d frozen copies, %d damaged\n",
		filepath.Base(o.dir), c.images, c.unverified, c.frozen, c.damaged)
	for _, f := range o.faults {
		fmt.Fprintln(r.say, "  "+f)
	}
	r.total.add(c)
	r.sessions = append(r.sessions, recoveredSession{filepath.Base(o.dir), c.images, c.unverified, c.frozen, c.damaged, append([]string{}, o.faults...)})
	return durable.SyncDir(o.dir)
}

// folder makes a session's folder; a session that lies in two spools gets two.
func (r *recovery) folder(sid app.SessionID) (string, error) {
	name := string(sid)
	if _, err := app.ParseSessionID(name); err != nil { // a damaged name is no folder's
		name = "unnamed"
	}
	for n := 1; ; n++ {
		dir := filepath.Join(r.out, name)
		if n > 1 {
			dir += fmt.Sprintf("-%d", n)
		}
		if err := os.Mkdir(dir, 0o700); !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
	}
}

func (o *one) fault(what, why string) {
	o.counts.damaged++
	o.faults = append(o.faults, what+": "+why)
	o.json.Unreadable = append(o.json.Unreadable, what+": "+why)
}

func (o *one) describe(sid app.SessionID, s app.Session) {
	o.json.Session, o.json.Practice = sid, s.Row.PracticeName
	o.json.Patient = patientJSON{Name: s.Patient.Name.Reveal(), NHI: s.Patient.NHI.Reveal(),
		BirthDate: s.Patient.BirthDate.Reveal(), Sex: s.Patient.Sex.Reveal(), Source: s.Patient.Source}
	o.json.Started, o.json.Created, o.json.LastSeen = s.Started, s.Row.Created, s.RowAt
	o.json.Stage, o.json.State = s.Stage, s.Row.State
	o.json.Images = []imageJSON{}
}

// images recovers the images that a record or a file names: one that was
// killed between landing and its record has only the file.
func (o *one) images(ctx context.Context, archive *diskspool.Archive, sid app.SessionID, s app.Session, known bool) error {
	onDisk := archive.Images(sid)
	order := slices.Clone(s.Order)
	for _, id := range onDisk {
		if !slices.Contains(order, id) {
			order = append(order, id)
		}
	}
	for _, id := range order {
		im := s.Images[id]
		out := imageJSON{ID: id, State: im.State, TakenAt: im.TakenAt, Arrived: im.Arrived,
			Delivery: im.Delivery, Sinks: im.Sinks, Place: im.Place.Reveal(), Details: recovered(im.Details), Consent: im.Consent}
		switch {
		case !slices.Contains(onDisk, id):
			if im.SHA256 != "" {
				out.Problem = "its file is missing"
			}
		case !known:
			out.Problem = "the session's key is missing: its record is damaged, or sealed to another key"
		default:
			if err := o.image(ctx, archive, s, &out); err != nil {
				return err
			}
		}
		if out.Problem != "" && out.File == "" {
			o.fault("image "+string(id), out.Problem)
		}
		o.json.Images = append(o.json.Images, out)
	}
	return nil
}

// image opens one image and writes it where its proof puts it.
func (o *one) image(ctx context.Context, archive *diskspool.Archive, s app.Session, out *imageJSON) error {
	sealed, err := archive.Sealed(ctx, s.ID, out.ID)
	if err != nil {
		out.Problem = "its file cannot be read"
		return ctx.Err()
	}
	identity, err := age.ParseX25519Identity(s.Secrets.Identity.Reveal())
	if err != nil {
		out.Problem = "the session's key is no key"
		return nil
	}
	// A pairing secret that is none verifies nothing; the picture may open.
	secret, _ := envelope.ParseSecret(s.Secrets.Pairing.Reveal())
	capture, err := envelope.Open(sealed, identity, s.ID, out.ID, secret)
	if err == nil {
		o.counts.images++
		out.TakenAt, out.Consent = capture.Meta.TakenAt, capture.Meta.Consent
		if s.Images[out.ID].Amended == 0 {
			out.Details = recovered(capture.Meta.Details)
		}
		return o.write(string(out.ID)+".jpg", capture.JPEG, out)
	}
	reason, _ := errors.AsType[envelope.Reason](err)
	out.Problem = string(reason)
	jpeg, err := envelope.Salvage(sealed, identity)
	if err != nil {
		return nil // named by its problem
	}
	o.counts.unverified++
	o.faults = append(o.faults, "image "+string(out.ID)+": unverified: "+out.Problem)
	return o.write(filepath.Join("unverified", string(out.ID)+".jpg"), jpeg, out)
}

func recovered(d app.Details) detailsJSON {
	return detailsJSON{d.Caption.Reveal(), d.Site, d.Side, d.View, d.Type, d.Intimate, d.Rotate}
}

func (o *one) write(name string, jpeg []byte, out *imageJSON) error {
	if err := o.file(name, jpeg); err != nil {
		return err
	}
	sum := sha256.Sum256(jpeg)
	out.File, out.SHA256 = filepath.ToSlash(name), hex.EncodeToString(sum[:])
	return nil
}

func (o *one) file(name string, b []byte) error {
	path := filepath.Join(o.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := durable.WriteFile(path, b); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(path))
}

// frozen writes the bytes of hand-overs that are still kept.
func (o *one) frozen(deliveries []app.Delivery) error {
	for n, d := range deliveries {
		folder := d.ID
		if _, err := app.ParseSessionID(d.ID); err != nil { // the same form; else no folder's name
			folder = fmt.Sprintf("delivery-%d", n+1)
		}
		out := deliveryJSON{ID: d.ID, Items: []deliveryItemJSON{}}
		for _, item := range d.Items {
			if _, err := app.ParseImageID(string(item.Image)); err != nil {
				o.fault("frozen copy in delivery "+folder, "its image id is none")
				continue
			}
			name := filepath.Join("frozen", folder, string(item.Image)+".jpg")
			if err := o.file(name, item.JPEG); err != nil {
				return err
			}
			o.counts.frozen++
			out.Items = append(out.Items, deliveryItemJSON{Image: item.Image, Name: item.Name.Reveal(), File: filepath.ToSlash(name)})
		}
		o.json.Deliveries = append(o.json.Deliveries, out)
	}
	return nil
}
