package picture

import (
	"bytes"
	"encoding/binary"
	"image"
)

// Quick returns a small picture of b, upright, at most maxSide pixels on its
// longer side, in about a tenth of the time of decoding it: of each block of 8
// by 8 pixels only the mean is read (its DC coefficient, ITU-T T.81), and the
// rest is passed over. No library in Go does that without cgo. It is for
// showing something at once, and proves nothing: what is damaged beyond the
// means passes. b must have passed Check. It is false for a JPEG that is not
// baseline, of one scan, and grey or YCbCr, or is smaller than a picture of
// this kind should be made of; then only Decoder will do.
func Quick(b []byte, maxSide int) (*image.RGBA, bool) {
	var q quick
	ok := walk(b, func(marker byte, segment []byte) {
		if body := segment[min(4, len(segment)):]; !q.failed {
			q.read(marker, body)
		}
	})
	if !ok || q.failed || q.out == nil {
		return nil, false
	}
	small := shrink(q.out, max(maxSide, 1))
	return upright(small, Orientation(b)), true
}

// quickSide is the least longer side of a picture that Quick is used for:
// its eighth still fills a tile.
const quickSide = 1920

// quick is a picture on its way.
type quick struct {
	failed   bool
	frame    frame
	tables   [4]byte // of each part: its quantisation table
	quant    [4]int  // of each table: the step of the mean
	dc, ac   [4]*huffman
	interval int // of restarts, in units; 0: none
	out      image.Image
}

func (q *quick) read(marker byte, body []byte) {
	switch marker {
	case markerSOF0, markerSOF0 + 1:
		q.failed = q.frame.frames > 0
		q.frame.frames++
		q.frame.start(marker, body)
		for i := range min(len(q.frame.parts), 4) {
			q.tables[i] = body[6+3*i+2] & 3
		}
	case markerSOF2:
		q.failed = true
	case markerAPPE:
		q.failed = adobe(body) && body[11] == 0
	case markerDRI:
		if len(body) >= 2 {
			q.interval = int(binary.BigEndian.Uint16(body))
		}
	case markerDQT:
		for len(body) > 64 {
			wide, id := int(body[0]>>4), body[0]&3
			q.quant[id] = int(body[1])
			if wide > 0 {
				q.quant[id] = int(binary.BigEndian.Uint16(body[1:]))
			}
			body = body[min(1+64*(1+wide), len(body)):]
		}
	case markerDHT:
		for len(body) > 17 {
			class, id := body[0]>>4, body[0]&3
			h, rest := newHuffman(body[1:], class == 1)
			if h == nil {
				q.failed = true
				return
			}
			if class == 0 {
				q.dc[id] = h
			} else {
				q.ac[id] = h
			}
			body = rest
		}
	case markerSOS:
		q.scan(body)
	}
}

// scan reads the means of every block.
func (q *quick) scan(body []byte) {
	f := q.frame
	n := len(f.parts)
	q.failed = true // until all of it has been read
	if q.out != nil || n != 1 && n != 3 || f.rgb || f.foreign || max(f.width, f.height) < quickSide ||
		len(body) < 4+2*n || int(body[0]) != n {
		return
	}
	type plane struct {
		h, v, stride int
		step, mean   int
		dc, ac       *huffman
		samples      []byte
	}
	h0, v0 := int(f.parts[0].h), int(f.parts[0].v)
	if n == 1 {
		h0, v0 = 1, 1
	}
	across, down := (f.width+8*h0-1)/(8*h0), (f.height+8*v0-1)/(8*v0)
	planes := make([]plane, n)
	for i := range planes {
		p := &planes[i]
		p.h, p.v = int(f.parts[i].h), int(f.parts[i].v)
		if n == 1 {
			p.h, p.v = 1, 1
		}
		if f.parts[i].id != body[1+2*i] || i > 0 && (p.h != 1 || p.v != 1) {
			return
		}
		p.dc, p.ac = q.dc[body[2+2*i]>>4&3], q.ac[body[2+2*i]&3]
		if p.dc == nil || p.ac == nil {
			return
		}
		p.step, p.stride = q.quant[q.tables[i]], across*p.h
		p.samples = make([]byte, p.stride*down*p.v)
	}
	ratio, known := map[[2]int]image.YCbCrSubsampleRatio{{1, 1}: image.YCbCrSubsampleRatio444, {2, 1}: image.YCbCrSubsampleRatio422,
		{1, 2}: image.YCbCrSubsampleRatio440, {2, 2}: image.YCbCrSubsampleRatio420}[[2]int{h0, v0}]
	if !known {
		return
	}
	bits := reader{runs: runsOf(body[4+2*n:])}
	bits.next()
	for unit := range across * down {
		if q.interval > 0 && unit > 0 && unit%q.interval == 0 {
			bits.next()
			for i := range planes {
				planes[i].mean = 0
			}
		}
		x, y := unit%across, unit/across
		for i := range planes {
			p := &planes[i]
			for by := range p.v {
				for bx := range p.h {
					p.mean += bits.mean(p.dc)
					bits.pass(p.ac)
					p.samples[(y*p.v+by)*p.stride+x*p.h+bx] = byte(min(max((p.mean*p.step+4)>>3+128, 0), 255))
				}
			}
		}
		if bits.over() {
			return
		}
	}
	rect := image.Rect(0, 0, (f.width+7)/8, (f.height+7)/8)
	if q.failed = false; n == 1 {
		q.out = &image.Gray{Pix: planes[0].samples, Stride: planes[0].stride, Rect: rect}
		return
	}
	q.out = &image.YCbCr{Y: planes[0].samples, Cb: planes[1].samples, Cr: planes[2].samples, YStride: planes[0].stride,
		CStride: planes[1].stride, SubsampleRatio: ratio, Rect: rect}
}

// runsOf is a scan's bits between its restarts, without stuffing.
func runsOf(b []byte) [][]byte {
	plain := make([]byte, 0, len(b)) // of all of them: restarts can be many
	var runs [][]byte
	began := 0
	for {
		i := bytes.IndexByte(b, 0xff)
		if i < 0 || i+1 >= len(b) {
			plain = append(plain, b...)
			return append(runs, plain[began:])
		}
		plain = append(plain, b[:i]...)
		if b[i+1] == 0 {
			plain = append(plain, 0xff)
		} else {
			runs, began = append(runs, plain[began:]), len(plain)
		}
		b = b[i+2:]
	}
}

// reader reads bits; beyond the end of a run it reads zeros, and knows it.
type reader struct {
	runs  [][]byte
	run   []byte
	at    int
	bits  uint64 // the next ones, from the top
	count int
}

func (r *reader) next() {
	r.run, r.at, r.bits, r.count = nil, 0, 0, 0
	if len(r.runs) > 0 {
		r.run, r.runs = r.runs[0], r.runs[1:]
	}
}

// over reports whether more was read than there is.
func (r *reader) over() bool { return r.at-r.count/8 > len(r.run) }

func (r *reader) fill() {
	for r.count <= 56 {
		if r.at < len(r.run) {
			r.bits |= uint64(r.run[r.at]) << (56 - r.count)
		}
		r.at++
		r.count += 8
	}
}

func (r *reader) drop(n int) {
	r.bits <<= n
	r.count -= n
}

// mean reads one difference of means.
func (r *reader) mean(h *huffman) int {
	r.fill()
	size := int(h.symbol(r)) & 15
	if size == 0 {
		return 0
	}
	r.fill()
	v := int(r.bits >> (64 - size))
	r.drop(size)
	if v < 1<<(size-1) {
		v -= 1<<size - 1
	}
	return v
}

// pass goes over the other 63 coefficients of a block.
func (r *reader) pass(h *huffman) {
	for k := 1; k < 64; {
		if r.count < 32 {
			r.fill()
		}
		if e := h.quick[r.bits>>(64-lookBits)]; e.bits > 0 {
			r.drop(int(e.bits))
			k += int(e.step)
			continue
		}
		symbol := h.symbol(r)
		run, size := int(symbol>>4), int(symbol&15)
		r.fill()
		r.drop(size)
		if k += run + 1; size == 0 && run < 15 {
			return
		}
	}
}

const lookBits = 10

// huffman is one table: by the next bits, and in full for the longer codes.
type huffman struct {
	quick  [1 << lookBits]passed
	low    [17]int // of each length: the first code
	count  [17]int
	first  [17]int // and the place of its symbol
	values []byte
}

// passed is what a code and the bits that belong to it come to: how many bits,
// and how many coefficients on; 64 at the end of a block.
type passed struct{ bits, step uint8 }

// newHuffman reads a table and returns what follows it; nil for one that is
// none.
func newHuffman(b []byte, others bool) (*huffman, []byte) {
	h := &huffman{}
	total, code := 0, 0
	for n := 1; n <= 16; n++ {
		h.count[n], h.low[n], h.first[n] = int(b[n-1]), code, total
		total += h.count[n]
		if code += h.count[n]; code > 1<<n {
			return nil, nil
		}
		code <<= 1
	}
	if total > 256 || len(b) < 16+total {
		return nil, nil
	}
	h.values = b[16 : 16+total]
	for n := 1; others && n <= lookBits; n++ {
		for i := range h.count[n] {
			symbol := h.values[h.first[n]+i]
			run, size := symbol>>4, symbol&15
			step := run + 1
			if size == 0 && run < 15 {
				step = 64
			}
			for pad := range 1 << (lookBits - n) {
				h.quick[(h.low[n]+i)<<(lookBits-n)|pad] = passed{uint8(n) + size, step}
			}
		}
	}
	return h, b[16+total:]
}

// symbol reads the next one; 0 for a code that is none.
func (h *huffman) symbol(r *reader) byte {
	for n := 1; n <= 16; n++ {
		if i := int(r.bits>>(64-n)) - h.low[n]; i >= 0 && i < h.count[n] {
			r.drop(n)
			return h.values[h.first[n]+i]
		}
	}
	r.drop(16)
	return 0
}
