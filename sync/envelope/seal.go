package envelope

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"hash/crc32"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
)

// takenAtForm is how the phone writes a time: milliseconds and its offset.
const takenAtForm = "2006-01-02T15:04:05.000Z07:00"

// Seal does what the phone does, for tests, the simulator and the benchmark.
// What cannot be opened again is not sealed: KindTooLarge over the limits,
// KindBug for a zero secret.
func Seal(to age.Recipient, sid app.SessionID, image app.ImageID, secret Secret, jpeg []byte, meta Meta) ([]byte, error) {
	const op = "seal image"
	key := secret.key()
	if key == nil {
		return nil, app.E(op, app.KindBug, errors.New("no pairing secret"))
	}
	capture, err := json.Marshal(captureJSON{
		V: 1, ImageID: image, TakenAt: meta.TakenAt.Format(takenAtForm),
		Width: meta.Width, Height: meta.Height, Bytes: int64(len(jpeg)), SHA256: digest(jpeg),
		OriginalType: meta.OriginalType, OriginalBytes: meta.OriginalBytes,
		Source: meta.Source, Page: meta.Page, Consent: consentOf(meta.Consent), detailsJSON: detailsOf(meta.Details),
	})
	if err != nil {
		return nil, app.E(op, app.KindBug, err)
	}
	plain, err := pack(jpeg, capture, []byte(authentication(key, sid, image, jpeg, capture)))
	if err != nil {
		return nil, app.E(op, app.KindBug, err)
	}
	if len(plain) > MaxPlaintext || len(capture) > MaxCapture {
		return nil, app.E(op, app.KindTooLarge, ReasonTooLarge)
	}
	sealed, err := encrypt(to, plain)
	if err != nil {
		return nil, app.E(op, app.KindBug, err)
	}
	return sealed, nil
}

// pack writes the ZIP with sizes and checksums in the local headers, as the
// phone does, so that a streaming reader can follow it.
func pack(jpeg, capture, mac []byte) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(jpeg) + len(capture) + 1<<10)
	z := zip.NewWriter(&out)
	for _, e := range []struct {
		name string
		data []byte
	}{{imageEntry, jpeg}, {captureEntry, capture}, {hmacEntry, mac}} {
		size := uint64(len(e.data))
		w, err := z.CreateRaw(&zip.FileHeader{
			Name: e.name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(e.data),
			CompressedSize64: size, UncompressedSize64: size,
		})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(e.data); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return out.Bytes(), err
}

func encrypt(to age.Recipient, plain []byte) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(plain) + len(plain)>>11 + 1<<10)
	w, err := age.Encrypt(&out, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}
