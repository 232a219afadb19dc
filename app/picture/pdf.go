package picture

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// PDFs writes the document as PDF (ISO 32000-1, version 1.4), in as few files
// of at most maxBytes as hold it, one A4 page a picture and more where the
// text is long. The JPEGs are inside byte for byte, shown upright, in their
// own colours (grey, YCbCr, RGB or CMYK, by their ICC profile where they have
// one). Text can be searched and copied. KindTooLarge when one picture alone
// is over maxBytes less DocumentMargin; KindCorrupt when one does not pass
// Check.
func PDFs(d Document, maxBytes int) ([][]byte, error) {
	for _, p := range d.Pages {
		if _, _, err := Check(p.JPEG); err != nil {
			return nil, err
		}
	}
	return d.split(maxBytes, pdfPageBytes, func(d Document) ([]byte, error) { return writePDF(d), nil })
}

func pdfPageBytes(p Page) int {
	n := len(p.JPEG) + len(profile(p.JPEG)) + 4<<10
	for _, s := range append(p.lines(), p.heading()) {
		n += 8 * len(s)
	}
	return n
}

// A4 and its margins, in points. Text is beneath the picture and gives it at
// least leastPicture.
const (
	pageWidth, pageHeight = 595.0, 842.0
	margin                = 40.0
	textWidth             = pageWidth - 2*margin
	nameSize, bodySize    = 15.0, 10.5
	headSize, footSize    = 12.5, 8.5
	leading               = 1.4
	bodyTop               = margin + 48 // beneath the patient
	bodyBottom            = pageHeight - margin - 20
	leastPicture          = 400.0
	gap                   = 12.0
)

// pdf collects the objects of a file: number 1 is the first.
type pdf struct {
	objects [][]byte
	text    *subset
}

func (w *pdf) add(format string, values ...any) int {
	w.objects = append(w.objects, fmt.Appendf(nil, format, values...))
	return len(w.objects)
}

// reserve keeps a number for an object that names later ones.
func (w *pdf) reserve() int { return w.add("") }

func (w *pdf) set(n int, format string, values ...any) {
	w.objects[n-1] = fmt.Appendf(nil, format, values...)
}

func (w *pdf) stream(dict string, body []byte) int {
	b := fmt.Appendf(nil, "<< %s /Length %d >>\nstream\n", dict, len(body))
	w.objects = append(w.objects, slices.Concat(b, body, []byte("\nendstream")))
	return len(w.objects)
}

func writePDF(d Document) []byte {
	w := &pdf{text: newSubset(sans())}
	catalog, pages, font, info := w.reserve(), w.reserve(), w.reserve(), w.reserve()
	var kids []string
	sheet := func(draw string, xobject string) {
		content := w.stream("", []byte(draw))
		page := w.add("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %g %g] /Contents %d 0 R /Resources << /Font << /F %d 0 R >>%s >> >>",
			pages, pageWidth, pageHeight, content, font, xobject)
		kids = append(kids, fmt.Sprintf("%d 0 R", page))
	}
	for i, p := range d.Pages {
		picture := w.picture(p.JPEG)
		foot := d.footer(i)
		lines := beneath(p)
		first, rest := lines, []line(nil)
		for heightOf(first) > bodyBottom-bodyTop-leastPicture-gap {
			first = first[:len(first)-1]
		}
		rest = lines[len(first):]
		c := &canvas{w: w}
		c.frame(d, foot)
		room := bodyBottom - bodyTop - heightOf(first)
		if len(first) > 0 {
			room -= gap
		}
		below := c.place(p.JPEG, room)
		c.lines(first, below+gap)
		sheet(c.String(), fmt.Sprintf(" /XObject << /Im %d 0 R >>", picture))
		for len(rest) > 0 {
			n := len(rest)
			for heightOf(rest[:n]) > bodyBottom-bodyTop {
				n--
			}
			c := &canvas{w: w}
			c.frame(d, foot+" · continued")
			c.lines(rest[:n], bodyTop)
			sheet(c.String(), "")
			rest = rest[n:]
		}
	}
	w.set(catalog, "<< /Type /Catalog /Pages %d 0 R /Lang (en-NZ) /ViewerPreferences << /DisplayDocTitle true >> >>", pages)
	w.set(pages, "<< /Type /Pages /Count %d /Kids [%s] >>", len(kids), strings.Join(kids, " "))
	made := ""
	if !d.Made.IsZero() {
		made = " /CreationDate " + pdfDate(d.Made)
	}
	w.set(info, "<< /Title (Clinical images) /Producer (ClinicPro Images)%s >>", made)
	w.setFont(font)
	return w.file(catalog, info)
}

// file writes the objects, their places and the trailer.
func (w *pdf) file(catalog, info int) []byte {
	out := []byte("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	places := make([]int, len(w.objects))
	for i, body := range w.objects {
		places[i] = len(out)
		out = fmt.Appendf(out, "%d 0 obj\n", i+1)
		out = append(append(out, body...), "\nendobj\n"...)
	}
	id := sha256.Sum256(out)
	start := len(out)
	out = fmt.Appendf(out, "xref\n0 %d\n0000000000 65535 f \n", len(places)+1)
	for _, at := range places {
		out = fmt.Appendf(out, "%010d 00000 n \n", at)
	}
	return fmt.Appendf(out, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R /ID [<%x> <%x>] >>\nstartxref\n%d\n%%%%EOF\n",
		len(places)+1, catalog, info, id[:16], id[:16], start)
}

func pdfDate(t time.Time) string {
	zone := strings.Replace(t.Format("-07:00"), ":", "'", 1)
	return "(D:" + t.Format("20060102150405") + zone + "')"
}

// setFont embeds the letters that were used, with what they stand for.
func (w *pdf) setFont(n int) {
	file := w.text.file() // adds the parts of composed letters
	f := w.text.face
	u16 := func(table string, at int) int {
		b := f.tables[table][at:]
		return int(int16(uint16(b[0])<<8|uint16(b[1]))) * 1000 / f.em
	}
	data := w.stream(fmt.Sprintf("/Length1 %d", len(file)), file)
	const name = "CPIMGS+LiberationSans"
	descriptor := w.add("<< /Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [%d %d %d %d] /ItalicAngle 0 /Ascent %d /Descent %d /CapHeight 729 /StemV 80 /FontFile2 %d 0 R >>",
		name, u16("head", 36), u16("head", 38), u16("head", 40), u16("head", 42), u16("hhea", 4), u16("hhea", 6), data)
	widths := make([]string, len(w.text.glyphs))
	for i, g := range w.text.glyphs {
		widths[i] = fmt.Sprint(f.advance(g))
	}
	cid := w.add("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor %d 0 R /CIDToGIDMap /Identity /W [0 [%s]] >>",
		name, descriptor, strings.Join(widths, " "))
	reads := w.stream("", w.text.toUnicode())
	w.set(n, "<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>", name, cid, reads)
}

// toUnicode says what each glyph stands for (ISO 32000-1, 9.10.3).
func (s *subset) toUnicode() []byte {
	var rows []string
	for n := range s.glyphs {
		if r, has := s.reads[n]; has {
			row := fmt.Sprintf("<%04X> <", n)
			for _, u := range utf16.Encode([]rune{r}) {
				row += fmt.Sprintf("%04X", u)
			}
			rows = append(rows, row+">\n")
		}
	}
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for some := range slices.Chunk(rows, 100) {
		fmt.Fprintf(&b, "%d beginbfchar\n%sendbfchar\n", len(some), strings.Join(some, ""))
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend")
	return b.Bytes()
}

// picture adds a JPEG as it is, with its colours.
func (w *pdf) picture(b []byte) int {
	f, _ := readFrame(b)
	space, decode := "/DeviceRGB", ""
	switch len(f.parts) {
	case 1:
		space = "/DeviceGray"
	case 4:
		space = "/DeviceCMYK"
		if f.adobe { // writes its inks inverted
			decode = " /Decode [1 0 1 0 1 0 1 0]"
		}
	}
	if f.rgb && len(f.parts) == 3 {
		decode = " /DecodeParms << /ColorTransform 0 >>"
	}
	if icc := profile(b); iccParts(icc) == len(f.parts) {
		space = fmt.Sprintf("[/ICCBased %d 0 R]", w.stream(fmt.Sprintf("/N %d /Alternate %s", len(f.parts), space), icc))
	}
	return w.stream(fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %s /BitsPerComponent 8 /Filter /DCTDecode%s",
		f.width, f.height, space, decode), b)
}

// line is one line of text beneath a picture.
type line struct {
	text string
	size float64
}

// beneath is a page's text, wrapped.
func beneath(p Page) []line {
	var out []line
	if s := p.heading(); s != "" {
		for _, text := range sans().wrap(s, headSize, textWidth) {
			out = append(out, line{text, headSize})
		}
	}
	for _, s := range p.lines() {
		for _, text := range sans().wrap(s, bodySize, textWidth) {
			out = append(out, line{text, bodySize})
		}
	}
	return out
}

func heightOf(lines []line) float64 {
	sum := 0.0
	for _, l := range lines {
		sum += l.size * leading
	}
	return sum
}

// fitting is the size at which a text takes one line: a name is never cut.
func fitting(s string, size float64) float64 {
	return size * min(1, textWidth/max(sans().width(s, size), 1))
}

// canvas draws one page; y counts from its top.
type canvas struct {
	w *pdf
	strings.Builder
}

// text puts the first letter's left end at x and its foot at y.
func (c *canvas) text(s string, size, x, y, grey float64) {
	fmt.Fprintf(c, "BT %g g /F %g Tf 1 0 0 1 %.2f %.2f Tm <", grey, size, x, pageHeight-y)
	for _, r := range letters(s) {
		fmt.Fprintf(c, "%04X", c.w.text.add(r))
	}
	c.WriteString("> Tj ET\n")
}

// frame is what every page has: who it is about, above, and which it is.
func (c *canvas) frame(d Document, foot string) {
	name, rest := d.patientLine()
	c.text(name, fitting(name, nameSize), margin, margin+13, 0)
	c.text(rest, bodySize, margin, margin+30, 0.25)
	fmt.Fprintf(c, "0.8 G 0.75 w %g %.2f m %g %.2f l S\n", margin, pageHeight-margin-39, pageWidth-margin, pageHeight-margin-39)
	c.text(foot, fitting(foot, footSize), margin, pageHeight-margin, 0.4)
}

func (c *canvas) lines(lines []line, y float64) {
	for _, l := range lines {
		y += l.size * leading
		grey := 0.15
		if l.size == headSize {
			grey = 0
		}
		c.text(l.text, l.size, margin, y-l.size*(leading-1), grey)
	}
}

// place draws the page's picture upright as large as its room allows, in the
// middle, and returns where it ends.
func (c *canvas) place(b []byte, room float64) (bottom float64) {
	f, _ := readFrame(b)
	o := Orientation(b)
	t := newTurn(o, f.width, f.height)
	scale := min(textWidth/float64(t.w), room/float64(t.h))
	w, h := float64(t.w)*scale, float64(t.h)*scale
	x, y := (pageWidth-w)/2, pageHeight-bodyTop-h
	// From the unit square of the stored picture to the page (9.5.2 of
	// ISO 32000-1: its first row is at the top).
	var m [6]float64
	switch o {
	case 2:
		m = [6]float64{-w, 0, 0, h, x + w, y}
	case 3:
		m = [6]float64{-w, 0, 0, -h, x + w, y + h}
	case 4:
		m = [6]float64{w, 0, 0, -h, x, y + h}
	case 5:
		m = [6]float64{0, -h, -w, 0, x + w, y + h}
	case 6:
		m = [6]float64{0, -h, w, 0, x, y + h}
	case 7:
		m = [6]float64{0, h, w, 0, x, y}
	case 8:
		m = [6]float64{0, h, -w, 0, x + w, y}
	default:
		m = [6]float64{w, 0, 0, h, x, y}
	}
	fmt.Fprintf(c, "q %.3f %.3f %.3f %.3f %.3f %.3f cm /Im Do Q\n", m[0], m[1], m[2], m[3], m[4], m[5])
	return bodyTop + h
}

// profile is the picture's ICC profile; nil where it has none that is whole.
func profile(b []byte) []byte {
	if !hasProfile(b) {
		return nil
	}
	var out []byte
	scanned := false
	walk(b, func(marker byte, segment []byte) {
		scanned = scanned || marker == markerSOS
		if !scanned && marker == markerAPP2 && bytes.HasPrefix(segment[4:], []byte(iccName)) {
			out = append(out, segment[4+len(iccName)+2:]...)
		}
	})
	return out
}

// iccParts is how many components the profile's colours have (ICC.1, 7.2.6);
// 0 for others than a picture's.
func iccParts(icc []byte) int {
	if len(icc) < 128 {
		return 0
	}
	switch string(icc[16:20]) {
	case "GRAY":
		return 1
	case "RGB ":
		return 3
	case "CMYK":
		return 4
	}
	return 0
}
