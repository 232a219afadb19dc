//go:build linux

package main_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"golang.org/x/sync/errgroup"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/pairing"
	gophone "github.com/clinicpro-nz/images/sync/phone"
)

const (
	atLimit = 15 << 20         // bytes of a sealed image
	within  = atLimit - 64<<10 // of a picture whose sealed form is just within
)

// sender is a phone that holds a link and keeps account of what is to become
// of what it sends.
type sender struct {
	*gophone.Phone
	t     *testing.T
	to    *age.X25519Recipient
	ids   *rand.Rand
	all   []expected
	bytes int64

	mu   sync.Mutex
	over bool // everything was handed to the gateway
	seen map[app.ImageID]app.ImageState
}

type expected struct {
	gophone.Image
	name string
	want app.ImageState
}

func newSender(t *testing.T, address string) *sender {
	t.Helper()
	l, err := pairing.Parse(app.Seal(address))
	if err != nil {
		t.Fatal(err)
	}
	p, err := gophone.New(app.Seal(address), &http.Client{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &sender{Phone: p, t: t, to: l.Recipient, ids: rand.New(rand.NewPCG(1, 2))}
}

// picture sends a JPEG sealed as the page seals it.
func (p *sender) picture(name string, jpeg []byte, want app.ImageState) {
	p.taken(name, time.Now(), jpeg, want)
}

func (p *sender) taken(name string, at time.Time, jpeg []byte, want app.ImageState) {
	im, err := p.Seal(jpeg, at)
	if err != nil {
		p.t.Errorf("%s: %v", name, err)
		return
	}
	p.send(name, im, want)
}

// file sends bytes that need not be a sealed image.
func (p *sender) file(name string, b []byte) {
	sum := sha256.Sum256(b)
	id := fmt.Sprintf("019ab3c4-5d6e-7f80-9a1b-%012x", p.ids.Uint64()&0xffffffffffff)
	p.send(name, gophone.Image{ID: app.ImageID(id), Sealed: b, SHA256: app.Digest(hex.EncodeToString(sum[:]))}, app.ImageQuarantined)
}

// sealed sends a plaintext of the phone's own making.
func (p *sender) sealed(name string, plain []byte) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, p.to)
	if err == nil {
		_, err = w.Write(plain)
		err = errors.Join(err, w.Close())
	}
	if err != nil {
		p.t.Errorf("%s: %v", name, err)
		return
	}
	p.file(name, out.Bytes())
}

func (p *sender) send(name string, im gophone.Image, want app.ImageState) {
	p.all = append(p.all, expected{im, name, want})
	p.bytes += int64(len(im.Sealed))
}

// announce reserves everything: from then on it may be sent, although the GP
// has gone on to the next patient.
func (p *sender) announce() {
	p.t.Helper()
	images := make([]gophone.Image, len(p.all))
	for i, im := range p.all {
		images[i] = im.Image
	}
	if _, err := p.Reserve(p.t.Context(), images...); err != nil {
		p.t.Fatal(err)
	}
}

// deliver sends everything, two at a time and each until it is stored.
func (p *sender) deliver() {
	var group errgroup.Group
	group.SetLimit(2)
	for i := range p.all {
		im := &p.all[i]
		group.Go(func() error {
			var err error
			for end := time.Now().Add(patience); time.Now().Before(end) && p.t.Context().Err() == nil; time.Sleep(300 * time.Millisecond) {
				if err = p.once(p.t.Context(), im.Image); app.KindOf(err) != app.KindOffline {
					break
				}
			}
			if err != nil {
				p.t.Errorf("%s was not taken: %v", im.name, err)
			}
			im.Sealed = nil
			return nil
		})
	}
	_ = group.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
}

func (p *sender) once(ctx context.Context, im gophone.Image) error {
	a, err := p.Reserve(ctx, im)
	if err != nil {
		return err
	}
	if u := a.Uploads[0]; u.URL != "" {
		if err := p.Put(ctx, u, im.Sealed); err != nil && app.KindOf(err) != app.KindConflict {
			return err
		}
	}
	_, err = p.Stored(ctx, []app.ImageID{im.ID})
	return err
}

// through reports whether every image has come to an end, and says so when
// one has come to another end than was expected.
func (p *sender) through() bool {
	a, err := p.Status(p.t.Context())
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil || !p.over {
		return false
	}
	p.seen = map[app.ImageID]app.ImageState{}
	for _, im := range a.Session.Images {
		p.seen[im.ID] = im.State
	}
	for i := range p.all {
		im := &p.all[i]
		got := p.seen[im.ID]
		if got.Terminal() && got != im.want {
			p.t.Fatalf("%s became %s, want %s", im.name, got, im.want)
		}
		if !got.Terminal() {
			return false
		}
	}
	return true
}

func (p *sender) toFile() (n int) {
	for i := range p.all {
		im := &p.all[i]
		if im.want == app.ImageFiled {
			n++
		}
	}
	return n
}

func (p *sender) report() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out strings.Builder
	for i := range p.all {
		im := &p.all[i]
		fmt.Fprintf(&out, "%s is %q, want %q\n", im.name, p.seen[im.ID], im.want)
	}
	return out.String()
}

// noise is n images at the size limit: every second one is not even sealed.
func (p *sender) noise(n int) {
	random := rand.NewChaCha8([32]byte{1})
	for i := range n {
		b := make([]byte, within)
		_, _ = random.Read(b)
		if i%2 == 0 {
			p.file("noise", append(b, make([]byte, atLimit-within)...))
			continue
		}
		copy(b, "\xff\xd8\xff\xe0")
		p.picture("sealed noise", b, app.ImageQuarantined)
	}
}

// large is n photos at the size limit, which is all that is odd about them.
func (p *sender) large(good []byte, n int) {
	end := len(good) - 2 // what stands behind the last block belongs to the scan
	for range n {
		p.picture("a photo of 15 MB", append(append(bytes.Clone(good[:end]), make([]byte, within-len(good))...), good[end:]...), app.ImageFiled)
	}
}

// bombs is everything that is small and wants to be large.
func (p *sender) bombs(good []byte) {
	flat := func(f apptest.FlatJPEG) []byte { return f.Bytes() }
	large := flat(apptest.FlatJPEG{Width: 12000, Height: 3480, Parts: apptest.Parts444})
	p.picture("41 megapixels of 4:4:4", large, app.ImageFiled)
	p.picture("50 megapixels of 4:2:0", flat(apptest.FlatJPEG{Width: 12000, Height: 4166}), app.ImageFiled)
	p.picture("41 megapixels and 14 MiB behind", append(bytes.Clone(large), bytes.Repeat([]byte("<script>"), (14<<20-len(large))/8)...), app.ImageFiled)
	p.picture("16 progressive megapixels", flat(apptest.FlatJPEG{Width: 4500, Height: 3600, SOF: 0xc2, MoreScans: 15}), app.ImageFiled)
	p.picture("50 progressive megapixels", flat(apptest.FlatJPEG{Width: 12000, Height: 4166, SOF: 0xc2}), app.ImageQuarantined)
	p.picture("3,000 scans", flat(apptest.FlatJPEG{Width: 4000, Height: 3000, SOF: 0xc2, MoreScans: 3000}), app.ImageQuarantined)
	p.picture("4,294 megapixels", forged(good, 65535, 65535), app.ImageQuarantined)
	p.picture("1 × 1", flat(apptest.FlatJPEG{Width: 1, Height: 1}), app.ImageFiled)
	p.picture("6 MiB of segments", insert(good, bytes.Repeat(apptest.JPEGSegment(0xed, strings.Repeat("GPS", 21_000)), 100)), app.ImageFiled)
	p.picture("an archive behind", append(bytes.Clone(good), "PK\x03\x04 <script>"...), app.ImageFiled)
	p.taken("of 1970", time.Unix(0, 0), good, app.ImageFiled)
	p.taken("of 2999", time.Date(2999, 12, 31, 0, 0, 0, 0, time.UTC), good, app.ImageFiled)

	zeros := strings.Repeat("\x00", 64<<20)
	p.sealed("200 MB in 200 KB", archived(zip.Deflate, "image.jpg", zeros, "capture.json", zeros, "capture.hmac", zeros))
	p.sealed("paths", archived(zip.Store, "../../../image.jpg", "x", "/etc/capture.json", "{}", "C:\\capture.hmac", "x"))
	p.sealed("a megabyte of metadata", archived(zip.Store, "image.jpg", "x", "capture.json", strings.Repeat("[", 1<<20), "capture.hmac", strings.Repeat("0", 64)))
	p.sealed("15 MB of nothing", make([]byte, 15_000_000))
	salt, key := base64.RawStdEncoding.EncodeToString(make([]byte, 16)), base64.RawStdEncoding.EncodeToString(make([]byte, 32))
	p.file("a passphrase of 2^22", []byte("age-encryption.org/v1\n-> scrypt "+salt+" 22\n"+key+"\n--- "+key+"\n"))
	p.file("a header of 15 MB", append([]byte("age-encryption.org/v1\n"), bytes.Repeat([]byte("-> X25519 "+key+"\n"+key+"\n"), 15_000_000/100)...))
	p.file("nothing but a name", []byte("age-encryption.org/v1\n"))
}

// insert puts bytes behind a JPEG's first two.
func insert(jpeg, b []byte) []byte {
	return append(append(bytes.Clone(jpeg[:2]), b...), jpeg[2:]...)
}

// forged is a JPEG that says it has another size.
func forged(jpeg []byte, width, height uint16) []byte {
	b := bytes.Clone(jpeg)
	at := bytes.Index(b, []byte{0xff, 0xc0, 0, 17})
	copy(b[at+5:], []byte{byte(height >> 8), byte(height), byte(width >> 8), byte(width)})
	return b
}

// archived is a ZIP of names and contents in turn.
func archived(method uint16, entries ...string) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := 0; i < len(entries); i += 2 {
		h := &zip.FileHeader{Name: entries[i], Method: method}
		data := []byte(entries[i+1])
		if method == zip.Store { // sizes in front, as the page writes them
			h.CRC32, h.CompressedSize64, h.UncompressedSize64 = crc32.ChecksumIEEE(data), uint64(len(data)), uint64(len(data))
			w, _ := z.CreateRaw(h)
			_, _ = w.Write(data)
			continue
		}
		w, _ := z.CreateHeader(h)
		_, _ = w.Write(data)
	}
	_ = z.Close()
	return out.Bytes()
}
