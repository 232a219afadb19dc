package link

import (
	"encoding/binary"
	"image"
	"image/draw"

	"github.com/clinicpro-nz/images/app"
)

// Pixels is a picture ready to show: scaled by the agent, so that the window
// decodes nothing. Key is what Image.Thumb names.
type Pixels struct {
	Key   string
	Image *image.NRGBA
}

const (
	maxKeyBytes  = 128
	maxPixelSide = 8192
)

// PixelsOf copies img for the pipe. img should already have the size it is
// shown at (240 by 180 for a tile).
func PixelsOf(key string, img image.Image) Pixels {
	if n, ok := img.(*image.NRGBA); ok && n.Rect.Min == (image.Point{}) && n.Stride == 4*n.Rect.Dx() {
		return Pixels{Key: key, Image: n}
	}
	out := image.NewNRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return Pixels{Key: key, Image: out}
}

func encodePixels(p Pixels) ([]byte, error) {
	if p.Image == nil || len(p.Key) > maxKeyBytes {
		return nil, app.E("send a picture", app.KindBug, errFrame)
	}
	w, h := p.Image.Rect.Dx(), p.Image.Rect.Dy()
	if w < 1 || h < 1 || w > maxPixelSide || h > maxPixelSide || len(p.Image.Pix) != 4*w*h {
		return nil, app.E("send a picture", app.KindTooLarge, errFrame)
	}
	out := make([]byte, 0, 5+len(p.Key)+len(p.Image.Pix))
	out = append(out, byte(len(p.Key)))
	out = append(out, p.Key...)
	out = binary.BigEndian.AppendUint16(out, uint16(w))
	out = binary.BigEndian.AppendUint16(out, uint16(h))
	return append(out, p.Image.Pix...), nil
}

func decodePixels(body []byte) (Pixels, error) {
	bad := app.E("read a picture", app.KindCorrupt, errFrame)
	if len(body) < 1 || int(body[0]) > maxKeyBytes || len(body) < 5+int(body[0]) {
		return Pixels{}, bad
	}
	n := 1 + int(body[0])
	key, rest := string(body[1:n]), body[n:]
	w, h := int(binary.BigEndian.Uint16(rest)), int(binary.BigEndian.Uint16(rest[2:]))
	pix := rest[4:]
	if w < 1 || h < 1 || w > maxPixelSide || h > maxPixelSide || len(pix) != 4*w*h {
		return Pixels{}, bad
	}
	return Pixels{Key: key, Image: &image.NRGBA{Pix: pix, Stride: 4 * w, Rect: image.Rect(0, 0, w, h)}}, nil
}
