//go:build linux

package main_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// hand starts the program a second time, as another system does, with what it
// hands over, and returns its exit code and what it said.
func (d *desk) hand(stdin string, args ...string) (code int, said string) {
	d.t.Helper()
	cmd := d.command(filepath.Join(d.bin, "clinicpro-images"), append([]string{"-dir", d.data}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		d.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// bell is a desktop's notifications, without the desktop.
type bell struct {
	conn *dbus.Conn
	mu   sync.Mutex
	said []string
	id   uint32
}

// bell takes the desk's notifications.
func (d *desk) bell() *bell {
	d.t.Helper()
	conn, err := dbus.Connect(d.variable("DBUS_SESSION_BUS_ADDRESS"))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = conn.Close() })
	b := &bell{conn: conn}
	if err := conn.Export(b, "/org/freedesktop/Notifications", "org.freedesktop.Notifications"); err != nil {
		d.t.Fatal(err)
	}
	if _, err := conn.RequestName("org.freedesktop.Notifications", dbus.NameFlagDoNotQueue); err != nil {
		d.t.Fatal(err)
	}
	return b
}

// Notify is what a program calls to show a notification.
func (b *bell) Notify(_ string, _ uint32, _, title, body string, _ []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.id++
	b.said = append(b.said, title+": "+body)
	return b.id, nil
}

// CloseNotification is what a program calls to take one back.
func (b *bell) CloseNotification(uint32) *dbus.Error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.said = append(b.said, "(taken back)")
	return nil
}

func (b *bell) words() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.said, "\n")
}

func (b *bell) click() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.conn.Emit("/org/freedesktop/Notifications", "org.freedesktop.Notifications.ActionInvoked", b.id, "default")
}

// TestEndToEndPatientIn brings patients in by every way there is: handed over
// on standard input and in a file, by a launch link, and by nobody, to be named
// later. Each is asked about, nothing is mixed, and nothing of a patient is in
// an argument, in what is said, or left on the disk.
func TestEndToEndPatientIn(t *testing.T) {
	d := newDesk(t, true)
	pictures := artefacts(t)
	t.Setenv("XDG_RUNTIME_DIR", d.variable("XDG_RUNTIME_DIR"))
	bell := d.bell()
	d.startAgent(apptest.FreeAddr(t), "-hidden")
	d.ready()
	at := d.attach()
	patient := func(name, nhi string) string {
		return fmt.Sprintf(`{"name":%q,"nhi":%q,"birthDate":"1979-05-17"}`, name, nhi)
	}

	// On standard input: the window comes, and asks.
	if code, said := d.hand(patient(patientName, patientNHI), "-patient-from", "-"); code != 3 || strings.Contains(said, patientName) {
		t.Fatalf("left with %d, said %q", code, said)
	}
	d.window()
	at.until("the question", func(s link.Snapshot) bool { return s.Asked != nil && s.Asked.NHI == patientNHI })
	if n := len(d.sessions()); n != 0 {
		t.Fatalf("%d sessions before the GP has said yes", n)
	}
	d.settle()
	d.screenshot(filepath.Join(pictures, "patient-asked.png"))
	d.xdotool("key", "Tab", "Tab", "space") // No, then Yes
	first := d.scan()
	at.until("the session", func(s link.Snapshot) bool { return s.Patient.NHI == patientNHI && s.Patient.Source == "handover" })

	// A launch link that nobody here can decode: a sentence, and the session stays.
	if code, said := d.hand("", "clinicpro-images://launch?context=abc&signature=def"); code != 3 {
		t.Fatalf("left with %d, said %q", code, said)
	}
	at.until("why the link opens nobody", func(s link.Snapshot) bool {
		return len(s.Problems) > 0 && s.Problems[0].What == text.Problem(text.PlaceLaunch, app.KindNotFound).What && s.Patient.NHI == patientNHI
	})
	if code, said := d.hand("", "clinicpro-images://launch?context=abc&signature=def&nhi=ZZZ0024"); code != 64 || strings.Contains(said, "ZZZ0024") {
		t.Errorf("a link with an NHI: left with %d, said %q", code, said)
	}

	// Another patient in a file, while photos of the first are unfiled.
	newPocket(t, first).shoot()
	d.waitStates(t, map[string]int{"landed": 1})
	file := filepath.Join(d.scratch, "patient.json")
	if err := os.WriteFile(file, []byte(patient(secondName, secondNHI)), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := d.hand("", "-patient-from", file); code != 3 {
		t.Fatalf("left with %d, said %q", code, said)
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Error("the patient's file is still there")
	}
	at.until("the second question", func(s link.Snapshot) bool { return s.Asked != nil && s.Asked.NHI == secondNHI && len(s.Images) == 1 })
	d.settle()
	d.screenshot(filepath.Join(pictures, "patient-asked-between.png"))
	d.xdotool("key", "--clearmodifiers", "ctrl+Return", "Escape", "Return") // none of them files, starts or answers
	d.settle()
	if s := at.until("the same question", func(s link.Snapshot) bool { return s.Asked != nil }); s.Patient.NHI != patientNHI || len(d.filed()) != 0 || len(d.sessions()) != 1 {
		t.Fatal("a key that nobody meant as an answer was one")
	}
	d.xdotool("key", "Tab", "space") // No
	at.until("the form", func(s link.Snapshot) bool { return s.Asked == nil && s.Form })

	// Nobody yet: photos can be taken, and not filed until somebody is named.
	at.do(link.Input{Kind: link.InputNewSession})
	s := at.until("a session without a patient", func(s link.Snapshot) bool { return s.Code != nil && s.Patient == link.Patient{} })
	second := newPocket(t, s.Code.Link)
	second.shoot()
	s = at.until("its photo", func(s link.Snapshot) bool { return len(s.Images) == 1 && s.Images[0].State == app.ImageLanded })
	if s.CanFile {
		t.Error("photos of nobody can be filed")
	}
	d.settle()
	d.screenshot(filepath.Join(pictures, "patient-nobody.png"))
	at.do(link.Input{Kind: link.InputFileAll, SID: s.SID})
	at.do(link.Input{Kind: link.InputAssign, SID: s.SID, Patient: link.Patient{Name: secondName, NHI: secondNHI, BirthDate: "1975-04-03"}})
	s = at.until("the patient", func(now link.Snapshot) bool { return now.SID == s.SID && now.Patient.NHI == secondNHI && now.CanFile })
	if len(d.filed()) != 0 {
		t.Fatal("filed without a patient")
	}
	at.do(link.Input{Kind: link.InputFileAll, SID: s.SID})
	d.waitStates(t, map[string]int{"landed": 1, "filed": 1})
	if filed := d.filed(); len(filed) != 1 || !strings.HasPrefix(filepath.Base(filed[0]), secondNHI) {
		t.Fatalf("filed %d, not the one under the second patient", len(filed))
	}

	// The window is closed: a landing is told, in no patient's name, and a
	// click opens the window.
	d.window()
	d.xdotool("key", "--clearmodifiers", "alt+F4")
	eventually(t, 20*time.Second, func() bool { return len(d.windows()) == 0 }, func() string { return "the window does not close" })
	if bell.words() != "" {
		t.Errorf("told although somebody was looking: %q", bell.words())
	}
	at.leave()
	second.shoot()
	eventually(t, 30*time.Second, func() bool { return strings.Contains(bell.words(), text.NoticeLanded(2)) },
		func() string { return fmt.Sprintf("the landing was not told: %q", bell.words()) })
	for _, word := range []string{"Aroha", "Wiremu", patientNHI, secondNHI} {
		if strings.Contains(bell.words(), word) {
			t.Errorf("a notification says %q", word)
		}
	}
	if err := bell.click(); err != nil {
		t.Fatal(err)
	}
	d.window()
	d.noPatientIn("cmdline")
}

// noPatientIn searches what the system shows of every program of the desk.
func (d *desk) noPatientIn(what string) {
	d.t.Helper()
	for _, p := range d.processes() {
		for _, word := range []string{"Aroha", "Wiremu", patientNHI, secondNHI} {
			if strings.Contains(string(p.args), word) || strings.Contains(string(p.environ), word) {
				d.t.Errorf("%s of %s holds %q", what, filepath.Base(p.exe), word)
			}
		}
	}
}
