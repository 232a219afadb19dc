package envelope

import (
	"archive/zip"
	"bytes"
	"crypto/hmac"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
)

// Capture is an opened sealed image.
type Capture struct {
	JPEG   []byte
	SHA256 app.Digest // of JPEG
	Meta   Meta
}

// Source is where the phone took the picture from.
type Source string

const (
	SourceCamera  Source = "camera"
	SourceLibrary Source = "library"
)

// Meta is what the phone says about a picture. It is authentic, not checked
// against the picture: Width and Height are the phone's word.
type Meta struct {
	TakenAt       time.Time // with the phone's offset, to the millisecond; zero when it is no time a photo can have
	Width         int       // pixels, of the JPEG sealed
	Height        int
	OriginalType  string // media type before the phone's compression; "" when it is not a short word
	OriginalBytes int64
	Source        Source // "" when it is neither of the two
	Page          string // version of the phone page; "" when it is not a short word
	Details       app.Details
	Consent       app.Consent
}

// captureJSON is capture.json, version 1. Unknown members are ignored.
type captureJSON struct {
	V             int             `json:"v"`
	ImageID       app.ImageID     `json:"imageId"`
	TakenAt       string          `json:"takenAt"`
	Width         int             `json:"width"`
	Height        int             `json:"height"`
	Bytes         int64           `json:"bytes"`
	SHA256        app.Digest      `json:"sha256"`
	OriginalType  string          `json:"originalType"`
	OriginalBytes int64           `json:"originalBytes"`
	Source        Source          `json:"source"`
	Page          string          `json:"page"`
	Consent       json.RawMessage `json:"consent,omitempty"`
	detailsJSON
}

// Open decrypts and checks one sealed image. The HMAC is compared, in
// constant time, before capture.json is parsed. Every failure is KindCorrupt
// and carries a Reason.
func Open(sealed []byte, id age.Identity, sid app.SessionID, image app.ImageID, secret Secret) (Capture, error) {
	c, err := open(sealed, id, sid, image, secret)
	if err != nil {
		return Capture{}, app.E("open sealed image", app.KindCorrupt, err)
	}
	return c, nil
}

func open(sealed []byte, id age.Identity, sid app.SessionID, image app.ImageID, secret Secret) (Capture, error) {
	plain, err := decrypt(sealed, id)
	if err != nil {
		return Capture{}, err
	}
	return authenticate(plain, sid, image, secret)
}

func authenticate(plain []byte, sid app.SessionID, image app.ImageID, secret Secret) (Capture, error) {
	jpeg, capture, mac, err := unpack(plain)
	if err != nil {
		return Capture{}, err
	}
	key := secret.key()
	if key == nil || !hmac.Equal(mac, []byte(authentication(key, sid, image, jpeg, capture))) {
		return Capture{}, ReasonHMAC
	}
	sum := digest(jpeg)
	meta, err := readMeta(capture, image, jpeg, sum)
	if err != nil {
		return Capture{}, err
	}
	return Capture{JPEG: jpeg, SHA256: sum, Meta: meta}, nil
}

func decrypt(sealed []byte, id age.Identity) ([]byte, error) {
	if len(sealed) > MaxSealed {
		return nil, ReasonTooLarge
	}
	if !headerFits(sealed) {
		return nil, ReasonSeal
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), id)
	if err != nil {
		if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
			return nil, ReasonKey
		}
		return nil, ReasonSeal
	}
	var plain bytes.Buffer
	plain.Grow(min(len(sealed), MaxPlaintext) + bytes.MinRead)
	if _, err := plain.ReadFrom(io.LimitReader(r, MaxPlaintext+1)); err != nil {
		return nil, ReasonSeal
	}
	if plain.Len() > MaxPlaintext {
		return nil, ReasonTooLarge
	}
	return plain.Bytes(), nil
}

// unpack returns the three entries as slices of plain. It reads no size it
// has not compared with what is there.
func unpack(plain []byte) (jpeg, capture, mac []byte, err error) {
	if !endFits(plain) {
		return nil, nil, nil, ReasonArchive
	}
	z, err := zip.NewReader(bytes.NewReader(plain), int64(len(plain)))
	if err != nil || len(z.File) != 3 {
		return nil, nil, nil, ReasonArchive
	}
	entries := [3]struct {
		name string
		most uint64
		data []byte
	}{{name: imageEntry, most: MaxPlaintext}, {name: captureEntry, most: MaxCapture}, {name: hmacEntry, most: 64}}
	var after int64 // the end of the entry before: entries may not overlap
	for i := range entries {
		e, f := &entries[i], z.File[i]
		const encrypted = 0x1
		if f.Name != e.name || f.Method != zip.Store || f.Flags&encrypted != 0 ||
			f.CompressedSize64 != f.UncompressedSize64 || f.UncompressedSize64 == 0 || f.UncompressedSize64 > e.most {
			return nil, nil, nil, ReasonArchive
		}
		start, err := f.DataOffset()
		if err != nil || start < after || start > int64(len(plain)) || int64(len(plain))-start < int64(f.UncompressedSize64) {
			return nil, nil, nil, ReasonArchive
		}
		after = start + int64(f.UncompressedSize64)
		e.data = plain[start:after:after]
		if crc32.ChecksumIEEE(e.data) != f.CRC32 {
			return nil, nil, nil, ReasonArchive
		}
	}
	return entries[0].data, entries[1].data, entries[2].data, nil
}

// endFits checks the ZIP's last record by hand: three entries, a small
// directory right before it, no comment. archive/zip counts entries only
// after it has read them all, and 16 MiB of directory are 350,000.
func endFits(plain []byte) bool {
	const size, mostDirectory = 22, 1 << 10
	if len(plain) < size {
		return false
	}
	end := plain[len(plain)-size:]
	le := binary.LittleEndian
	directory, offset := le.Uint32(end[12:]), le.Uint32(end[16:])
	return le.Uint32(end) == 0x06054b50 &&
		le.Uint16(end[8:]) == 3 && le.Uint16(end[10:]) == 3 && le.Uint16(end[20:]) == 0 &&
		directory <= mostDirectory &&
		uint64(directory)+uint64(offset) == uint64(len(plain)-size)
}

func readMeta(capture []byte, image app.ImageID, jpeg []byte, sum app.Digest) (Meta, error) {
	// The version first, alone: a newer one may have other types elsewhere.
	var version struct {
		V int `json:"v"`
	}
	if json.Unmarshal(capture, &version) != nil || version.V < 1 {
		return Meta{}, ReasonCapture
	}
	if version.V > 1 {
		return Meta{}, ReasonVersion
	}
	var c captureJSON
	if json.Unmarshal(capture, &c) != nil {
		return Meta{}, ReasonCapture
	}
	if c.ImageID != image || c.SHA256 != sum || c.Bytes != int64(len(jpeg)) {
		return Meta{}, ReasonMismatch
	}
	if c.Width < 1 || c.Height < 1 || c.OriginalBytes < 0 {
		return Meta{}, ReasonCapture
	}
	if c.Source != SourceCamera && c.Source != SourceLibrary {
		c.Source = ""
	}
	return Meta{
		TakenAt: takenAt(c.TakenAt), Width: c.Width, Height: c.Height,
		OriginalType: word(c.OriginalType), OriginalBytes: c.OriginalBytes,
		Source: c.Source, Page: word(c.Page), Details: c.details(), Consent: consent(c.Consent),
	}, nil
}

// takenAt returns what the phone says, or the zero Time when its clock cannot
// be right: a photo is worth more than its date, so that is no refusal.
func takenAt(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Before(earliest) || !t.Before(latest) {
		return time.Time{}
	}
	const west, east = -12 * 3600, 14 * 3600 // seconds; the offsets in use
	if _, offset := t.Zone(); offset < west || offset > east {
		return time.Time{}
	}
	return t
}

// No phone that runs the page is older, and no date field later is sorted
// right by the systems that the file goes to.
var (
	earliest = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// word returns s when it is short and printable ASCII, else "".
func word(s string) string {
	const most = 64
	if len(s) > most || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	return s
}
