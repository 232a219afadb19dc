package link

import (
	"bytes"
	"image"
	"image/draw"
	"image/jpeg"
)

// packedAbove is the size, in bytes of pixels, from which a picture that has
// been sent is kept as a JPEG: it is needed again only for the next window,
// and twenty thumbnails are 14 MB.
const packedAbove = 64 << 10

// kept is a picture that the next window is sent too.
type kept struct {
	Pixels
	packed []byte // a JPEG, in place of Image
}

// pack gives up the pixels for a JPEG of them.
func (k kept) pack() kept {
	var b bytes.Buffer
	if jpeg.Encode(&b, k.Image, &jpeg.Options{Quality: 92}) != nil {
		return k
	}
	return kept{Pixels{Key: k.Key}, bytes.Clone(b.Bytes())}
}

// packOne packs one picture that has been sent, and reports whether there was
// one: nobody waits for it.
func (a *Agent) packOne() bool {
	a.mu.Lock()
	var due kept
	for key, k := range a.pixels {
		if a.sent[key] && k.packed == nil && k.Image != nil && len(k.Image.Pix) >= packedAbove {
			due = k
			break
		}
	}
	a.mu.Unlock()
	if due.Image == nil {
		return false
	}
	packed := due.pack()
	if packed.packed == nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, still := a.pixels[due.Key]; still {
		a.pixels[due.Key] = packed
	}
	return true
}

// pixels is the picture again.
func (k kept) pixels() Pixels {
	if k.packed == nil {
		return k.Pixels
	}
	m, err := jpeg.Decode(bytes.NewReader(k.packed))
	if err != nil { // our own: cannot be
		m = image.NewNRGBA(image.Rect(0, 0, 1, 1))
	}
	out := image.NewRGBA(image.Rect(0, 0, m.Bounds().Dx(), m.Bounds().Dy()))
	draw.Draw(out, out.Rect, m, m.Bounds().Min, draw.Src)
	return Pixels{k.Key, &image.NRGBA{Pix: out.Pix, Stride: out.Stride, Rect: out.Rect}} // opaque: the same bytes
}
