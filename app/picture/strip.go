package picture

import (
	"bytes"
	"encoding/binary"

	"github.com/clinicpro-nz/images/app"
)

const (
	markerSOI  = 0xd8
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerAPP0 = 0xe0
	markerAPP1 = 0xe1
	markerAPP2 = 0xe2
	markerAPPE = 0xee
	markerAPPF = 0xef
	markerCOM  = 0xfe
)

// Strip returns the JPEG without EXIF, XMP, IPTC, comments, embedded previews
// and whatever follows its end, not a pixel changed. What stays: the JFIF
// header, the ICC profile, Adobe's colour marker, and the orientation (in an
// EXIF of nothing else) when it is not upright. KindCorrupt when the segments
// cannot be followed to the end of the picture.
func Strip(b []byte) ([]byte, error) {
	out := make([]byte, 0, len(b)+len(orientationOnly(1)))
	out = append(out, 0xff, markerSOI)
	orientation := Orientation(b)
	placed := orientation == 1
	place := func() {
		if !placed {
			out, placed = append(out, orientationOnly(orientation)...), true
		}
	}
	ended := walk(b, func(marker byte, segment []byte) {
		if marker != markerAPP0 {
			place() // EXIF readers look right after JFIF
		}
		if keep(marker, segment) {
			out = append(out, segment...)
		}
	})
	if !ended {
		return nil, app.E("strip picture", app.KindCorrupt, ReasonNoSegment)
	}
	return out, nil
}

// HasGPS reports whether an EXIF in front of the picture has a GPS directory.
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

// Orientation returns the EXIF orientation, 1 to 8; 1 when there is none.
func Orientation(b []byte) int {
	found := 0
	walk(b, func(marker byte, segment []byte) {
		if tiff, ok := exif(marker, segment); ok && found == 0 {
			const tagOrientation = 0x0112
			if v, has := tag(tiff, tagOrientation); has && v >= 1 && v <= 8 {
				found = int(v)
			}
		}
	})
	return max(found, 1)
}

// keep decides by marker, and by content where a marker serves several uses.
func keep(marker byte, segment []byte) bool {
	body := segment[min(4, len(segment)):]
	switch {
	case marker == markerAPP0:
		return bytes.HasPrefix(body, []byte("JFIF\x00")) && len(body) == 14 // 14: without a thumbnail
	case marker == markerAPP2:
		return bytes.HasPrefix(body, []byte("ICC_PROFILE\x00"))
	case marker == markerAPPE:
		return bytes.HasPrefix(body, []byte("Adobe"))
	case marker >= markerAPP0 && marker <= markerAPPF, marker == markerCOM:
		return false
	}
	return true
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
