package picture

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"

	"github.com/clinicpro-nz/images/app"
)

// rungs are what a picture over its size is brought down to, best first: its
// long edge in pixels, and between which qualities. Below 72 a smaller
// picture shows more, but 2,000 pixels are kept while anything fits at them,
// as the phone does.
var rungs = []struct{ edge, best, least int }{
	{MaxSide, developedQuality, 72}, {4000, developedQuality, 72}, {3000, developedQuality, 72}, {2400, developedQuality, 72}, {2000, developedQuality, 50},
	{1600, developedQuality, 60}, {1280, developedQuality, 60}, {1024, developedQuality, 60}, {800, developedQuality, 50}, {640, 72, 40}, {400, 72, 30},
}

// Fit returns the picture in at most maxBytes, and otherwise as Developed does.
func (d *Decoder) Fit(ctx context.Context, b []byte, maxBytes int) ([]byte, error) {
	if _, _, err := Check(b); err != nil {
		return nil, err
	}
	return d.Developed(ctx, b, ChangesOf(app.Image{}), max(maxBytes, 1))
}

// fit codes m in at most maxBytes, with the profile of another picture: never
// enlarged, on the first rung that fits and there as well as fits, to a
// twentieth.
func fit(ctx context.Context, m image.Image, profileOf []byte, maxBytes int) ([]byte, error) {
	const op = "fit picture"
	edge := max(m.Bounds().Dx(), m.Bounds().Dy())
	room := maxBytes - (len(withProfile([]byte{0xff, markerSOI}, profileOf)) - 2)
	pixels := func(long int) float64 { return float64(min(long, edge)) * float64(min(long, edge)) }
	best, err := encode(m, developedQuality)
	if err != nil {
		return nil, err
	}
	if len(best) <= room {
		return withProfile(best, profileOf), nil
	}
	tried, needs := 0, 0.0 // what the least quality needed on the rung tried last
	quality := 0           // that quality
	for i, rung := range rungs {
		if rung.edge > edge && i+1 < len(rungs) && rungs[i+1].edge >= edge {
			continue // the next is as large
		}
		// Bytes fall more slowly than pixels: what would not fit if they fell
		// as fast does not fit.
		if tried > 0 && rung.least >= quality && needs*pixels(rung.edge)/pixels(tried) > float64(room) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, app.E(op, app.KindOffline, err)
		}
		small := m
		if rung.edge < edge {
			small = shrink(m, rung.edge)
		}
		fits, err := encode(small, rung.least)
		if err != nil {
			return nil, err
		}
		if len(fits) > room {
			tried, needs, quality = rung.edge, float64(len(fits)), rung.least
			continue
		}
		for low, high := rung.least, rung.best; low < high && len(fits) < room*19/20; {
			if err := ctx.Err(); err != nil {
				return nil, app.E(op, app.KindOffline, err)
			}
			half := (low + high + 1) / 2
			better, err := encode(small, half)
			if err != nil {
				return nil, err
			}
			if len(better) <= room {
				fits, low = better, half
			} else {
				high = half - 1
			}
		}
		return withProfile(fits, profileOf), nil
	}
	return nil, app.E(op, app.KindTooLarge, ReasonTooLarge)
}

func encode(m image.Image, quality int) ([]byte, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: quality}); err != nil {
		return nil, app.E("encode picture", app.KindBug, err)
	}
	return out.Bytes(), nil
}
