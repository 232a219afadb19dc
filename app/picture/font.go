package picture

import (
	"encoding/binary"
	"slices"
	"sync"

	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
)

// typeface is the font of documents: Liberation Sans (SIL Open Font Licence),
// which has the letters of te reo Māori, the Pacific's, Europe's and
// Vietnam's. Safe for concurrent use.
type typeface struct {
	font   *sfnt.Font
	tables map[string][]byte
	loca   []uint32 // offset of each glyph in glyf, and the end
	em     int      // units
}

var sans = sync.OnceValue(func() *typeface {
	b := liberationsansregular.TTF
	font, err := sfnt.Parse(b)
	if err != nil {
		panic("the font of documents is damaged") // it is part of the program
	}
	f := &typeface{font: font, tables: map[string][]byte{}, em: int(font.UnitsPerEm())}
	for dir := b[12:][:16*int(binary.BigEndian.Uint16(b[4:]))]; len(dir) > 0; dir = dir[16:] {
		f.tables[string(dir[:4])] = b[binary.BigEndian.Uint32(dir[8:]):][:binary.BigEndian.Uint32(dir[12:])]
	}
	loca, long := f.tables["loca"], f.tables["head"][51] == 1
	for len(loca) > 0 {
		if long {
			f.loca, loca = append(f.loca, binary.BigEndian.Uint32(loca)), loca[4:]
		} else {
			f.loca, loca = append(f.loca, 2*uint32(binary.BigEndian.Uint16(loca))), loca[2:]
		}
	}
	return f
})

// glyph is the font's number of a letter; 0, a box, where it has none.
func (f *typeface) glyph(r rune) int {
	i, err := f.font.GlyphIndex(nil, r)
	if err != nil {
		return 0
	}
	return int(i)
}

// advance is how far a glyph goes, in thousandths of the size.
func (f *typeface) advance(glyph int) int {
	measured := int(binary.BigEndian.Uint16(f.tables["hhea"][34:]))
	units := binary.BigEndian.Uint16(f.tables["hmtx"][4*min(glyph, measured-1):])
	return (int(units)*1000 + f.em/2) / f.em
}

// width of a text at a size, in the size's unit.
func (f *typeface) width(s string, size float64) float64 {
	sum := 0
	for _, r := range letters(s) {
		sum += f.advance(f.glyph(r))
	}
	return float64(sum) * size / 1000
}

// letters are what is drawn for a text: accents composed, since the font has
// those letters whole.
func letters(s string) []rune { return []rune(norm.NFC.String(s)) }

// wrap breaks a text into lines no wider than width, between words, or within
// one that is wider by itself.
func (f *typeface) wrap(s string, size, width float64) []string {
	var out []string
	line, used := []rune{}, 0.0
	cut := -1 // of the last space in line
	for _, r := range letters(s) {
		line, used = append(line, r), used+float64(f.advance(f.glyph(r)))*size/1000
		if r == ' ' {
			cut = len(line) - 1
		}
		if used <= width || len(line) == 1 {
			continue
		}
		head, tail := line[:len(line)-1], line[len(line)-1:]
		if cut >= 0 {
			head, tail = line[:cut], line[cut+1:]
		}
		out = append(out, string(head))
		line, cut = slices.Clone(tail), -1
		used = f.width(string(line), size)
	}
	return append(out, string(line))
}

// subset is the font with some of its glyphs, numbered anew.
type subset struct {
	face   *typeface
	number map[int]int  // the font's number → the subset's
	glyphs []int        // the font's, by the subset's number
	reads  map[int]rune // the subset's number → what it stands for
}

func newSubset(f *typeface) *subset {
	return &subset{face: f, number: map[int]int{0: 0}, glyphs: []int{0}, reads: map[int]rune{}}
}

// add returns the subset's number of a letter.
func (s *subset) add(r rune) int {
	n := s.addGlyph(s.face.glyph(r))
	if _, has := s.reads[n]; !has && n != 0 {
		s.reads[n] = r
	}
	return n
}

func (s *subset) addGlyph(glyph int) int {
	n, has := s.number[glyph]
	if !has {
		n = len(s.glyphs)
		s.number[glyph] = n
		s.glyphs = append(s.glyphs, glyph)
	}
	return n
}

// file writes the subset as a TrueType font without character map or names:
// a PDF numbers glyphs itself (ISO 32000-1, 9.9).
func (s *subset) file() []byte {
	var glyf, loca, hmtx []byte
	for i := 0; i < len(s.glyphs); i++ { // the parts of composed glyphs join while it goes
		g := s.glyphs[i]
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		outline := slices.Clone(s.face.tables["glyf"][s.face.loca[g]:s.face.loca[g+1]])
		s.renumber(outline)
		glyf = append(glyf, outline...)
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
		measured := int(binary.BigEndian.Uint16(s.face.tables["hhea"][34:]))
		hmtx = append(hmtx, s.face.tables["hmtx"][4*min(g, measured-1):][:4]...)
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
	head, hhea, maxp := slices.Clone(s.face.tables["head"]), slices.Clone(s.face.tables["hhea"]), slices.Clone(s.face.tables["maxp"])
	binary.BigEndian.PutUint32(head[8:], 0)
	binary.BigEndian.PutUint16(head[50:], 1) // loca in 32 bits
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(s.glyphs)))
	binary.BigEndian.PutUint16(maxp[4:], uint16(len(s.glyphs)))
	tables := []struct {
		tag  string
		body []byte
	}{
		{"cvt ", s.face.tables["cvt "]}, {"fpgm", s.face.tables["fpgm"]}, {"glyf", glyf}, {"head", head}, {"hhea", hhea},
		{"hmtx", hmtx}, {"loca", loca}, {"maxp", maxp}, {"prep", s.face.tables["prep"]},
	}
	out := []byte{0, 1, 0, 0, 0, byte(len(tables)), 0, 128, 0, 3, 0, byte(16*len(tables) - 128)}
	at := len(out) + 16*len(tables)
	headAt := 0
	for _, t := range tables {
		if t.tag == "head" {
			headAt = at
		}
		out = append(out, t.tag...)
		out = binary.BigEndian.AppendUint32(out, sum32(t.body))
		out = binary.BigEndian.AppendUint32(out, uint32(at))
		out = binary.BigEndian.AppendUint32(out, uint32(len(t.body)))
		at += (len(t.body) + 3) &^ 3
	}
	for _, t := range tables {
		out = append(append(out, t.body...), make([]byte, -len(t.body)&3)...)
	}
	binary.BigEndian.PutUint32(out[headAt+8:], 0xb1b0afba-sum32(out))
	return out
}

// renumber writes the subset's numbers into a composed glyph (OpenType,
// "glyf": composite glyph description).
func (s *subset) renumber(outline []byte) {
	if len(outline) < 10 || int16(binary.BigEndian.Uint16(outline)) >= 0 {
		return
	}
	const words, scale, more, scales, matrix = 1, 8, 0x20, 0x40, 0x80
	for at := 10; ; {
		flags := binary.BigEndian.Uint16(outline[at:])
		part := int(binary.BigEndian.Uint16(outline[at+2:]))
		binary.BigEndian.PutUint16(outline[at+2:], uint16(s.addGlyph(part)))
		at += 6
		if flags&words != 0 {
			at += 2
		}
		switch {
		case flags&scale != 0:
			at += 2
		case flags&scales != 0:
			at += 4
		case flags&matrix != 0:
			at += 8
		}
		if flags&more == 0 {
			return
		}
	}
}

// sum32 is a table's checksum.
func sum32(b []byte) uint32 {
	var sum uint32
	for ; len(b) >= 4; b = b[4:] {
		sum += binary.BigEndian.Uint32(b)
	}
	if len(b) > 0 {
		var last [4]byte
		copy(last[:], b)
		sum += binary.BigEndian.Uint32(last[:])
	}
	return sum
}
