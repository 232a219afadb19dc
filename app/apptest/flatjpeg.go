package apptest

import (
	"encoding/binary"
	"strings"
)

// FlatJPEG is a JPEG of one colour written by hand: its blocks are zero bits,
// so that any size, form and number of scans costs a test next to nothing.
// What it describes need not be a picture that a program reads.
type FlatJPEG struct {
	Width, Height int
	SOF           byte     // marker of the frame: 0 is baseline, 0xc2 progressive
	Parts         []string // components: an id and the sampling factors; nil is Parts420
	Precision     byte     // bits; 0 is 8
	MoreScans     int      // beyond the first
	Between       []byte   // segments in front of each further scan
}

// Components for FlatJPEG.
var (
	Parts420  = []string{"\x01\x22", "\x02\x11", "\x03\x11"}
	Parts444  = []string{"\x01\x11", "\x02\x11", "\x03\x11"}
	PartsRGB  = []string{"R\x11", "G\x11", "B\x11"}
	PartsCMYK = []string{"C\x11", "M\x11", "Y\x11", "K\x11"} // wants Adobe's marker
	PartsGrey = []string{"\x01\x11"}
)

// JPEGSegment is one segment: marker, length, body.
func JPEGSegment(marker byte, body string) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2))
	return append(b, body...)
}

// Bytes writes the file.
func (f FlatJPEG) Bytes() []byte {
	const progressive, dht, sos, dqt = 0xc2, 0xc4, 0xda, 0xdb
	sof, parts, precision := f.SOF, f.Parts, f.Precision
	if sof == 0 {
		sof = 0xc0
	}
	if parts == nil {
		parts = Parts420
	}
	if precision == 0 {
		precision = 8
	}
	out := append([]byte{0xff, 0xd8}, JPEGSegment(dqt, "\x00"+strings.Repeat("\x01", 64))...)
	head := []byte{precision}
	head = binary.BigEndian.AppendUint16(head, uint16(f.Height))
	head = binary.BigEndian.AppendUint16(head, uint16(f.Width))
	frame, scan := string(append(head, byte(len(parts)))), string([]byte{byte(len(parts))})
	across, down, blocks := int(parts[0][1]>>4), int(parts[0][1]&15), 0
	for _, p := range parts {
		frame += p + "\x00"
		scan += p[:1] + "\x00"
		blocks += int(p[1]>>4) * int(p[1]&15)
	}
	out = append(out, JPEGSegment(sof, frame)...)
	// One code of one bit, 0: no difference for DC; for AC the end of the
	// block, or in a progressive picture of 32,767 blocks.
	end, bitsPerBlock := byte(0x00), 2
	if sof == progressive {
		end, bitsPerBlock = 0xe0, 1
	}
	lengths := "\x01" + strings.Repeat("\x00", 15)
	out = append(out, JPEGSegment(dht, "\x00"+lengths+"\x00\x10"+lengths+string([]byte{end}))...)
	units := (f.Width + 8*across - 1) / (8 * across) * ((f.Height + 8*down - 1) / (8 * down))
	data := make([]byte, (units*blocks*bitsPerBlock+7)/8)
	if sof == progressive {
		out = append(append(out, JPEGSegment(sos, scan+"\x00\x00\x00")...), data...)
		data = endsOfBlocks((f.Width + 7) / 8 * ((f.Height + 7) / 8))
		scan = "\x01" + parts[0][:1] + "\x00\x01\x3f\x00"
	} else {
		scan += "\x00\x3f\x00"
		out = append(append(out, JPEGSegment(sos, scan)...), data...)
	}
	for range f.MoreScans {
		out = append(append(append(out, f.Between...), JPEGSegment(sos, scan)...), data...)
	}
	return append(out, 0xff, 0xd9)
}

// endsOfBlocks ends as many blocks, 32,767 at a time: a zero and fourteen
// ones each.
func endsOfBlocks(blocks int) []byte {
	var out []byte
	var held, n uint
	for ; blocks > 0; blocks -= 32767 {
		for held, n = held<<15|0x3fff, n+15; n >= 8; n -= 8 {
			b := byte(held >> (n - 8))
			if out = append(out, b); b == 0xff {
				out = append(out, 0) // stuffed
			}
		}
	}
	return append(out, byte(held<<(8-n)), 0)
}
