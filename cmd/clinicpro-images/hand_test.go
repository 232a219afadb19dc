//go:build linux

package main

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/godbus/dbus/v5"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/envelope"
	"github.com/clinicpro-nz/images/sync/folder"
	"github.com/clinicpro-nz/images/sync/workstation"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// handed is an agent with one session of two photos, the first of them filed,
// and what a copy of one holds.
func handed(t *testing.T) (a *agent, trail *apptest.FakeAudit, in link.Input, photo []byte) {
	t.Helper()
	nhi, _, err := app.ParseNHI("ZZZ0016")
	must(t, err)
	cfg := config.Default()
	cfg.PracticeName = "Ōtaki Health"
	drawn, err := workstation.NewSession(app.Patient{Name: app.Seal("Aroha Testperson"), NHI: nhi}, cfg.PracticeName, cfg.Asks(), cfg.Keep())
	must(t, err)
	start := drawn.What.(app.Start)
	identity, err := age.ParseX25519Identity(start.Secrets.Identity.Reveal())
	must(t, err)
	secret, err := envelope.ParseSecret(start.Secrets.Pairing.Reveal())
	must(t, err)
	var out bytes.Buffer
	must(t, jpeg.Encode(&out, image.NewRGBA(image.Rect(0, 0, 64, 48)), nil))
	photo = out.Bytes()
	now := time.Now()
	s := app.Session{ID: drawn.SID, Patient: start.Patient, Secrets: start.Secrets, Images: map[app.ImageID]app.Image{}}
	store := &apptest.FakeSpool{}
	for _, id := range []app.ImageID{"01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8058"} {
		sealed, err := envelope.Seal(identity.Recipient(), s.ID, id, secret, photo, envelope.Meta{TakenAt: now, Width: 64, Height: 48})
		must(t, err)
		must(t, store.Land(t.Context(), s.ID, id, sealed))
		s.Order = append(s.Order, id)
		s.Images[id] = app.Image{ID: id, State: app.ImageLanded, Shown: true, TakenAt: now, Details: app.Details{Site: "forearm", Side: app.SideLeft}}
	}
	filed := filepath.Join(t.TempDir(), "filed.jpg")
	must(t, os.WriteFile(filed, photo, 0o600))
	im := s.Images[s.Order[0]]
	im.State = app.ImageFiled
	im.Handovers = []app.Handover{{Sink: folder.NameImages, State: app.HandDone, Place: app.Seal(filed)}}
	s.Images[im.ID] = im
	a, trail = testAgent(t), &apptest.FakeAudit{}
	a.log, a.cfg, a.spool, a.trail = slog.New(slog.DiscardHandler), cfg, store, trail
	a.darkroom = workstation.NewDarkroom(cfg.NameTemplate, cfg.Zone(), 0)
	a.state = app.State{Current: s.ID, Sessions: map[app.SessionID]app.Session{s.ID: s}}
	return a, trail, link.Input{Kind: link.InputHand, SID: string(s.ID), Image: string(im.ID)}, photo
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCopiesByHand(t *testing.T) {
	a, trail, in, photo := handed(t)
	dir := t.TempDir()
	in.Hand = link.Hand{To: link.HandPhoto, Path: filepath.Join(dir, "for the letter")}
	for _, name := range []string{"for the letter.jpg", "for the letter_2.jpg"} { // nothing is replaced
		if said := a.grant(t.Context(), in); said.Bad || said.Said != text.Saved(name) {
			t.Fatalf("said %+v", said)
		}
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(b, photo) {
			t.Fatalf("%s: %d bytes, %v", name, len(b), err)
		}
	}
	in.Hand = link.Hand{To: link.HandPDF, Path: filepath.Join(dir, "all.pdf")}
	if said := a.grant(t.Context(), in); said.Bad || said.Said != text.Saved("all.pdf") {
		t.Fatalf("said %+v", said)
	}
	words, err := exec.CommandContext(t.Context(), "pdftotext", filepath.Join(dir, "all.pdf"), "-").Output()
	if err != nil || !strings.Contains(string(words), "Image 2 of 2 · Ōtaki Health") || !strings.Contains(string(words), "Left forearm") {
		t.Errorf("%v: %s", err, words)
	}
	entries := trail.Noted()
	if len(entries) != 3 || entries[0].Event != app.AuditCopied || entries[0].Reason != "photo" || entries[2].Reason != "pdf" || entries[2].Image != "" {
		t.Errorf("the trail holds %+v", entries)
	}
	left, err := os.ReadDir(dir)
	if must(t, err); len(left) != 3 {
		t.Errorf("%d files", len(left))
	}
}

// Nothing leaves without its line in the trail, and each failure says what to do.
func TestCopiesThatAreNotMade(t *testing.T) {
	a, trail, in, _ := handed(t)
	gone := filepath.Join(t.TempDir(), "gone")
	in.Hand = link.Hand{To: link.HandPhoto, Path: filepath.Join(gone, "a.jpg")}
	if said := a.grant(t.Context(), in); !said.Bad || said.Said != text.CopyFailed(app.KindNotFound) {
		t.Errorf("said %+v", said)
	}
	dir := t.TempDir()
	trail.Fail(app.E("note", app.KindFull, nil))
	in.Hand.Path = filepath.Join(dir, "a.jpg")
	if said := a.grant(t.Context(), in); !said.Bad {
		t.Errorf("said %+v", said)
	}
	in.Hand = link.Hand{To: link.HandPDF, Path: filepath.Join(dir, "a.pdf")}
	if said := a.grant(t.Context(), in); !said.Bad {
		t.Errorf("said %+v", said)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%d files left without a line in the trail", len(left))
	}
	trail.Fail(nil)
	in.Hand = link.Hand{To: link.HandCopy}
	if said := a.grant(t.Context(), in); !said.Bad { // no clipboard for pictures here
		t.Errorf("said %+v", said)
	}
	a.hands.copier = func(image.Image, []byte) error { return errors.New("busy") }
	if said := a.grant(t.Context(), in); !said.Bad || said.Said != text.CopyFailed(app.KindConflict) {
		t.Errorf("said %+v", said)
	}
	// What is of another session, or not there any more, is no wish.
	in.Image = "01890a5d-ac96-774b-bcce-b302099a8059"
	if said := a.grant(t.Context(), in); said != (link.Hands{}) {
		t.Errorf("said %+v", said)
	}
	in.SID = string(app.NewSessionID())
	if said := a.grant(t.Context(), in); said != (link.Hands{}) {
		t.Errorf("said %+v", said)
	}
}

func TestCopyToTheClipboard(t *testing.T) {
	a, _, in, photo := handed(t)
	a.hands.copier = func(m image.Image, b []byte) error {
		if m.Bounds().Dx() != 64 || !bytes.Equal(b, photo) {
			t.Errorf("copied %v, %d bytes", m.Bounds(), len(b))
		}
		return nil
	}
	in.Hand = link.Hand{To: link.HandCopy}
	if said := a.grant(t.Context(), in); said.Bad || said.Said != text.CopiedPhoto {
		t.Errorf("said %+v", said)
	}
}

func TestWhatASnapshotSaysOfCopies(t *testing.T) {
	a, _, in, _ := handed(t)
	s := a.state.Sessions[a.state.Current]
	a.cfg.Filing.As = config.FormBoth
	out := link.Snapshot{SID: in.SID, Sink: link.Sink{Label: text.SinkLabel(folderSink)}, Images: []link.Image{{ID: string(s.Order[0])}, {ID: string(s.Order[1])}}}
	a.handView(&out, s)
	if out.Sink.Label != "the practice folder, as photos and one PDF" {
		t.Errorf("files to %q", out.Sink.Label)
	}
	day := a.state.Sessions[s.ID].Images[s.Order[0]].TakenAt.In(a.cfg.Zone()).Format(time.DateOnly)
	if !out.Images[0].Filed || out.Images[1].Filed || out.Images[1].SaveAs != "ZZZ0016_"+day+"_forearm_left_2.jpg" || out.Hands.PDF != "ZZZ0016_"+day+".pdf" {
		t.Errorf("%+v, %+v", out.Images, out.Hands)
	}
}

// The desktop's file manager is asked over the bus, with no path on a command
// line.
func TestRevealOverTheBus(t *testing.T) {
	daemon := exec.CommandContext(t.Context(), "dbus-daemon", "--session", "--nofork", "--nosyslog", "--print-address=1")
	pipe, err := daemon.StdoutPipe()
	must(t, err)
	must(t, daemon.Start())
	t.Cleanup(func() { _ = daemon.Process.Kill(); _ = daemon.Wait() })
	address := make([]byte, 512)
	n, err := pipe.Read(address)
	must(t, err)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", strings.TrimSpace(string(address[:n])))
	conn, err := dbus.ConnectSessionBus()
	must(t, err)
	defer conn.Close()
	asked := make(chan string, 1)
	must(t, conn.Export(fileManager{asked}, "/org/freedesktop/FileManager1", "org.freedesktop.FileManager1"))
	if reply, err := conn.RequestName("org.freedesktop.FileManager1", 0); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
	a, _, in, _ := handed(t)
	in.Hand = link.Hand{To: link.HandReveal}
	if said := a.grant(t.Context(), in); said != (link.Hands{}) {
		t.Fatalf("said %+v", said)
	}
	want := "file://" + filedAs(a.state.Sessions[a.state.Current].Images[app.ImageID(in.Image)])
	if got := <-asked; got != want {
		t.Errorf("asked for %q, want %q", got, want)
	}
	must(t, os.Remove(strings.TrimPrefix(want, "file://")))
	if said := a.grant(t.Context(), in); !said.Bad || said.Said != text.RevealFailed {
		t.Errorf("of a file that is gone it said %+v", said)
	}
}

type fileManager struct{ asked chan string }

func (f fileManager) ShowItems(items []string, _ string) *dbus.Error {
	f.asked <- items[0]
	return nil
}
