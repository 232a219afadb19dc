package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/envelope"
	"github.com/clinicpro-nz/images/sync/pairing"
)

// goPhone does over the session API what the phone page does, for
// measurements. One goroutine at a time.
type goPhone struct {
	client *http.Client
	link   pairing.Link
	key    string // base64url
	sid    app.SessionID
}

type upload struct {
	ID      app.ImageID       `json:"id"`
	State   app.ImageState    `json:"state"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
}

type answer struct {
	Session struct {
		SID app.SessionID `json:"sid"`
	} `json:"session"`
	Uploads []upload `json:"uploads"`
}

type announced struct {
	ID     app.ImageID `json:"id"`
	Bytes  int         `json:"bytes"`
	SHA256 string      `json:"sha256"`
}

// claimLink pairs a new phone with the session behind a link.
func claimLink(ctx context.Context, address string) (*goPhone, error) {
	l, err := pairing.Parse(app.Seal(address))
	if err != nil {
		return nil, err
	}
	var key [32]byte
	_, _ = rand.Read(key[:])
	p := &goPhone{client: &http.Client{Timeout: 30 * time.Second}, link: l, key: base64.RawURLEncoding.EncodeToString(key[:])}
	var out answer
	err = p.call(ctx, "claim", map[string]string{"practice": string(l.Practice), "token": l.Token.Reveal()}, &out)
	p.sid = out.Session.SID
	return p, err
}

// seal makes one image id and its sealed bytes.
func (p *goPhone) seal(jpeg []byte) (app.ImageID, []byte, error) {
	id := newImageID(time.Now())
	sealed, err := envelope.Seal(p.link.Recipient, p.sid, id, p.link.Secret, jpeg,
		envelope.Meta{TakenAt: time.Now(), Source: envelope.SourceCamera, OriginalType: "image/jpeg", OriginalBytes: int64(len(jpeg))})
	return id, sealed, err
}

// reserve asks for the links of sealed images.
func (p *goPhone) reserve(ctx context.Context, images map[app.ImageID][]byte) ([]upload, error) {
	var ask []announced
	for id, sealed := range images {
		sum := sha256.Sum256(sealed)
		ask = append(ask, announced{id, len(sealed), hex.EncodeToString(sum[:])})
	}
	var out answer
	err := p.call(ctx, "uploads", map[string]any{"uploads": ask}, &out)
	return out.Uploads, err
}

// put sends the sealed bytes to the store.
func (p *goPhone) put(ctx context.Context, u upload, sealed []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, u.URL, bytes.NewReader(sealed))
	if err != nil {
		return err
	}
	for k, v := range u.Headers {
		req.Header.Set(k, v)
	}
	return p.send(req, nil)
}

// stored says that an image is in the store.
func (p *goPhone) stored(ctx context.Context, id app.ImageID) error {
	return p.call(ctx, "images", map[string]any{"stored": []app.ImageID{id}}, nil)
}

func (p *goPhone) call(ctx context.Context, name string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.link.Base+"/api/medtech/session/"+name, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+p.key)
	if p.sid != "" {
		req.Header.Set("ClinicPro-Session", string(p.link.Practice)+"/"+string(p.sid))
	}
	return p.send(req, into)
}

func (p *goPhone) send(req *http.Request, into any) error {
	resp, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %d: %s", req.Method, resp.StatusCode, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
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
