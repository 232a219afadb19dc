//go:build linux

package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/alex/alextest"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// The stand-in's first patient.
const (
	recordName  = "Aroha Testperson"
	recordNHI   = "ZZZ0016"
	recordBirth = "1979-05-17"
)

const saysInRecord = "in the record"

// surroundings of a workstation with Medtech: a cloud of processes, and the
// stand-in for ALEX, which serves in the test's own.
type recordDesk struct {
	*workstation
	cloud *cloud
	alex  *alextest.ALEX
	base  string // the stand-in's origin
	kept  string // what it was sent
}

// newRecordDesk is a workstation of a practice that files into Medtech, not
// yet started: directly, or through the relay in the built gateway.
func newRecordDesk(t testing.TB, display, direct bool, delay time.Duration, args ...string) *recordDesk {
	t.Helper()
	d := newDesk(t, display)
	d.data = filepath.Join(d.scratch, "xdg", "data", "clinicpro-images") // the program's own: who opens a link names no other
	r := &recordDesk{workstation: newWorkstation(d, args...), cloud: newCloud(t, filepath.Join(d.scratch, "cloud")), kept: filepath.Join(d.scratch, "alex")}
	var err error
	if r.alex, err = alextest.New(alextest.Options{Dir: r.kept, Delay: delay}); err != nil {
		t.Fatal(err)
	}
	standIn := httptest.NewServer(r.alex)
	t.Cleanup(standIn.Close)
	r.base = standIn.URL
	if direct {
		d.enrolWith(r.cloud, fmt.Sprintf("[record]\nsystem = %q\nsinks = [\"alex-scan\"]\nalex_base = %q\nalex_token_url = %q\nalex_client_id = %q\n",
			config.SystemDirect, r.base+"/FHIR", r.base+"/token", alextest.ClientID), map[string]string{config.SecretALEX: alextest.ClientSecret})
		return r
	}
	keys := filepath.Join(d.scratch, "relay.json")
	made, err := d.command(filepath.Join(d.bin, "clinicproctl"), "relay", "add", "-file", keys, "-practice", string(faultPractice),
		"-facility", alextest.FacilityA, "-name", "front desk", "-json").Output()
	var key struct{ Key string }
	if err != nil || json.Unmarshal(made, &key) != nil || key.Key == "" {
		t.Fatalf("no key was made: %v", err)
	}
	r.cloud.gateway.kill()
	plain := r.cloud.gateway.command
	r.cloud.gateway.command = func() *exec.Cmd {
		cmd := plain()
		cmd.Env = append(cmd.Env, "ALEX_BASE_URL="+r.base+"/FHIR", "ALEX_TOKEN_URL="+r.base+"/token",
			"ALEX_CLIENT_ID="+alextest.ClientID, "ALEX_CLIENT_SECRET="+alextest.ClientSecret, "ALEX_RELAY_KEYS="+keys)
		return cmd
	}
	r.cloud.gateway.start()
	d.enrolWith(r.cloud, fmt.Sprintf("[record]\nsystem = %q\nsinks = [\"alex-scan\", \"folder\"]\n", config.SystemRelay), map[string]string{config.SecretRelay: key.Key})
	return r
}

// registers makes the built program what opens clinicpro-images: links on this
// desk, with the desktop entry of the package.
func (d *desk) registers() {
	d.t.Helper()
	const name = "nz.co.clinicpro.images.desktop"
	entry, err := os.ReadFile("../../packaging/linux/" + name)
	if err != nil {
		d.t.Fatal(err)
	}
	const installed = "Exec=/usr/bin/clinicpro-images "
	if !bytes.Contains(entry, []byte(installed)) {
		d.t.Fatal("the package's desktop entry starts something else")
	}
	entry = bytes.Replace(entry, []byte(installed), []byte("Exec="+filepath.Join(d.bin, agentProgram)+" "), 1)
	folder := filepath.Join(d.variable("XDG_DATA_HOME"), "applications")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name), entry, 0o600); err != nil {
		d.t.Fatal(err)
	}
	if out, err := d.command("xdg-mime", "default", name, "x-scheme-handler/"+app.LaunchScheme).CombinedOutput(); err != nil {
		d.t.Fatalf("xdg-mime: %v: %s", err, out)
	}
}

// browse opens a page in the workstation's own browser, on its display, as
// Evolution does. Its origin may open the program without a question, as the
// practice's policy says. Nothing drives this browser: it has and loses the
// focus as any window does.
func (d *desk) browse(page string) {
	d.t.Helper()
	at, err := url.Parse(page)
	if err != nil {
		d.t.Fatal(err)
	}
	profile := filepath.Join(d.scratch, "evolution")
	preferences, err := json.Marshal(map[string]any{"protocol_handler": map[string]any{"allowed_origin_protocol_pairs": map[string]any{
		at.Scheme + "://" + at.Host: map[string]bool{app.LaunchScheme: true}}}})
	if err != nil {
		d.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(profile, "Default"), 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(profile, "Default", "Preferences"), preferences, 0o600); err != nil {
		d.t.Fatal(err)
	}
	start(d.t, d.command("/usr/bin/chromium", "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
		"--ozone-platform=x11", "--password-store=basic", "--user-data-dir="+profile, page), filepath.Join(d.scratch, "evolution.log"))
}

// click is what Evolution opens for a click on its icon: the gateway's page.
func (r *recordDesk) click(facility, patient string, at time.Time) (page, link string) {
	context, signature := alextest.Click(facility, patient, at)
	query := url.Values{"context": {context}, "signature": {signature}}.Encode()
	return "http://" + r.cloud.phoneGateway.addr() + "/launch?" + query, app.LaunchScheme + "://launch?" + query
}

// ours waits for the program's window and brings it forward.
func (d *desk) ours() {
	d.t.Helper()
	eventually(d.t, 60*time.Second, func() bool { return len(d.windows()) == 1 }, func() string { return "the window did not open" })
	d.xdotool("windowactivate", "--sync", d.windows()[0])
}

// inRecord are the resources that have arrived, by what they are.
func (r *recordDesk) inRecord() map[string]int {
	r.t.Helper()
	kept, err := alextest.Read(r.kept)
	if err != nil {
		r.t.Fatal(err)
	}
	out := map[string]int{}
	seen := map[string]bool{}
	for _, k := range kept {
		out[k.Resource]++
		if seen[k.Identifier] {
			r.t.Errorf("%s %s arrived twice", k.Resource, k.Identifier)
		}
		seen[k.Identifier] = true
		if k.Facility != alextest.FacilityA || !bytes.Contains(k.Body, []byte("/Patient/"+alextest.PatientA+`"`)) {
			r.t.Errorf("%s went to another patient or facility", k.Resource)
		}
	}
	return out
}

// about reports whether a snapshot is of the stand-in's patient, as the record
// itself names them.
func about(s link.Snapshot) bool {
	return s.Patient.Name == recordName && s.Patient.NHI == recordNHI && s.Patient.BirthDate == recordBirth && s.Patient.Source == app.SourceMedtech
}

// stands reports whether every one of n photos stands so with a place.
func stands(s link.Snapshot, n int, place string, states ...link.HandoverState) bool {
	if len(s.Images) != n {
		return false
	}
	for _, im := range s.Images {
		if !slices.ContainsFunc(im.Hands, func(h link.Handover) bool {
			return h.Label == text.SinkLabel(place) && slices.Contains(states, h.State)
		}) {
			return false
		}
	}
	return true
}

// TestEndToEndRecord is the whole way into the record with the built programs:
// the page that Evolution opens, in a browser on the workstation's display,
// opens the program on the patient; a phone's browser takes photos; they go
// into Inbox Scan, Media and the folder while the practice's link to Medtech
// is asleep at first; the GP goes on; and the phone says "in the record" once
// the record has answered, and not before. Then launches that must open nobody.
func TestEndToEndRecord(t *testing.T) {
	t.Parallel()
	r := newRecordDesk(t, true, false, 0, "-hidden")
	pictures := artefacts(t)
	photos := writePhotos(t, filepath.Join(r.scratch, "camera"), 2)
	r.registers()
	r.start()
	page, used := r.click(alextest.FacilityA, alextest.PatientA, time.Now())

	// One step for the GP: the click. The patient is the record's own.
	r.browse(page)
	r.ours()
	s := r.see(60*time.Second, "the patient's code", func(s link.Snapshot) bool { return about(s) && s.Code != nil }, nil)
	sid := app.SessionID(s.SID)
	if s.Asked != nil || s.Form || len(s.Problems) > 0 {
		t.Errorf("there is more to do than scan: %s", sketch(s))
	}
	code := r.scan()
	r.settle()
	r.screenshot(filepath.Join(pictures, "record-launched.png"))
	var says []byte // the program has the focus: the page takes back what it may have said before
	eventually(t, 30*time.Second, func() bool {
		says, _ = r.command("xdotool", "search", "--onlyvisible", "--name", " - Chromium$", "getwindowname").Output()
		return strings.TrimSpace(string(says)) == "ClinicPro Images - Chromium"
	}, func() string { return "the program is there, and the page says: " + string(says) })

	p := newPhone(t, r.scratch)
	p.open(code)
	p.see(30*time.Second, "A. T.", "016")
	p.choose(photos...)
	p.see(90*time.Second, saysOnComputer)
	r.see(90*time.Second, "two photos", func(s link.Snapshot) bool { return len(s.Images) == 2 && s.CanFile }, nil)

	// The practice chooses scan and folder; this filing goes into Media as well.
	r.send(link.Input{Kind: link.InputChoose, SID: s.SID, Value: "alex-media"})
	r.see(30*time.Second, "Media chosen", func(s link.Snapshot) bool {
		return slices.ContainsFunc(s.Targets, func(t link.Target) bool { return t.Name == "alex-media" && t.On })
	}, nil)
	r.alex.Answer(alextest.FacilityA, 503)
	r.xdotool("key", "--clearmodifiers", "ctrl+Return")
	r.settle()
	r.screenshot(filepath.Join(pictures, "record-sheet.png"))
	eventually(t, 90*time.Second, func() bool {
		r.xdotool("key", "--clearmodifiers", "ctrl+Return")
		time.Sleep(1500 * time.Millisecond) // longer than a key held down repeats
		return r.alex.Asked("POST /DocumentReference") > 0
	}, func() string { return "Ctrl+Enter does not file" })
	s = r.see(60*time.Second, "the folder done and Medtech waiting", func(s link.Snapshot) bool {
		return stands(s, 2, "folder", link.HandoverDone) && stands(s, 2, "alex-scan", link.HandoverWaiting) && stands(s, 2, "alex-media", link.HandoverWaiting)
	}, nil)
	if len(s.Problems) == 0 || s.Problems[0].What != text.Recorded("asleep").What {
		t.Errorf("why it waits is not said: %s", sketch(s))
	}
	if n := len(r.filed()); n != 2 {
		t.Errorf("%d pictures in the practice folder", n)
	}
	r.settle()
	r.screenshot(filepath.Join(pictures, "record-partial.png"))
	p.screenshot(filepath.Join(pictures, "record-phone-partial.png"))
	if said := strings.ToLower(p.text()); strings.Contains(said, saysInRecord) || len(r.inRecord()) != 0 {
		t.Fatalf("%v in the record, and the phone says:\n%s", r.inRecord(), said)
	}

	// The GP goes on: nobody is open in Medtech. What waits is tried again all
	// the same, and comes through once the link is awake.
	_, nobody := r.click(alextest.FacilityA, "", time.Now())
	r.hand("", nobody)
	r.see(60*time.Second, "the form", func(s link.Snapshot) bool {
		return s.Form && len(s.Problems) > 0 && s.Problems[0].What == text.LaunchNobody
	}, nil)
	r.settle()
	r.screenshot(filepath.Join(pictures, "record-nobody.png"))
	r.alex.Answer(alextest.FacilityA, 0)
	p.see(120*time.Second, saysInRecord)
	if got := r.inRecord(); got["DocumentReference"] != 1 || got["Media"] != 2 || len(got) != 2 {
		t.Errorf("in the record: %v", got)
	}
	r.see(60*time.Second, "all of it in the record", func(s link.Snapshot) bool {
		return about(s) && stands(s, 2, "folder", link.HandoverDone) && stands(s, 2, "alex-scan", link.HandoverDone) && stands(s, 2, "alex-media", link.HandoverDone)
	}, func() { r.send(link.Input{Kind: link.InputOpenSession, SID: string(sid)}) })
	r.settle()
	r.screenshot(filepath.Join(pictures, "record-done.png"))
	p.screenshot(filepath.Join(pictures, "record-phone-done.png"))

	// Each of these opens nobody, says why, and ends nothing.
	asked := r.alex.Asked("GET /Patient/" + alextest.PatientB)
	_, old := r.click(alextest.FacilityA, alextest.PatientA, time.Now().Add(-app.MaxLaunchAge-time.Minute))
	_, foreign := r.click(alextest.FacilityB, alextest.PatientB, time.Now())
	for _, c := range []struct {
		link, code string
		kind       app.Kind
	}{{used, "replayed", app.KindConflict}, {old, "expired", app.KindExpired}, {foreign, "foreign", app.KindAuth}} {
		r.hand("", c.link)
		r.see(60*time.Second, "that the launch is "+c.code, func(s link.Snapshot) bool {
			return s.SID == string(sid) && len(s.Problems) > 0 && s.Problems[0].What == text.Launch(c.code, c.kind).What
		}, nil)
	}
	if again := r.alex.Asked("GET /Patient/" + alextest.PatientB); again != asked {
		t.Error("another practice's patient was read")
	}

	// Nobody's log names a patient or a launch.
	context, err := url.Parse(used)
	if err != nil {
		t.Fatal(err)
	}
	for _, log := range []string{r.cloud.gateway.log, filepath.Join(r.scratch, "agent.log"), filepath.Join(r.data, "logs", "agent.log")} {
		raw, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"Aroha", recordNHI, recordBirth, alextest.PatientA, context.Query().Get("context"), alextest.ClientSecret} {
			if bytes.Contains(raw, []byte(word)) {
				t.Errorf("%s holds %s", filepath.Base(log), word)
			}
		}
	}
	if raw, _ := os.ReadFile(r.cloud.gateway.log); !bytes.Contains(raw, []byte(`"outcome":"filed"`)) || !bytes.Contains(raw, []byte(`"correlation":"`)) {
		t.Error("the gateway's log has no line of a delivery")
	}
}

// TestEndToEndRecordDirect is a practice with an admission of its own: no
// relay, the same driver in the agent. The patient was typed in before the
// launch came, so the GP is asked whether it is the same person; with a yes the
// photos that are there go into the record; the answer is lost, nobody can look
// whether they are there, and the agent is killed over it: still only once.
func TestEndToEndRecordDirect(t *testing.T) {
	t.Parallel()
	r := newRecordDesk(t, false, true, 0, "-no-window")
	r.start()
	typed := link.Patient{Name: recordName, NHI: recordNHI, BirthDate: recordBirth}
	r.see(60*time.Second, "anything", func(link.Snapshot) bool { return true }, nil)
	r.send(link.Input{Kind: link.InputNewSession, Confirmed: true, Patient: typed})
	s := r.see(60*time.Second, "a code", func(s link.Snapshot) bool { return s.Code != nil && s.Patient.NHI == recordNHI }, nil)
	sid := s.SID
	newPocket(t, s.Code.Link).shoot()
	s = r.see(60*time.Second, "a photo", func(s link.Snapshot) bool { return len(s.Images) == 1 && s.Images[0].State == app.ImageLanded }, nil)
	if s.CanFile {
		t.Error("a patient who was typed in can be filed into Medtech")
	}
	r.send(link.Input{Kind: link.InputFileAll, SID: sid})

	_, launch := r.click(alextest.FacilityA, alextest.PatientA, time.Now())
	r.hand("", launch)
	s = r.see(60*time.Second, "the question", func(s link.Snapshot) bool { return s.Asked != nil && s.Joins }, nil)
	if n := r.alex.Asked("POST /DocumentReference"); n != 0 || s.SID != sid {
		t.Fatalf("%d deliveries before the GP has said yes", n)
	}
	r.alex.Misbehave(alextest.Faults{DropAfter: 1, Blind: 1})
	r.send(link.Input{Kind: link.InputConfirmPatient, Patient: *s.Asked, Confirmed: true})
	r.see(60*time.Second, "what can be filed", func(s link.Snapshot) bool { return s.SID == sid && s.CanFile && len(s.Images) == 1 }, nil)
	r.send(link.Input{Kind: link.InputFileAll, SID: sid})
	s = r.see(60*time.Second, "that the answer is lost", func(s link.Snapshot) bool {
		return stands(s, 1, "alex-scan", link.HandoverWaiting) && s.Images[0].Problem != ""
	}, nil)
	if !strings.Contains(s.Images[0].Problem, text.Recorded("unknown").What) {
		t.Errorf("it says %q", s.Images[0].Problem)
	}
	r.kill() // and the agent goes before it has asked again
	r.alex.Misbehave(alextest.Faults{})
	r.start()
	r.see(90*time.Second, "the photo in the record", func(s link.Snapshot) bool {
		return stands(s, 1, "alex-scan", link.HandoverDone) && s.Images[0].Hands[0].Record
	}, r.open(app.SessionID(sid)))
	if got := r.inRecord(); got["DocumentReference"] != 1 || len(got) != 1 {
		t.Errorf("in the record: %v", got)
	}
	if n := r.alex.Asked("POST /DocumentReference"); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
	if r.alex.Tokens() == 0 || len(r.filed()) != 0 {
		t.Errorf("%d tokens, %d pictures in the folder", r.alex.Tokens(), len(r.filed()))
	}
}
