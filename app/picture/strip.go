package picture

import (
	"bytes"
	"encoding/binary"

	"github.com/clinicpro-nz/images/app"
)

const (
	markerSOF0 = 0xc0 // baseline
	markerSOF2 = 0xc2 // progressive
	markerDHT  = 0xc4
	markerSOI  = 0xd8
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerDQT  = 0xdb
	markerDRI  = 0xdd
	markerAPP0 = 0xe0
	markerAPP1 = 0xe1
	markerAPP2 = 0xe2
	markerAPPE = 0xee
	markerCOM  = 0xfe
)

// Strip returns the JPEG without EXIF, XMP, IPTC, comments, embedded previews
// and whatever follows its end, not a pixel changed. What stays is what
// decoding needs and, in front of the first scan, the JFIF header without its
// preview, a well-formed ICC profile, Adobe's colour marker, and the
// orientation (in an EXIF of nothing else) when it is not upright. KindCorrupt
// when the segments cannot be followed to the end of the picture.
func Strip(b []byte) ([]byte, error) {
	out := make([]byte, 0, len(b)+len(orientationOnly(1)))
	out = append(out, 0xff, markerSOI)
	orientation := Orientation(b)
	placed := orientation == 1
	profile, jfif, scanned := hasProfile(b), false, false
	ended := walk(b, func(marker byte, segment []byte) {
		if marker != markerAPP0 && !placed { // EXIF readers look right after JFIF
			out, placed = append(out, orientationOnly(orientation)...), true
		}
		scanned = scanned || marker == markerSOS
		switch body := segment[min(4, len(segment)):]; marker {
		case markerSOF0, markerSOF0 + 1, markerSOF2, markerDHT, markerDQT, markerDRI, markerSOS, markerEOI:
			out = append(out, segment...)
		case markerAPP0:
			if !scanned && !jfif && bytes.HasPrefix(body, []byte("JFIF\x00")) {
				out, jfif = append(out, jfifOnly(body)...), true
			}
		case markerAPP2:
			if !scanned && profile && bytes.HasPrefix(body, []byte(iccName)) {
				out = append(out, segment...)
			}
		case markerAPPE:
			if !scanned && adobe(body) {
				out = append(append(out, 0xff, markerAPPE, 0, 14), body[:12]...)
			}
		}
	})
	if !ended {
		return nil, app.E("strip picture", app.KindCorrupt, ReasonNoSegment)
	}
	return out, nil
}

// HasGPS reports whether an EXIF anywhere in the picture has a GPS directory.
func HasGPS(b []byte) bool {
	found := false
	walk(b, func(marker byte, segment []byte) {
		if tiff, ok := exif(marker, segment); ok {
			const tagGPS = 0x8825
			_, has := tag(tiff, tagGPS)
			found = found || has
		}
	})
	return found
}

// Orientation returns the EXIF orientation, 1 to 8; 1 when there is none in
// front of the first scan, which is where readers look.
func Orientation(b []byte) int {
	found, scanned := 0, false
	walk(b, func(marker byte, segment []byte) {
		scanned = scanned || marker == markerSOS
		if tiff, ok := exif(marker, segment); ok && found == 0 && !scanned {
			const tagOrientation = 0x0112
			if v, has := tag(tiff, tagOrientation); has && v >= 1 && v <= 8 {
				found = int(v)
			}
		}
	})
	return max(found, 1)
}

// adobe reports whether the body is Adobe's colour marker; its transform is
// byte 11.
func adobe(body []byte) bool { return len(body) >= 12 && bytes.HasPrefix(body, []byte("Adobe")) }

// jfifOnly is a JFIF header with the version and density of another, and no
// preview.
func jfifOnly(body []byte) []byte {
	said := []byte{1, 1, 0, 0, 1, 0, 1} // version 1.1, square pixels
	if len(body) >= 12 {
		said = body[5:12]
	}
	return append(append([]byte{0xff, markerAPP0, 0, 16, 'J', 'F', 'I', 'F', 0}, said...), 0, 0)
}

const (
	iccName    = "ICC_PROFILE\x00"
	maxProfile = 1 << 20 // bytes; a camera's has 600, a printer's half a million
)

// hasProfile reports whether the ICC segments in front of the first scan are
// one whole profile: numbered from 1 in order, and of the length and with the
// signature that its header says (ICC.1, 7.2).
func hasProfile(b []byte) bool {
	var head []byte
	sound, scanned := true, false
	chunks, count, size := 0, 0, 0
	walk(b, func(marker byte, segment []byte) {
		scanned = scanned || marker == markerSOS
		if marker != markerAPP2 || scanned {
			return
		}
		chunk, ok := bytes.CutPrefix(segment[4:], []byte(iccName))
		if !ok {
			return
		}
		chunks++
		if len(chunk) < 2 || int(chunk[0]) != chunks || count != 0 && int(chunk[1]) != count {
			sound = false
			return
		}
		count = int(chunk[1])
		size += len(chunk) - 2
		if chunks == 1 {
			head = chunk[2:]
		}
	})
	const header, signature = 128, 36
	return sound && chunks > 0 && chunks == count && size <= maxProfile && len(head) >= header &&
		int64(binary.BigEndian.Uint32(head)) == int64(size) && string(head[signature:signature+4]) == "acsp"
}

// walk calls visit with each segment after SOI, in order, marker bytes
// included; entropy-coded data belongs to the SOS before it. It stops after
// the first real EOI and reports whether it came to one.
func walk(b []byte, visit func(marker byte, segment []byte)) bool {
	if !bytes.HasPrefix(b, []byte{0xff, markerSOI}) {
		return false
	}
	for i := 2; ; {
		if i+1 >= len(b) || b[i] != 0xff {
			return false
		}
		for i+1 < len(b) && b[i+1] == 0xff { // fill bytes
			i++
		}
		if i+1 >= len(b) {
			return false
		}
		marker := b[i+1]
		if marker == markerEOI {
			visit(marker, b[i:i+2])
			return true
		}
		// Markers without a length do not stand between segments.
		if marker == 0 || marker == 1 || marker >= 0xd0 && marker <= markerSOI || i+4 > len(b) {
			return false
		}
		end := i + 2 + int(binary.BigEndian.Uint16(b[i+2:]))
		if end < i+4 || end > len(b) {
			return false
		}
		if marker == markerSOS {
			end = scanEnd(b, end)
		}
		visit(marker, b[i:end])
		i = end
	}
}

// scanEnd returns where entropy-coded data ends: at an FF followed by neither
// a stuffed zero, a restart marker, nor a fill byte.
func scanEnd(b []byte, i int) int {
	for {
		n := bytes.IndexByte(b[i:], 0xff)
		if n < 0 || i+n+1 >= len(b) {
			return len(b)
		}
		i += n
		if next := b[i+1]; next == 0 || next >= 0xd0 && next <= 0xd7 {
			i += 2
		} else if next == 0xff {
			i++
		} else {
			return i
		}
	}
}

// exif returns the TIFF block of an EXIF segment.
func exif(marker byte, segment []byte) ([]byte, bool) {
	if marker != markerAPP1 {
		return nil, false
	}
	return bytes.CutPrefix(segment[4:], []byte("Exif\x00\x00"))
}

// tag returns the first value of a tag of the first TIFF directory, when it
// fits in its entry.
func tag(tiff []byte, want uint16) (uint32, bool) {
	if len(tiff) < 8 {
		return 0, false
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(tiff[:2]) {
	case "II":
	case "MM":
		order = binary.BigEndian
	default:
		return 0, false
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 0, false
	}
	entries := int(order.Uint16(tiff[at:]))
	for rest := tiff[at+2:]; entries > 0 && len(rest) >= 12; entries, rest = entries-1, rest[12:] {
		if order.Uint16(rest) != want {
			continue
		}
		const short = 3
		if order.Uint16(rest[2:]) == short {
			return uint32(order.Uint16(rest[8:])), true
		}
		return order.Uint32(rest[8:]), true
	}
	return 0, false
}

// orientationOnly is an EXIF segment with the orientation and nothing else.
func orientationOnly(orientation int) []byte {
	return []byte{
		0xff, markerAPP1, 0, 34, 'E', 'x', 'i', 'f', 0, 0,
		'M', 'M', 0, 42, 0, 0, 0, 8, // TIFF, directory at 8
		0, 1, // one entry: orientation, SHORT, count 1
		0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, byte(orientation), 0, 0,
		0, 0, 0, 0, // no further directory
	}
}
