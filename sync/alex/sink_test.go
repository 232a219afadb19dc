package alex_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/alex"
	"github.com/clinicpro-nz/images/sync/alex/alextest"
)

var (
	summer = time.Date(2026, 11, 23, 14, 5, 0, 0, alex.Zone())
	winter = time.Date(2026, 7, 1, 9, 30, 0, 0, alex.Zone())
)

// photo is a JPEG that compresses as badly as a photo does.
func photo(t *testing.T, width, height int, seed uint64) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := 0; i < len(m.Pix); i += 4 {
		v := uint8(120 + 60*((i/4/width)%97)/97 + r.IntN(40))
		m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3] = v, v-30, uint8(r.IntN(90)), 255
	}
	m.Set(0, 0, color.White)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// hand is a delivery about the stand-in's first patient and the pictures in it.
type hand struct {
	app.Delivery
	jpegs map[app.ImageID][]byte
}

func (h hand) open(id app.ImageID) ([]byte, error) { return h.jpegs[id], nil }

func newHand(t *testing.T, base string, jpegs ...[]byte) hand {
	t.Helper()
	nhi, _, err := app.ParseNHI("ZZZ0016")
	if err != nil {
		t.Fatal(err)
	}
	h := hand{Delivery: app.Delivery{ID: string(app.NewSessionID()), SID: app.NewSessionID(),
		Patient: app.Patient{Name: app.Seal("Aroha Testperson"), NHI: nhi, BirthDate: app.Seal("1979-05-17")},
		Record:  app.RecordRef{Facility: alextest.FacilityA, Patient: app.Seal(base + "/FHIR/Patient/" + alextest.PatientA), Provider: alextest.Provider}},
		jpegs: map[app.ImageID][]byte{}}
	for i, j := range jpegs {
		id := app.ImageID(fmt.Sprintf("01900000-0000-7000-8000-%012d", i))
		h.jpegs[id] = j
		h.Items = append(h.Items, app.DeliveryItem{Image: id, TakenAt: []time.Time{summer, winter}[i%2], Details: app.Details{
			Caption: app.Seal("three weeks, growing"), Site: "forearm", Side: app.SideLeft, View: app.ViewCloseUp, Type: app.TypeLesion, Intimate: i == 1},
			Consent: app.Consent{By: app.ConsentPatient, At: summer}})
	}
	return h
}

// sent composes and delivers, and returns the receipts.
func (h hand) send(t *testing.T, s *alex.Sink) []app.Receipt {
	t.Helper()
	var err error
	if h.Parts, err = s.Compose(t.Context(), h.Delivery, h.open); err != nil {
		t.Fatal(err)
	}
	receipts, err := s.Deliver(t.Context(), h.Delivery)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range receipts {
		if r.Err != nil || r.Unconfirmed || r.Place.IsZero() {
			t.Fatalf("receipt %+v", r)
		}
	}
	if len(receipts) != len(h.Items) {
		t.Fatalf("%d receipts of %d pictures", len(receipts), len(h.Items))
	}
	return receipts
}

type sentAttachment struct {
	ContentType, Title string
	Data               []byte
}

type sentResource struct {
	Date, CreatedDateTime string
	Author                []struct{ Reference string }
	BodySite, View        struct {
		Text   string
		Coding []struct{ Code string }
	}
	Note    []struct{ Text string }
	Content json.RawMessage
}

func (s sentResource) attachment(t *testing.T) sentAttachment {
	t.Helper()
	var one sentAttachment
	var many []struct{ Attachment sentAttachment }
	if json.Unmarshal(s.Content, &many) == nil && len(many) == 1 {
		return many[0].Attachment
	}
	if err := json.Unmarshal(s.Content, &one); err != nil {
		t.Fatal(err)
	}
	return one
}

func resource(t *testing.T, k alextest.Kept) sentResource {
	t.Helper()
	var out sentResource
	if err := json.Unmarshal(k.Body, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// What arrives is valid FHIR R4 by a validator that is not ours, and what is
// inside is what was filed by tools that are not ours.
func TestWhatArrives(t *testing.T) {
	t.Parallel()
	r := start(t)
	jpegs := [][]byte{photo(t, 900, 600, 1), photo(t, 640, 640, 2), photo(t, 1800, 1300, 3)}
	var lines bytes.Buffer
	dir := t.TempDir()
	for _, s := range []*alex.Sink{
		alex.NewScan(r.client, alex.Options{Practice: "Test Practice"}),
		alex.NewScan(r.client, alex.Options{Each: true}),
		alex.NewScan(r.client, alex.Options{TIFF: true}),
		alex.NewMedia(r.client, alex.Options{}),
	} {
		newHand(t, r.base, jpegs...).send(t, s)
	}
	var pdfs, tiffs, medias int
	found := map[int]bool{}
	for i, k := range r.kept() {
		var compact bytes.Buffer
		if err := json.Compact(&compact, k.Body); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&lines, compact.String())
		res := resource(t, k)
		a := res.attachment(t)
		name := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(name, a.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(a.Title), "Testperson") || strings.Contains(a.Title, "ZZZ0016") {
			t.Errorf("title %q", a.Title)
		}
		switch a.ContentType {
		case "application/pdf":
			pdfs++
			tool(t, "qpdf", "--check", name)
			tool(t, "pdfimages", "-all", name, name+"-image")
			out, err := filepath.Glob(name + "-image*.jpg")
			if err != nil || len(out) == 0 {
				t.Fatalf("no JPEG in a PDF: %v", err)
			}
			for _, file := range out {
				got, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				n := slices.IndexFunc(jpegs, func(j []byte) bool { return bytes.Equal(j, got) })
				if n < 0 {
					t.Errorf("a JPEG in a PDF is not one that was filed")
				}
				found[n] = true
			}
			if res.Author[0].Reference != r.base+"/FHIR/Practitioner/"+alextest.Provider {
				t.Errorf("author %+v", res.Author)
			}
		case "image/tiff":
			tiffs++
			if info := tool(t, "tiffinfo", name); strings.Count(info, "Image Width") != 1+len(jpegs) {
				t.Errorf("tiffinfo says\n%s", info)
			}
			tool(t, "identify", name)
		case "image/jpeg":
			medias++
			if len(a.Data) >= 1_000_000 {
				t.Errorf("a Media of %d bytes", len(a.Data))
			}
			tool(t, "identify", name)
			if !strings.HasSuffix(res.CreatedDateTime, "+13:00") && !strings.HasSuffix(res.CreatedDateTime, "+12:00") {
				t.Errorf("created %s", res.CreatedDateTime)
			}
			if res.BodySite.Text != "Left forearm" || res.BodySite.Coding[0].Code != "14975008" || res.View.Text != "close-up" ||
				!strings.Contains(res.Note[0].Text, "three weeks, growing. Type: lesion. Consent given by the patient") {
				t.Errorf("carried %+v, %+v, %+v", res.BodySite, res.View, res.Note)
			}
		}
	}
	if pdfs != 4 || tiffs != 1 || medias != 3 || len(found) != len(jpegs) {
		t.Errorf("%d PDFs, %d TIFFs, %d Media; %d of the JPEGs found", pdfs, tiffs, medias, len(found))
	}
	check := exec.CommandContext(t.Context(), "node", "testdata/fhir/check.mjs")
	check.Stdin = &lines
	if out, err := check.CombinedOutput(); err != nil || !strings.Contains(string(out), "checked 8, wrong 0") {
		t.Errorf("FHIR R4: %v\n%s", err, out)
	}
}

// The validator finds what is wrong: a check that cannot fail is none.
func TestTheValidatorFindsFaults(t *testing.T) {
	t.Parallel()
	wrong := []string{
		`{"resourceType":"Media","content":{"contentType":"image/jpeg"}}`,                                                // no status
		`{"resourceType":"DocumentReference","status":"current","content":[]}`,                                           // no content
		`{"resourceType":"DocumentReference","status":"current","date":"23/11/2026","content":[{"attachment":{"x":1}}]}`, // neither date nor element
	}
	check := exec.CommandContext(t.Context(), "node", "testdata/fhir/check.mjs")
	check.Stdin = strings.NewReader(strings.Join(wrong, "\n") + "\n")
	if out, err := check.CombinedOutput(); err == nil || !strings.Contains(string(out), fmt.Sprintf("checked %d, wrong %d", len(wrong), len(wrong))) {
		t.Errorf("some pass: %v\n%s", err, out)
	}
}

// A session that is too much for one document is several, none over the bound,
// and each picture's receipt is of the document that holds it.
func TestASessionInSeveralDocuments(t *testing.T) {
	t.Parallel()
	r := start(t)
	var jpegs [][]byte
	for n := range uint64(3) {
		jpegs = append(jpegs, photo(t, 2600, 1900, n))
	}
	h := newHand(t, r.base, jpegs...)
	receipts := h.send(t, alex.NewScan(r.client, alex.Options{}))
	kept := r.kept()
	if len(kept) < 2 {
		t.Fatalf("%d documents of %d bytes each picture", len(kept), len(jpegs[0]))
	}
	for _, k := range kept {
		if len(k.Body) >= 8_000_000 {
			t.Errorf("a request of %d bytes", len(k.Body))
		}
		data := resource(t, k).attachment(t).Data
		for i, item := range h.Items {
			inside := bytes.Contains(data, h.jpegs[item.Image])
			said := slices.ContainsFunc(receipts, func(got app.Receipt) bool {
				return got.Image == item.Image && got.Place.Reveal() == k.Resource+"/"+k.ID
			})
			if inside != said {
				t.Errorf("picture %d: inside %v, receipt says %v", i, inside, said)
			}
		}
	}
}

// Half a batch: what arrived has its receipt, what did not says why.
func TestHalfABatch(t *testing.T) {
	t.Parallel()
	r := start(t)
	h := newHand(t, r.base, photo(t, 640, 480, 1), photo(t, 640, 480, 2))
	s := alex.NewMedia(r.client, alex.Options{})
	parts, err := s.Compose(t.Context(), h.Delivery, h.open)
	if err != nil {
		t.Fatal(err)
	}
	h.Parts = parts[:1]
	if got, err := s.Deliver(t.Context(), h.Delivery); err != nil || got[0].Err != nil {
		t.Fatalf("%+v, %v", got, err)
	}
	r.alex.Answer(alextest.FacilityA, 503)
	h.Parts = parts[1:]
	got, err := s.Deliver(t.Context(), h.Delivery)
	if err != nil || got[0].Image != h.Items[1].Image || app.CodeOf(got[0].Err) != alex.CodeAsleep || got[0].Unknown {
		t.Fatalf("%+v, %v", got, err)
	}
	if n := len(r.kept()); n != 1 {
		t.Errorf("%d kept", n)
	}
}

func TestNothingIsComposedForAnUnknownPatient(t *testing.T) {
	h := newHand(t, "https://alex.example", photo(t, 64, 64, 1))
	h.Record = app.RecordRef{}
	if _, err := alex.NewScan(nil, alex.Options{}).Compose(context.Background(), h.Delivery, h.open); app.KindOf(err) != app.KindBug {
		t.Error(err)
	}
}
