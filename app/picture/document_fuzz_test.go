package picture

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// FuzzDocument: whatever the words, the documents are made, are the same the
// second time, hold the picture, and no word of them is outside of its string.
func FuzzDocument(f *testing.F) {
	f.Add("Hēmi Testperson", māori, "Ōtaki Health", int64(1795392900), 1)
	f.Add("", "(\\) Tj ET endstream endobj %%EOF", "<</Type/Catalog>>", int64(-62135596800), 3)
	f.Add("名前", "\xff\x00\u202e"+strings.Repeat("x", 5000), " ", int64(1<<40), 50)
	f.Add(strings.Repeat("ā ", 300), strings.Repeat("no-space", 900), strings.Repeat("ū", 400), int64(0), 2)
	b := flat{Width: 8, Height: 8}.Bytes()
	f.Fuzz(func(t *testing.T, name, words, practice string, unix int64, n int) {
		d := Document{Patient: app.Patient{Name: app.Seal(name)}, Practice: practice, Made: time.Unix(unix, 0).UTC()}
		for range min(max(n, 1), 4) {
			d.Pages = append(d.Pages, Page{JPEG: b, Taken: d.Made, Details: app.Details{Caption: app.Seal(words)}, More: []string{words}})
		}
		first, err := PDFs(d, 8<<20)
		if err != nil {
			t.Fatal(err)
		}
		again, err := PDFs(d, 8<<20)
		if err != nil || !bytes.Equal(first[0], again[0]) {
			t.Error("another document the second time", err)
		}
		if bytes.Count(first[0], b) != len(d.Pages) || bytes.Count(first[0], []byte("/Subtype /Image")) != len(d.Pages) ||
			bytes.Count(first[0], []byte("/Type /Catalog")) != 1 || bytes.Count(first[0], []byte("%%EOF")) != 1 {
			t.Error("the document is not whole")
		}
	})
}
