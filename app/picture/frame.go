package picture

import "encoding/binary"

// frame is what a JPEG's segments say before any pixel is decoded.
type frame struct {
	frames        int // SOF segments
	width, height int // pixels, of the first
	progressive   bool
	foreign       bool // arithmetic, lossless, hierarchical or not 8-bit
	parts         []part
	rgb           bool // stored as RGB, or may be taken to be
	adobe         bool // has Adobe's colour marker
	scans         int
}

// part is one component's sampling factors, 0 to 15.
type part struct{ id, h, v byte }

// readFrame follows the segments and reports whether they led to the end.
func readFrame(b []byte) (frame, bool) {
	var f frame
	ended := walk(b, func(marker byte, segment []byte) {
		body := segment[min(4, len(segment)):]
		switch {
		case isSOF(marker):
			f.frames++
			if f.frames == 1 {
				f.start(marker, body)
			}
		case marker == markerAPPE && adobe(body):
			f.rgb, f.adobe = f.rgb || body[11] == 0, true
		case marker == markerSOS:
			f.scans++
		}
	})
	return f, ended
}

func isSOF(marker byte) bool {
	return marker >= 0xc0 && marker <= 0xcf && marker != markerDHT && marker != 0xc8 && marker != 0xcc
}

// start reads the frame header (ITU-T T.81, B.2.2).
func (f *frame) start(marker byte, body []byte) {
	f.progressive = marker == markerSOF2
	f.foreign = marker > markerSOF2
	if len(body) < 6 {
		return
	}
	f.foreign = f.foreign || body[0] != 8
	f.height, f.width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	for rest := body[6:]; len(rest) >= 3; rest = rest[3:] {
		f.parts = append(f.parts, part{rest[0], rest[1] >> 4, rest[1] & 15})
	}
	if p := f.parts; len(p) == 3 && p[0].id == 'R' && p[1].id == 'G' && p[2].id == 'B' {
		f.rgb = true
	}
}

// decodeBytes is what image/jpeg will hold at once: a byte a sample, rounded
// up to whole blocks; for a progressive picture four more a sample for its
// coefficients; and for one that is not YCbCr four a pixel for the
// conversion.
func (f *frame) decodeBytes() int64 {
	if len(f.parts) == 0 {
		return 0
	}
	var perBlock int64
	for _, p := range f.parts {
		perBlock += int64(p.h) * int64(p.v)
	}
	h0, v0 := max(1, int(f.parts[0].h)), max(1, int(f.parts[0].v))
	if len(f.parts) == 1 { // one component is never interleaved
		perBlock, h0, v0 = 1, 1, 1
	}
	across, down := (f.width+8*h0-1)/(8*h0), (f.height+8*v0-1)/(8*v0)
	samples := int64(across) * int64(down) * 64 * perBlock
	total := samples
	if f.progressive {
		total += 4 * samples
	}
	if f.rgb || len(f.parts) == 4 {
		total += 4 * int64(f.width) * int64(f.height)
	}
	return total
}
