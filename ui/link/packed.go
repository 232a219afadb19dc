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

// pack gives up the pixels for a JPEG of them, where that is worth it.
func (k kept) pack() kept {
	if k.Image == nil || len(k.Image.Pix) < packedAbove {
		return k
	}
	var b bytes.Buffer
	if jpeg.Encode(&b, k.Image, &jpeg.Options{Quality: 92}) != nil {
		return k
	}
	return kept{Pixels{Key: k.Key}, bytes.Clone(b.Bytes())}
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
	out := image.NewNRGBA(image.Rect(0, 0, m.Bounds().Dx(), m.Bounds().Dy()))
	draw.Draw(out, out.Rect, m, m.Bounds().Min, draw.Src)
	return Pixels{k.Key, out}
}
