package pairing

import (
	"strings"

	"github.com/skip2/go-qrcode"

	"github.com/clinicpro-nz/images/app"
)

// Modules returns the link's QR code, true for dark, with a quiet zone of
// four modules around it. The level is Low: a screen gets no scratches, and
// fewer, larger modules are read from further away.
func Modules(link app.Sealed) ([][]bool, error) {
	code, err := qrcode.New(link.Reveal(), qrcode.Low)
	if err != nil {
		return nil, app.E("draw QR code", app.KindTooLarge, nil)
	}
	return code.Bitmap(), nil
}

// Terminal draws modules with half blocks, two rows a line, light modules as
// ink: right on the dark background most terminals have.
func Terminal(modules [][]bool) string {
	var out strings.Builder
	for y := 0; y < len(modules); y += 2 {
		for x, darkTop := range modules[y] {
			darkBottom := y+1 < len(modules) && modules[y+1][x]
			switch {
			case !darkTop && !darkBottom:
				out.WriteRune('█')
			case !darkTop:
				out.WriteRune('▀')
			case !darkBottom:
				out.WriteRune('▄')
			default:
				out.WriteByte(' ')
			}
		}
		out.WriteByte('\n')
	}
	return out.String()
}
