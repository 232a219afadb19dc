package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

// tool runs one of the independent programs that judge a document.
func tool(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// scene is a photograph's like: slopes, edges and noise, the same every time.
func scene(w, h int) *image.RGBA {
	m, noise := image.NewRGBA(image.Rect(0, 0, w, h)), rand.New(rand.NewPCG(1, 2))
	for y := range h {
		for x := range w {
			skin := 150 + 60*x/w + 20*y/h + noise.IntN(24)
			c := color.RGBA{uint8(skin), uint8(skin * 3 / 4), uint8(skin * 3 / 5), 255}
			if dx, dy := x-w/2, y-h/2; dx*dx+dy*dy < w*h/40 {
				c = color.RGBA{90, uint8(40 + noise.IntN(30)), 35, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

func coded(t testing.TB, m image.Image, quality int) []byte {
	t.Helper()
	b, err := encode(m, quality)
	must(t, err)
	return b
}

// converted is the picture as ImageMagick writes it.
func converted(t testing.TB, b []byte, args ...string) []byte {
	t.Helper()
	in, out := filepath.Join(t.TempDir(), "in.jpg"), filepath.Join(t.TempDir(), "out.jpg")
	must(t, os.WriteFile(in, b, 0o600))
	tool(t, "convert", append(append([]string{in}, args...), out)...)
	made, err := os.ReadFile(out)
	must(t, err)
	return made
}

// rgbProfile is sRGB as cameras embed it (Debian's icc-profiles-free).
func rgbProfile(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("/usr/share/color/icc/sRGB.icc")
	must(t, err)
	return b
}

// forms are the pictures that phones, scanners and other programs write.
func forms(t testing.TB) map[string][]byte {
	t.Helper()
	m := scene(160, 120)
	plain := coded(t, m, 90)
	grey := image.NewGray(m.Rect)
	for i := range grey.Pix {
		grey.Pix[i] = m.Pix[4*i]
	}
	out := map[string][]byte{
		"4:2:0": plain, "grey": coded(t, grey, 90), "odd": coded(t, scene(321, 203), 85),
		"4:4:4":       converted(t, plain, "-sampling-factor", "1x1", "-quality", "92"),
		"4:2:2":       converted(t, plain, "-sampling-factor", "2x1", "-quality", "92"),
		"progressive": converted(t, plain, "-interlace", "JPEG", "-quality", "92"),
		"CMYK":        converted(t, plain, "-colorspace", "CMYK", "-quality", "92"),
		"RGB":         flat{Width: 64, Height: 48, Parts: apptest.PartsRGB}.Bytes(),
	}
	for _, o := range []int{2, 6} {
		b, err := Strip(dressed(plain, "", gps(byte(o))))
		must(t, err)
		out[fmt.Sprintf("orientation %d", o)] = b
	}
	return out
}

const māori = "Ngā mihi: kōrero, pēpi, kiri tīnea, tūroro – ‘ʻokina’, Nguyễn"

func person(t testing.TB) app.Patient {
	t.Helper()
	nhi, _, err := app.ParseNHI("ZZZ0016")
	must(t, err)
	return app.Patient{Name: app.Seal("Hēmi Te Ātiawa Testperson"), NHI: nhi, BirthDate: app.Seal("1980-05-03")}
}

// document is one of the pictures given, with everything that can be said.
func document(t testing.TB, pictures ...[]byte) Document {
	t.Helper()
	zone, err := time.LoadLocation("Pacific/Auckland")
	must(t, err)
	taken := time.Date(2026, 11, 30, 14, 5, 0, 0, zone)
	d := Document{Patient: person(t), Practice: "Whānau Health Ōtaki", Made: taken.Add(time.Minute)}
	for i, b := range pictures {
		d.Pages = append(d.Pages, Page{JPEG: b, Taken: taken.Add(time.Duration(i) * time.Second), TakenBy: app.ClockPhone,
			Details: app.Details{Site: "forearm", Side: app.SideLeft, View: app.ViewCloseUp, Type: app.TypeLesion, Caption: app.Seal(māori)},
			Consent: app.Consent{By: app.ConsentPatient, At: taken.Add(-time.Minute)}, More: []string{"Photographer: Aroha Testnurse"}})
	}
	return d
}

// onePDF writes the document into one file and has qpdf check it.
func onePDF(t testing.TB, d Document) string {
	t.Helper()
	files, err := PDFs(d, 100<<20)
	must(t, err)
	if len(files) != 1 {
		t.Fatalf("%d files", len(files))
	}
	path := filepath.Join(t.TempDir(), "a.pdf")
	must(t, os.WriteFile(path, files[0], 0o600))
	if out := tool(t, "qpdf", "--check", path); !strings.Contains(out, "No syntax or stream encoding errors found") || strings.Contains(out, "WARNING") {
		t.Errorf("qpdf: %s", out)
	}
	return path
}

// pixels is a JPEG as libjpeg decodes it, by ImageMagick.
func pixelsOf(t testing.TB, path string) string {
	t.Helper()
	return tool(t, "identify", "-format", "%#", path)
}

func TestPDFHoldsTheJPEGs(t *testing.T) {
	for name, b := range forms(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := onePDF(t, document(t, b))
			dir := t.TempDir()
			tool(t, "pdfimages", "-j", path, filepath.Join(dir, "image"))
			got, err := os.ReadFile(filepath.Join(dir, "image-000.jpg"))
			must(t, err)
			if !bytes.Equal(got, b) {
				t.Fatalf("pdfimages took out %d bytes, filed were %d", len(got), len(b))
			}
			must(t, os.WriteFile(filepath.Join(dir, "filed.jpg"), b, 0o600))
			if pixelsOf(t, filepath.Join(dir, "image-000.jpg")) != pixelsOf(t, filepath.Join(dir, "filed.jpg")) {
				t.Error("other pixels")
			}
		})
	}
}

// What a reader draws is what the thumbnail shows: upright, in its colours.
func TestPDFIsDrawnUpright(t *testing.T) {
	pictures := map[string][]byte{"plain": photo(t, 320, 240), "tall": photo(t, 150, 400),
		"CMYK": converted(t, photo(t, 320, 240), "-colorspace", "CMYK", "-quality", "95")}
	for o := 2; o <= 8; o++ {
		b, err := Strip(dressed(photo(t, 320, 240), "", gps(byte(o))))
		must(t, err)
		pictures[fmt.Sprint(o)] = b
	}
	for name, b := range pictures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			thumb, err := NewDecoder().Thumbnail(t.Context(), b, 200)
			must(t, err)
			path := onePDF(t, document(t, b))
			tool(t, "pdftoppm", "-png", "-r", "72", "-singlefile", path, path)
			f, err := os.Open(path + ".png")
			must(t, err)
			defer f.Close()
			page, err := png.Decode(f)
			must(t, err)
			// The picture is the only thing on the page with any colour.
			var box image.Rectangle
			at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(page.At(x, y)).(color.RGBA) }
			for y := range page.Bounds().Dy() {
				for x := range page.Bounds().Dx() {
					if c := at(x, y); max(c.R, c.G, c.B)-min(c.R, c.G, c.B) > 60 {
						box = box.Union(image.Rect(x, y, x+1, y+1))
					}
				}
			}
			w, h := thumb.Rect.Dx(), thumb.Rect.Dy()
			if box.Dx() < 200 || abs(box.Dx()*h-box.Dy()*w) > 3*(w+h) {
				t.Fatalf("drawn in %v, a thumbnail is %d × %d", box, w, h)
			}
			for _, p := range []image.Point{{1, 1}, {7, 1}, {1, 7}, {7, 7}} {
				shown := at(box.Min.X+box.Dx()*p.X/8, box.Min.Y+box.Dy()*p.Y/8)
				c := thumb.RGBAAt(w*p.X/8, h*p.Y/8)
				if got, want := strongest(shown), strongest(c); got != want {
					t.Errorf("at %v eighths %s, want %s", p, got, want)
				}
			}
		})
	}
}

// strongest names a colour by its strongest channel.
func strongest(c color.RGBA) string {
	switch max(c.R, c.G, c.B) {
	case c.R:
		return "red"
	case c.G:
		return "green"
	}
	return "blue"
}

func abs(n int) int { return max(n, -n) }

func TestPDFText(t *testing.T) {
	d := document(t, photo(t, 320, 240), photo(t, 240, 320))
	d.Pages[1].Details, d.Pages[1].TakenBy = app.Details{Side: app.SideBoth, Site: "hand", View: app.ViewLocator, Intimate: true}, app.ClockSession
	d.Pages[1].More = []string{strings.Repeat("A very long note that the target cannot hold. ", 150) + "The end."}
	path := onePDF(t, d)
	got := strings.Join(strings.Fields(tool(t, "pdftotext", "-layout", path, "-")), " ")
	for _, want := range []string{"Hēmi Te Ātiawa Testperson", "Born 3 May 1980 · NHI ZZZ0016", "Left forearm, close-up, lesion", māori,
		"Taken 30 November 2026, 2:05 pm", "Consent given by the patient, 30 November 2026, 2:04 pm", "Photographer: Aroha Testnurse",
		"Image 1 of 2 · Whānau Health Ōtaki", "Hand, both sides, overview", "Received 30 November 2026", "Marked as intimate", "The end.", "Image 2 of 2 · Whānau Health Ōtaki · continued"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in the text:\n%s", want, got)
		}
	}
	if strings.Count(got, "A very long note") != 150 {
		t.Errorf("the note stands %d times", strings.Count(got, "A very long note"))
	}
	pages := 0
	for _, line := range strings.Split(tool(t, "pdfinfo", path), "\n") {
		_, _ = fmt.Sscanf(line, "Pages: %d", &pages)
	}
	if name := "Hēmi Te Ātiawa Testperson"; pages < 3 || strings.Count(got, name) != pages {
		t.Errorf("the patient is on %d of %d pages", strings.Count(got, name), pages)
	}
	fonts := tool(t, "pdffonts", path)
	if !strings.Contains(fonts, "CID TrueType") || !strings.Contains(fonts, "yes yes yes") {
		t.Errorf("the font is not embedded as a subset with its letters: %s", fonts)
	}
}

// A name that is wider than the page is printed smaller, and whole.
func TestLongNamesAreWhole(t *testing.T) {
	d := document(t, photo(t, 64, 48))
	name := strings.Repeat("Te Wharewhakairo ", 9) + "Testperson"
	d.Patient.Name = app.Seal(name)
	if got := strings.Join(strings.Fields(tool(t, "pdftotext", onePDF(t, d), "-")), " "); !strings.Contains(got, name) {
		t.Errorf("the name is cut: %s", got)
	}
}

func TestPDFIsTheSameEveryTime(t *testing.T) {
	d := document(t, photo(t, 320, 240), photo(t, 240, 320))
	first, err := PDFs(d, 8<<20)
	must(t, err)
	again, err := PDFs(document(t, photo(t, 320, 240), photo(t, 240, 320)), 8<<20)
	must(t, err)
	if !bytes.Equal(first[0], again[0]) {
		t.Error("other bytes")
	}
	if less := len(first[0]) - len(d.Pages[0].JPEG) - len(d.Pages[1].JPEG); less > 64<<10 {
		t.Errorf("%d bytes beside the pictures", less)
	}
}

func TestPDFProfile(t *testing.T) {
	b := withICC(photo(t, 64, 48), rgbProfile(t))
	path := onePDF(t, document(t, b))
	if out := tool(t, "pdfimages", "-list", path); !strings.Contains(out, "icc") {
		t.Errorf("the profile is not used: %s", out)
	}
}

// withICC puts a profile into a picture, as cameras do.
func withICC(b, icc []byte) []byte {
	return dressed(b, "", apptest.JPEGSegment(markerAPP2, iccName+"\x01\x01"+string(icc)))
}

func TestDocumentsAreSplit(t *testing.T) {
	b := coded(t, scene(800, 600), 90)
	d := document(t, b, b, b, b, b)
	most := 2*len(b) + DocumentMargin
	pdfs, err := PDFs(d, most)
	must(t, err)
	tiffs, err := NewDecoder().TIFFs(t.Context(), d, most)
	must(t, err)
	for kind, files := range map[string][][]byte{"pdf": pdfs, "tif": tiffs} {
		if len(files) < 2 || len(files) > 3 {
			t.Errorf("%d files of type %s", len(files), kind)
		}
		pictures, text := 0, ""
		for i, file := range files {
			path := filepath.Join(t.TempDir(), "part."+kind)
			must(t, os.WriteFile(path, file, 0o600))
			if len(file) > most {
				t.Errorf("%s %d has %d bytes, at most %d", kind, i+1, len(file), most)
			}
			if kind == "pdf" {
				pictures += strings.Count(tool(t, "pdfimages", "-list", path), "jpeg")
				text += tool(t, "pdftotext", path, "-")
			} else {
				pictures += strings.Count(tool(t, "tiffinfo", path), "Compression Scheme: JPEG")
			}
		}
		if pictures != 5 {
			t.Errorf("%d pictures in the files of type %s", pictures, kind)
		}
		for n := 1; kind == "pdf" && n <= 5; n++ {
			if !strings.Contains(text, fmt.Sprintf("Image %d of 5 · document ", n)) {
				t.Errorf("image %d is not numbered", n)
			}
		}
	}
	d.Pages = d.Pages[:1]
	if _, err := PDFs(d, len(b)); app.KindOf(err) != app.KindTooLarge {
		t.Errorf("a picture over the bound: %v", err)
	}
	if _, err := NewDecoder().TIFFs(t.Context(), d, len(b)); app.KindOf(err) != app.KindTooLarge {
		t.Errorf("a picture over the bound: %v", err)
	}
	if files, err := PDFs(d, len(b)+DocumentMargin); err != nil || len(files[0]) > len(b)+DocumentMargin {
		t.Errorf("the margin is too small: %v", err)
	}
	if _, err := PDFs(Document{Pages: []Page{{JPEG: []byte("no picture")}}}, 1<<20); !errors.Is(err, ReasonNotJPEG) {
		t.Errorf("what is no picture: %v", err)
	}
}

func TestTIFF(t *testing.T) {
	pictures := forms(t)
	pictures["profile"] = withICC(pictures["4:2:0"], rgbProfile(t))
	for name, b := range pictures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, err := NewDecoder().TIFFs(t.Context(), document(t, b), 8<<20)
			must(t, err)
			dir := t.TempDir()
			path := filepath.Join(dir, "a.tif")
			must(t, os.WriteFile(path, files[0], 0o600))
			info := tool(t, "tiffinfo", "-d", path)
			if strings.Contains(info, "Warning") || strings.Count(info, "TIFF Directory") != 2 {
				t.Errorf("tiffinfo: %s", info)
			}
			asItIs := strings.Contains(name, ":") || name == "grey" || name == "odd" || name == "profile"
			if got := strings.Contains(info, "Compression Scheme: JPEG"); got != asItIs {
				t.Errorf("JPEG in TIFF: %v", got)
			}
			if out := tool(t, "identify", path); strings.Count(out, " TIFF ") != 2 {
				t.Errorf("identify: %s", out)
			}
			// Against the decoder's own pixels: no decoder is exact to another.
			upright, err := NewDecoder().Thumbnail(t.Context(), b, MaxSide)
			must(t, err)
			var want bytes.Buffer
			must(t, png.Encode(&want, upright))
			must(t, os.WriteFile(filepath.Join(dir, "want.png"), want.Bytes(), 0o600))
			worst := 6.0 // of 255, mean: where colour is stored at half size, readers smooth it each in their way
			if !asItIs {
				worst = 0
			}
			tool(t, "convert", path+"[1]", "-strip", "-colorspace", "sRGB", filepath.Join(dir, "got.png"))
			if off := difference(t, filepath.Join(dir, "got.png"), filepath.Join(dir, "want.png")); off > worst {
				t.Errorf("pixels are %.2f off", off)
			}
			if asItIs { // and exactly the pixels of the JPEG, by the same library
				must(t, os.WriteFile(filepath.Join(dir, "filed.jpg"), b, 0o600))
				tool(t, "convert", filepath.Join(dir, "filed.jpg"), "-strip", filepath.Join(dir, "filed.png"))
				if off := difference(t, filepath.Join(dir, "got.png"), filepath.Join(dir, "filed.png")); off > 0.6 {
					t.Errorf("pixels are %.2f off those of the JPEG", off)
				}
			}
			if name == "profile" && !strings.Contains(info, "ICC Profile: <present>") {
				t.Error("the profile is lost")
			}
		})
	}
}

// difference is how far two pictures are apart in the mean, of 255.
func difference(t testing.TB, a, b string) float64 {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "compare", "-metric", "MAE", a, b, "null:").CombinedOutput()
	var off, share float64
	if n, _ := fmt.Sscanf(string(out), "%g (%g)", &off, &share); n != 2 {
		t.Fatalf("compare: %v %s", err, out)
	}
	return 255 * share
}

// A picture that has to be coded anew and does not fit without loss.
func TestTIFFWithLoss(t *testing.T) {
	b := converted(t, coded(t, scene(500, 400), 90), "-interlace", "JPEG")
	files, err := NewDecoder().TIFFs(t.Context(), document(t, b), 300_000)
	must(t, err)
	path := filepath.Join(t.TempDir(), "a.tif")
	must(t, os.WriteFile(path, files[0], 0o600))
	if info := tool(t, "tiffinfo", path); len(files[0]) > 300_000 || !strings.Contains(info, "Compression Scheme: JPEG") || !strings.Contains(info, "Image Width: 500 Image Length: 400") {
		t.Errorf("%d bytes: %s", len(files[0]), info)
	}
}

func TestFit(t *testing.T) {
	large, middling := coded(t, scene(2200, 1100), 92), coded(t, scene(800, 600), 92)
	for _, c := range []struct {
		name        string
		b           []byte
		most        int
		least, edge int // of the long edge
	}{
		{"as it is", photo(t, 640, 480), 1 << 20, 640, 640},
		{"2,000 pixels", large, 250_000, 2000, 2200},
		{"at lower quality", middling, 120_000, 800, 800},
		{"fewer pixels", middling, 20_000, 400, 640},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := NewDecoder().Fit(t.Context(), c.b, c.most)
			must(t, err)
			w, h, err := Check(got)
			must(t, err)
			if edge := max(w, h); len(got) > c.most || edge < c.least || edge > c.edge {
				t.Errorf("%d bytes, %d × %d", len(got), w, h)
			}
			if len(c.b) <= c.most && !bytes.Equal(got, c.b) {
				t.Error("coded anew without need")
			}
			if len(c.b) > c.most && len(got) < c.most*6/10 {
				t.Errorf("only %d of %d bytes used", len(got), c.most)
			}
		})
	}
	if _, err := NewDecoder().Fit(t.Context(), middling, 900); app.KindOf(err) != app.KindTooLarge {
		t.Errorf("900 bytes: %v", err)
	}
	turned, err := Strip(dressed(photo(t, 640, 480), "", gps(6)))
	must(t, err)
	small, err := NewDecoder().Fit(t.Context(), turned, len(turned)-1)
	must(t, err)
	if m, err := jpeg.DecodeConfig(bytes.NewReader(small)); err != nil || m.Width > m.Height || Orientation(small) != 1 {
		t.Errorf("a turned picture: %v, %v", m, err)
	}
}

func BenchmarkFit(b *testing.B) {
	large := coded(b, scene(4000, 3000), 92)
	for _, most := range []int{1_000_000, 500_000} {
		b.Run(fmt.Sprint(most), func(b *testing.B) {
			for b.Loop() {
				_, err := NewDecoder().Fit(b.Context(), large, most)
				must(b, err)
			}
		})
	}
}
