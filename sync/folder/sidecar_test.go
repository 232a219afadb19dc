package folder

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

// detailed is a delivery of n pictures with everything that can be known.
func detailed(t *testing.T, n int) app.Delivery {
	t.Helper()
	nhi, _, err := app.ParseNHI("ZZZ0016")
	must(t, err)
	d := apptest.Delivery(n)
	d.Patient = app.Patient{Name: app.Seal("Hēmi Testperson"), NHI: nhi, BirthDate: app.Seal("1980-05-03")}
	for i := range d.Items {
		d.Items[i].TakenAt = time.Date(2026, 11, 23, 10, 15, i, 0, time.FixedZone("", 13*3600))
		d.Items[i].Details = app.Details{Site: "forearm", Side: app.SideLeft, View: app.ViewNear, Type: app.TypeRash, Caption: app.Seal("pōuri")}
		d.Items[i].Consent = app.Consent{By: app.ConsentPatient}
	}
	return d
}

func TestSidecar(t *testing.T) {
	dir, d := t.TempDir(), detailed(t, 1)
	r, err := New(Config{Dir: dir, Sidecar: true}).Deliver(t.Context(), d)
	must(t, err)
	b, err := os.ReadFile(strings.TrimSuffix(r[0].Place.Reveal(), ".jpg") + ".json")
	must(t, err)
	var got map[string]any
	must(t, json.Unmarshal(b, &got))
	want := map[string]any{"v": 1.0, "imageId": string(d.Items[0].Image), "sessionId": string(d.SID), "deliveryId": d.ID,
		"sha256": string(d.Items[0].SHA256), "bytes": float64(len(d.Items[0].JPEG)), "takenAt": "2026-11-23T10:15:00+13:00",
		"view": "near", "type": "rash", "caption": "pōuri", "madeBy": "ClinicPro Images"}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %v, want %v", name, got[name], value)
		}
	}
	for name, want := range map[string]string{
		"patient": `{"birthDate":"1980-05-03","name":"Hēmi Testperson","nhi":"ZZZ0016"}`,
		"site":    `{"id":"forearm","name":"Forearm","sct":"14975008"}`,
		"side":    `{"id":"left","sct":"7771000"}`,
		"consent": `{"by":"patient"}`,
	} {
		if b, _ := json.Marshal(got[name]); string(b) != want {
			t.Errorf("%s is %s, want %s", name, b, want)
		}
	}
}

// A picture without its sidecar, or with another's, is not what was filed.
func TestSidecarIsPartOfTheProof(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"removed": os.Remove,
		"changed": func(path string) error { return os.WriteFile(path, []byte("{}"), 0o600) },
	} {
		dir, d := t.TempDir(), detailed(t, 2)
		s := New(Config{Dir: dir, Sidecar: true})
		first, err := s.Deliver(t.Context(), d)
		must(t, err)
		must(t, harm(strings.TrimSuffix(first[0].Place.Reveal(), ".jpg")+".json"))
		d.Again = true
		again, err := s.Deliver(t.Context(), d)
		must(t, err)
		if !again[0].Unconfirmed || again[1].Place.Reveal() != first[1].Place.Reveal() {
			t.Errorf("%s: %+v", name, again)
		}
	}
}

// The name is one for both: whichever of them is taken.
func TestSidecarSharesTheNumber(t *testing.T) {
	for _, taken := range []string{".jpg", ".json"} {
		dir, d := t.TempDir(), detailed(t, 1)
		stem := strings.TrimSuffix(d.Items[0].Name.Reveal(), ".jpg")
		must(t, os.WriteFile(filepath.Join(dir, stem+taken), []byte("the practice's own"), 0o600))
		r, err := New(Config{Dir: dir, Sidecar: true}).Deliver(t.Context(), d)
		must(t, err)
		if want := filepath.Join(dir, stem+"_2.jpg"); r[0].Place.Reveal() != want {
			t.Errorf("%s taken: %+v", taken, r[0])
		}
		if _, err := os.Stat(filepath.Join(dir, stem+"_2.json")); err != nil {
			t.Errorf("%s taken: %v", taken, err)
		}
		if b, _ := os.ReadFile(filepath.Join(dir, stem+taken)); string(b) != "the practice's own" {
			t.Error("the practice's file was changed")
		}
	}
}

// Killed between the sidecar's name and the picture's, and then somebody took
// the picture's name: the sidecar must not stand beside a stranger.
func TestSidecarIsTakenBack(t *testing.T) {
	dir, d := t.TempDir(), detailed(t, 1)
	item, stem := d.Items[0], strings.TrimSuffix(d.Items[0].Name.Reveal(), ".jpg")
	body, err := sidecar(d, item)
	must(t, err)
	state := filepath.Join(dir, stateFolder)
	must(t, os.Mkdir(state, 0o700))
	must(t, os.WriteFile(filepath.Join(state, d.ID+"-"+string(item.Image)+".tmp"), item.JPEG, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, stem+".json"), body, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, stem+".jpg"), []byte("a stranger"), 0o600))
	rec, err := json.Marshal(record{1, map[string]recordItem{string(item.Image): {1, item.SHA256, digest(body)}}})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(state, d.ID+".json"), rec, 0o600))
	d.Again = true
	r, err := New(Config{Dir: dir, Sidecar: true}).Deliver(t.Context(), d)
	must(t, err)
	if r[0].Place.Reveal() != filepath.Join(dir, stem+"_2.jpg") {
		t.Errorf("receipt %+v", r[0])
	}
	if _, err := os.Stat(filepath.Join(dir, stem+".json")); err == nil {
		t.Error("the sidecar stands beside a stranger's picture")
	}
	if b, _ := os.ReadFile(filepath.Join(dir, stem+"_2.json")); !bytes.Equal(b, body) {
		t.Error("the picture has no sidecar")
	}
}
