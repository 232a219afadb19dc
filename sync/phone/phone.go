// Package phone does in Go what the phone page does in a browser
// (assets/phone): it claims a session, seals pictures, sends them straight to
// the store and keeps each until the workstation has it. It exists for
// measurements and tests only: the load simulator, the benchmark and the fault
// tests. No program that a practice runs links it.
package phone

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/envelope"
	"github.com/clinicpro-nz/images/sync/pairing"
)

const (
	callTimeout = 15 * time.Second // one session call, as the page has it
	putTimeout  = 60 * time.Second // one upload
	maxAnswer   = 1 << 20
)

// Phone is one phone and the session calls it makes (docs/contracts.md,
// "Session API"), one HTTP request each and none repeated: Queue is what
// repeats. After Claim it is safe for concurrent use. An error of a call is an
// *app.Error, with a *Problem in its chain when the gateway or the store
// answered.
type Phone struct {
	client *http.Client
	link   pairing.Link
	key    string // base64url
	sid    app.SessionID
	kept   *Kept         // offered with the claim; nil: this phone cannot be kept
	want   app.SessionID // what a next link promised; "": nothing
}

// New reads a pairing link and draws the phone's key, as the page does before
// it claims. client may be shared by any number of phones; it must not follow
// a deadline of its own. KindCorrupt: not a pairing link.
func New(link app.Sealed, client *http.Client) (*Phone, error) {
	l, err := pairing.Parse(link)
	if err != nil {
		return nil, err
	}
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails: crypto/rand aborts the program instead
	return &Phone{client: client, link: l, key: base64.RawURLEncoding.EncodeToString(key[:])}, nil
}

// SID is the session's id, "" before Claim.
func (p *Phone) SID() app.SessionID { return p.sid }

// Practice is the practice of the link.
func (p *Phone) Practice() app.Practice { return p.link.Practice }

// Image is one sealed picture. Its bytes are the same at every try.
type Image struct {
	ID     app.ImageID
	Sealed []byte
	SHA256 app.Digest // of Sealed
}

// Answer is what every call answers.
type Answer struct {
	Session Status   `json:"session"`
	Uploads []Upload `json:"uploads"`
}

// Status is the session as the phone sees it; times are Unix milliseconds by
// the registry's clock.
type Status struct {
	SID        app.SessionID    `json:"sid"`
	State      app.SessionState `json:"state"`
	Now        int64            `json:"now"`
	Expires    int64            `json:"expires"`
	DrainUntil int64            `json:"drainUntil"`
	MaxImages  int              `json:"maxImages"`
	MaxBytes   int64            `json:"maxBytes"`
	Left       bool             `json:"left"`
	Kept       int64            `json:"kept"` // until when the phone is kept; 0: it is not
	Images     []StatusImage    `json:"images"`
}

// StatusImage is where one image stands.
type StatusImage struct {
	ID            app.ImageID    `json:"id"`
	State         app.ImageState `json:"state"`
	RetractWanted bool           `json:"retractWanted"`
	Refused       bool           `json:"refused"`
	Sinks         []string       `json:"sinks"`
	Details       int            `json:"details"` // the highest amendment held
}

// Upload is a link to PUT one image through; URL is "" for an image that is
// stored or further.
type Upload struct {
	ID      app.ImageID       `json:"id"`
	State   app.ImageState    `json:"state"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Expires int64             `json:"expires"` // Unix milliseconds
}

// Problem is an answer that was a refusal: the gateway's code of
// docs/contracts.md, or "" when what answered was not the gateway.
type Problem struct {
	Code       string
	Status     int
	RetryAfter time.Duration
}

func (p *Problem) Error() string { return fmt.Sprintf("answered %d %s", p.Status, p.Code) }

func (p *Problem) kind() app.Kind {
	switch {
	case p.Status == http.StatusTooManyRequests || p.Status >= 500:
		return app.KindOffline
	case p.Code == "phone-replaced" || p.Code == "phone-forgotten" || p.Status == http.StatusForbidden:
		return app.KindAuth
	case p.Status == http.StatusNotFound:
		return app.KindNotFound
	case p.Status == http.StatusGone:
		return app.KindExpired
	case p.Status == http.StatusConflict || p.Status == http.StatusPreconditionFailed:
		return app.KindConflict
	case p.Code == "too-many-images" || p.Code == "image-too-large":
		return app.KindTooLarge
	case p.Code == "image-mismatch":
		return app.KindCorrupt
	case p.Code == "":
		return app.KindOffline
	}
	return app.KindBug
}

// Claim binds the session behind the link to this phone. It may be repeated:
// the same key is answered as the first time.
func (p *Phone) Claim(ctx context.Context) (Answer, error) {
	body := map[string]any{"practice": p.link.Practice, "token": p.link.Token.Reveal()}
	if p.kept != nil {
		o := p.kept.keys.Offer(p.link)
		body["keep"] = map[string]any{"recipient": o.Recipient, "key": o.Key, "mac": o.MAC}
	}
	a, err := p.call(ctx, http.MethodPost, "claim", body)
	if err == nil && p.want != "" && a.Session.SID != p.want {
		return Answer{}, app.E("phone call", app.KindCorrupt, errors.New("the link leads to another session than it said"))
	}
	if err == nil {
		p.sid = a.Session.SID
	}
	return a, err
}

// Seal makes a new image of a JPEG taken at a time; what is no JPEG is sealed
// all the same. KindTooLarge over the
// bounds of a sealed image.
func (p *Phone) Seal(picture []byte, taken time.Time) (Image, error) {
	return p.SealWith(picture, taken, app.Details{}, app.Consent{})
}

// SealWith is Seal with details and consent that were given before the shutter.
func (p *Phone) SealWith(picture []byte, taken time.Time, d app.Details, c app.Consent) (Image, error) {
	id := newImageID(taken)
	size, err := jpeg.DecodeConfig(bytes.NewReader(picture))
	if err != nil { // a test's rubbish: the workstation is to find out
		size.Width, size.Height = 1, 1
	}
	sealed, err := envelope.Seal(p.link.Recipient, p.sid, id, p.link.Secret, picture, envelope.Meta{
		TakenAt: taken, Width: size.Width, Height: size.Height, Source: envelope.SourceCamera,
		OriginalType: "image/jpeg", OriginalBytes: int64(len(picture)), Page: "go", Details: d, Consent: c})
	if err != nil {
		return Image{}, err
	}
	sum := sha256.Sum256(sealed)
	return Image{ID: id, Sealed: sealed, SHA256: app.Digest(hex.EncodeToString(sum[:]))}, nil
}

// announced is how the calls name an image to come.
type announced struct {
	ID     app.ImageID `json:"id"`
	Bytes  int         `json:"bytes"`
	SHA256 app.Digest  `json:"sha256"`
}

func announce(images []Image) []announced {
	out := make([]announced, len(images))
	for i, im := range images {
		out[i] = announced{im.ID, len(im.Sealed), im.SHA256}
	}
	return out
}

// Reserve asks for the upload links of 1 to 20 images.
func (p *Phone) Reserve(ctx context.Context, images ...Image) (Answer, error) {
	return p.call(ctx, http.MethodPost, "uploads", map[string]any{"uploads": announce(images)})
}

// Put sends an image through its link. KindConflict means that it was there
// already, which is as good as done; KindAuth, KindNotFound and KindBug ask
// for a new link.
func (p *Phone) Put(ctx context.Context, u Upload, sealed []byte) error {
	const op = "upload image"
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, u.URL, bytes.NewReader(sealed))
	if err != nil {
		return app.E(op, app.KindBug, errors.New("the link is no address"))
	}
	for k, v := range u.Headers {
		req.Header.Set(k, v)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return app.E(op, app.KindOffline, bare(err))
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // else the connection is not used again
	if resp.StatusCode/100 == 2 {
		return nil
	}
	no := &Problem{Status: resp.StatusCode, Code: "store"}
	return app.E(op, no.kind(), no)
}

// Place is Put, again while the store answers 409 or 500: versitygw does when
// the session's folder, just emptied by a landing, goes at the same moment. It
// is for who has no queue: that finds such a photo missing, and sends it anew.
func (p *Phone) Place(ctx context.Context, u Upload, sealed []byte) error {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := p.Put(ctx, u, sealed)
		var no *Problem
		busy := errors.As(err, &no) && (no.Status == http.StatusConflict || no.Status >= http.StatusInternalServerError)
		if !busy || time.Now().After(end) {
			return err
		}
	}
}

// Stored says that 1 to 20 images are in the store, and asks for the links of
// the next in the same call.
func (p *Phone) Stored(ctx context.Context, ids []app.ImageID, next ...Image) (Answer, error) {
	body := map[string]any{"stored": ids}
	if len(next) > 0 {
		body["uploads"] = announce(next)
	}
	return p.call(ctx, http.MethodPost, "images", body)
}

// Status asks where everything stands.
func (p *Phone) Status(ctx context.Context) (Answer, error) {
	return p.call(ctx, http.MethodGet, "status", nil)
}

// Retract asks for an image back. Only the workstation decides: Status says
// "retracted", or refused.
func (p *Phone) Retract(ctx context.Context, id app.ImageID) (Answer, error) {
	return p.call(ctx, http.MethodDelete, "images/"+string(id), nil)
}

// Amend changes the details of an image that has been announced, as amendment
// n. It may be repeated: the highest number wins.
func (p *Phone) Amend(ctx context.Context, id app.ImageID, n int, d app.Details) (Answer, error) {
	a, err := envelope.SealAmendment(p.link.Recipient, p.sid, id, p.link.Secret, n, d)
	if err != nil {
		return Answer{}, err
	}
	return p.call(ctx, http.MethodPut, "images/"+string(id)+"/details",
		map[string]any{"n": a.N, "sealed": a.Sealed, "mac": a.MAC}) // []byte is written as padded base64
}

// Leave says that this session shows another patient. Without keep what is not
// filed is wanted back.
func (p *Phone) Leave(ctx context.Context, keep bool) (Answer, error) {
	return p.call(ctx, http.MethodPost, "leave", map[string]bool{"keep": keep})
}

// Done says that the phone is finished.
func (p *Phone) Done(ctx context.Context) (Answer, error) {
	return p.call(ctx, http.MethodPost, "done", struct{}{})
}

func (p *Phone) call(ctx context.Context, method, name string, body any) (Answer, error) {
	op := "phone call"
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return Answer{}, app.E(op, app.KindBug, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, p.link.Base+"/api/medtech/session/"+name, bytes.NewReader(text))
	if err != nil {
		return Answer{}, app.E(op, app.KindBug, errors.New("the gateway's address is none"))
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+p.key)
	if p.sid != "" {
		req.Header.Set("ClinicPro-Session", string(p.link.Practice)+"/"+string(p.sid))
	}
	var a Answer
	if err := ask(p.client, req, &a, func() bool { return a.Session.SID != "" }); err != nil {
		return Answer{}, err
	}
	p.kept.heard(p.link, a.Session.Kept > 0)
	return a, nil
}

// ask makes one request and reads its answer into out. Something that is no
// answer of the gateway's, by whole's judgement too, is as good as offline: a
// captive portal, perhaps.
func ask(client *http.Client, req *http.Request, out any, whole func() bool) error {
	const op = "phone call"
	resp, err := client.Do(req)
	if err != nil {
		return app.E(op, app.KindOffline, bare(err))
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return app.E(op, app.KindOffline, err)
	}
	if resp.StatusCode/100 != 2 {
		no := refusal(resp, text)
		return app.E(op, no.kind(), no)
	}
	if err := json.Unmarshal(text, out); err != nil || !whole() {
		return app.E(op, app.KindOffline, &Problem{Status: resp.StatusCode})
	}
	return nil
}

func refusal(resp *http.Response, text []byte) *Problem {
	no := &Problem{Status: resp.StatusCode}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind == "application/problem+json" {
		var doc struct{ Code string }
		if json.Unmarshal(text, &doc) == nil {
			no.Code = doc.Code
		}
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		no.RetryAfter = time.Duration(seconds) * time.Second
	}
	return no
}

// bare takes the address, which holds a token or a signature, out of an error
// of net/http.
func bare(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// newImageID is a UUIDv7 of the moment.
func newImageID(at time.Time) app.ImageID {
	var b [16]byte
	_, _ = rand.Read(b[:])
	ms := at.UnixMilli()
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return app.ImageID(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
}
