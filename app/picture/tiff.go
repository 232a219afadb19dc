package picture

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"math"
	"slices"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/clinicpro-nz/images/app"
)

// TIFFs writes the document as TIFF 6.0 files of at most maxBytes each. The
// first page of a file is a sheet with the patient and the text of every
// picture, because a TIFF has no text; the pictures follow, a page each, in
// order.
//
// A baseline JPEG that is stored upright, grey or YCbCr, goes in as it is
// (compression 7): its pixels are not coded again. Any other is decoded, and
// stored without loss (deflate) where that fits, else as a JPEG of high
// quality. Errors as PDFs', and of decoding.
func (d *Decoder) TIFFs(ctx context.Context, doc Document, maxBytes int) ([][]byte, error) {
	doc.Pages = slices.Clone(doc.Pages)
	for i, p := range doc.Pages {
		page, err := d.tiffPage(ctx, p.JPEG, maxBytes-DocumentMargin)
		if err != nil {
			return nil, err
		}
		doc.Pages[i].tiff = page
	}
	size := func(p Page) int { return len(p.tiff.data) + len(p.tiff.icc) + 8<<10 }
	return doc.split(maxBytes, size, func(one Document) ([]byte, error) {
		pages, err := one.sheets()
		if err != nil {
			return nil, err
		}
		for _, p := range one.Pages {
			pages = append(pages, p.tiff)
		}
		return writeTIFF(pages, one), nil
	})
}

// directory is one page of a TIFF.
type directory struct {
	width, height int
	compression   uint32
	photometric   uint32
	parts         int // samples a pixel
	sampling      [2]uint32
	data          []byte // one strip
	icc           []byte
	dpi           uint32
}

const (
	tiffJPEG, tiffDeflate                     = 7, 8
	tiffBlackIsZero, tiffRGB, tiffYCbCr       = 1, 2, 6
	tiffShort, tiffLong, tiffText, tiffRatio  = 3, 4, 2, 5
	tiffUndefined                             = 7
	sheetWidth, sheetHeight, sheetDPI, inches = 1240, 1754, 150, 2
)

// tiffPage is one picture as a page, its strip at most room bytes.
func (d *Decoder) tiffPage(ctx context.Context, b []byte, room int) (*directory, error) {
	if _, _, err := Check(b); err != nil {
		return nil, err
	}
	page, fits := jpegPage(b)
	if fits && len(page.data) <= room {
		return page, nil
	}
	if fits {
		return nil, app.E("make TIFF", app.KindTooLarge, ReasonTooLarge)
	}
	m, release, err := d.open(ctx, "make TIFF", b)
	if err != nil {
		return nil, err
	}
	defer release()
	_, fourColours := m.(*image.CMYK)
	m = oriented(m, Orientation(b))
	if page, err = deflatePage(ctx, m, room); err != nil {
		return nil, err
	}
	if page == nil {
		coded, err := fit(ctx, m, nil, room)
		if err != nil {
			return nil, err
		}
		page, _ = jpegPage(coded)
	}
	if !fourColours {
		page.icc = profile(b)
	}
	return page, nil
}

// jpegPage is a JPEG as it is, and whether every reader of JPEG in TIFF
// (TIFF Technical Note 2) takes it.
func jpegPage(b []byte) (*directory, bool) {
	f, _ := readFrame(b)
	page := &directory{width: f.width, height: f.height, compression: tiffJPEG, parts: len(f.parts), dpi: 72, icc: profile(b)}
	switch {
	case f.progressive || f.scans != 1 || f.rgb || Orientation(b) != 1:
		return nil, false
	case len(f.parts) == 1:
		page.photometric = tiffBlackIsZero
	case len(f.parts) == 3 && f.parts[1].h|f.parts[1].v|f.parts[2].h|f.parts[2].v == 1 &&
		slices.Contains([]part{{0, 1, 1}, {0, 2, 1}, {0, 2, 2}}, part{0, f.parts[0].h, f.parts[0].v}):
		page.photometric, page.sampling = tiffYCbCr, [2]uint32{uint32(f.parts[0].h), uint32(f.parts[0].v)}
	default:
		return nil, false
	}
	page.data = append(page.data, 0xff, markerSOI)
	walk(b, func(marker byte, segment []byte) {
		if marker < markerAPP0 || marker > 0xef {
			page.data = append(page.data, segment...)
		}
	})
	return page, true
}

// deflatePage is m without loss, nil where that takes more than room.
func deflatePage(ctx context.Context, m image.Image, room int) (*directory, error) {
	b := m.Bounds()
	page := &directory{width: b.Dx(), height: b.Dy(), compression: tiffDeflate, photometric: tiffRGB, parts: 3, dpi: 72}
	grey, isGrey := m.(*image.Gray)
	if isGrey {
		page.photometric, page.parts = tiffBlackIsZero, 1
	}
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	row := make([]byte, b.Dx()*page.parts)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		if err := ctx.Err(); err != nil {
			return nil, app.E("make TIFF", app.KindOffline, err)
		}
		if out.Len() > room {
			return nil, nil
		}
		if isGrey {
			copy(row, grey.Pix[grey.PixOffset(b.Min.X, y):])
		}
		for x := 0; !isGrey && x < b.Dx(); x++ {
			r, g, blue, _ := m.At(b.Min.X+x, y).RGBA()
			copy(row[x*page.parts:][:page.parts], []byte{byte(r >> 8), byte(g >> 8), byte(blue >> 8)})
		}
		for i := len(row) - 1; i >= page.parts; i-- { // predictor 2
			row[i] -= row[i-page.parts]
		}
		_, _ = z.Write(row) // into memory
	}
	_ = z.Close()
	if out.Len() > room {
		return nil, nil
	}
	page.data = out.Bytes()
	return page, nil
}

// sheets draws the text of a file, as many pages as it takes.
func (d Document) sheets() ([]*directory, error) {
	name, rest := d.patientLine()
	sizes := map[float64]font.Face{}
	for _, size := range []float64{fitting(name, nameSize), headSize, bodySize} {
		f, err := opentype.NewFace(sans().font, &opentype.FaceOptions{Size: size, DPI: sheetDPI, Hinting: font.HintingNone})
		if err != nil {
			return nil, app.E("make TIFF", app.KindBug, err)
		}
		sizes[size] = f
	}
	const unit = sheetDPI / 72.0
	edge, rule := int(math.Round(margin*unit)), int(math.Round((margin+38)*unit))
	var m *image.Gray
	var drawn []*image.Gray
	y := 0.0
	write := func(s string, size, at float64) {
		dot := fixed.P(edge, int(at*unit))
		(&font.Drawer{Dst: m, Src: image.Black, Face: sizes[size], Dot: dot}).DrawString(string(letters(s)))
	}
	begin := func() {
		m = image.NewGray(image.Rect(0, 0, sheetWidth, sheetHeight))
		draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
		write(name, fitting(name, nameSize), margin+13)
		write(rest, bodySize, margin+30)
		draw.Draw(m, image.Rect(edge, rule, sheetWidth-edge, rule+2),
			image.NewUniform(color.Gray{160}), image.Point{}, draw.Src)
		drawn, y = append(drawn, m), bodyTop
	}
	begin()
	y += bodySize * leading
	write("The images follow in this order, one a page.", bodySize, y)
	y += gap
	for i, p := range d.Pages {
		texts := append([]line{{d.footer(i), headSize}}, beneath(p)...)
		if y > bodyTop && y+heightOf(texts) > bodyBottom && heightOf(texts) <= bodyBottom-bodyTop {
			begin()
		}
		for _, l := range texts {
			if y+l.size*leading > bodyBottom {
				begin()
			}
			y += l.size * leading
			write(l.text, l.size, y)
		}
		y += gap
	}
	var out []*directory
	for _, m := range drawn {
		page, err := deflatePage(context.Background(), m, MaxBytes)
		if err != nil {
			return nil, err
		}
		page.dpi = sheetDPI
		out = append(out, page)
	}
	return out, nil
}

// entry is one field of a directory.
type entry struct {
	tag, kind uint16
	count     uint32
	value     []byte // little-endian
}

func shorts(tag uint16, values ...uint32) entry {
	e := entry{tag: tag, kind: tiffShort, count: uint32(len(values))}
	for _, v := range values {
		e.value = binary.LittleEndian.AppendUint16(e.value, uint16(v))
	}
	return e
}

func long(tag uint16, v uint32) entry {
	return entry{tag, tiffLong, 1, binary.LittleEndian.AppendUint32(nil, v)}
}

func ratios(tag uint16, values ...uint32) entry {
	e := entry{tag: tag, kind: tiffRatio, count: uint32(len(values))}
	for _, v := range values {
		e.value = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(e.value, v), 1)
	}
	return e
}

func words(tag uint16, s string) entry {
	return entry{tag, tiffText, uint32(len(s) + 1), append([]byte(s), 0)}
}

func writeTIFF(pages []*directory, d Document) []byte {
	out := []byte("II*\x00\x00\x00\x00\x00")
	link := 4 // where the next directory's place is written
	for i, p := range pages {
		strip := uint32(len(out))
		out = append(out, p.data...)
		bits := []uint32{8, 8, 8}
		fields := []entry{
			long(254, 2), // a page of several
			long(256, uint32(p.width)), long(257, uint32(p.height)), shorts(258, bits[:p.parts]...), shorts(259, p.compression),
			shorts(262, p.photometric), long(273, strip), shorts(277, uint32(p.parts)), long(278, uint32(p.height)),
			long(279, uint32(len(p.data))), ratios(282, p.dpi), ratios(283, p.dpi), shorts(284, 1), shorts(296, inches),
			shorts(297, uint32(i), uint32(len(pages))), words(305, "ClinicPro Images"),
		}
		if !d.Made.IsZero() {
			fields = append(fields, words(306, d.Made.Format("2006:01:02 15:04:05")))
		}
		if p.compression == tiffDeflate {
			fields = append(fields, shorts(317, 2))
		}
		if p.photometric == tiffYCbCr {
			fields = append(fields, shorts(530, p.sampling[:]...), shorts(531, 1), ratios(532, 0, 255, 128, 255, 128, 255))
		}
		if len(p.icc) > 0 && iccParts(p.icc) == p.parts {
			fields = append(fields, entry{34675, tiffUndefined, uint32(len(p.icc)), p.icc})
		}
		for j := range fields {
			if len(fields[j].value) <= 4 {
				continue
			}
			out = append(out, make([]byte, len(out)%2)...)
			at := uint32(len(out))
			out = append(out, fields[j].value...)
			fields[j].value = binary.LittleEndian.AppendUint32(nil, at)
		}
		out = append(out, make([]byte, len(out)%2)...)
		binary.LittleEndian.PutUint32(out[link:], uint32(len(out)))
		out = binary.LittleEndian.AppendUint16(out, uint16(len(fields)))
		for _, f := range fields {
			out = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(out, f.tag), f.kind)
			out = binary.LittleEndian.AppendUint32(out, f.count)
			out = append(append(out, f.value...), make([]byte, 4-len(f.value))...)
		}
		link = len(out)
		out = append(out, 0, 0, 0, 0)
	}
	return out
}
