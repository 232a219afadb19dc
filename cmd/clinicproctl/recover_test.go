package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/diskspool"
	"github.com/clinicpro-nz/images/sync/envelope"
	"github.com/clinicpro-nz/images/sync/pairing"
)

const (
	goodImage    = app.ImageID("01932e9a-0000-7000-8000-000000000001")
	foreignImage = app.ImageID("01932e9a-0000-7000-8000-000000000002")
	tornImage    = app.ImageID("01932e9a-0000-7000-8000-000000000003")
	missingImage = app.ImageID("01932e9a-0000-7000-8000-000000000004")
	strayImage   = app.ImageID("01932e9a-0000-7000-8000-000000000005") // landed, killed before its record
)

// A spool in which everything is wrong that can be: what can be recovered is,
// each thing lands where its proof puts it, and the rest is named by id.
func TestRecoverFromAHurtSpool(t *testing.T) {
	dir, recovery := t.TempDir(), newIdentity(t)
	keyFile := filepath.Join(t.TempDir(), "key")
	must(t, os.WriteFile(keyFile, []byte("# comment\n"+recovery.String()+"\n"), 0o600))
	spoolDir := filepath.Join(dir, "spool")
	s, err := diskspool.Open(spoolDir, diskspool.Keys{Identity: newIdentity(t), Recovery: recovery.Recipient()}, slog.New(slog.DiscardHandler))
	must(t, err)
	hurt, unknown := newSecrets(t), newSecrets(t)
	jpeg := []byte("the picture as it was sent")
	sealWith := func(from pairing.Secrets, secret envelope.Secret, id app.ImageID) []byte {
		sealed, err := envelope.Seal(from.Identity.Recipient(), from.SID, id, secret, jpeg,
			envelope.Meta{TakenAt: time.Now(), Width: 1, Height: 1, Source: envelope.SourceCamera, OriginalType: "image/jpeg", OriginalBytes: 1,
				Details: app.Details{Site: "face"}, Consent: app.Consent{By: app.ConsentPatient}})
		must(t, err)
		return sealed
	}
	good := sealWith(hurt, hurt.Secret, goodImage)
	for id, sealed := range map[app.ImageID][]byte{
		goodImage: good, foreignImage: sealWith(hurt, envelope.NewSecret(), foreignImage),
		tornImage: good[:len(good)-7], strayImage: sealWith(hurt, hurt.Secret, strayImage),
	} {
		must(t, s.Land(t.Context(), hurt.SID, id, sealed))
	}
	must(t, s.Land(t.Context(), unknown.SID, goodImage, sealWith(unknown, unknown.Secret, goodImage)))
	record := func(kind, key string, body any) app.Record {
		text, isText := body.(string)
		if !isText {
			b, err := json.Marshal(body)
			must(t, err)
			text = string(b)
		}
		return app.Record{SID: hurt.SID, Kind: kind, Key: key, Body: []byte(text)}
	}
	landed := map[string]any{"State": "landed", "SHA256": strings.Repeat("0", 64)}
	amended := map[string]any{"State": "landed", "SHA256": strings.Repeat("0", 64), "Amended": 2,
		"Details": map[string]any{"Caption": "as amended", "Rotate": 90}}
	delivery := string(app.NewSessionID())
	must(t, s.Save(t.Context(),
		record(app.RecordSession, "", map[string]any{"Name": "Aroha Testperson", "NHI": "ZZZ0016",
			"Identity": hurt.Identity.String(), "Pairing": hurt.Secret.Reveal(), "Order": []app.ImageID{goodImage}}),
		record(app.RecordImage, string(goodImage), amended), record(app.RecordImage, string(foreignImage), landed),
		record(app.RecordImage, string(tornImage), landed), record(app.RecordImage, string(missingImage), landed),
		record(app.RecordItem, delivery+"/"+string(goodImage), "as it was handed over"),
		record("later", "x", "{}")))
	must(t, s.Close())

	out := filepath.Join(t.TempDir(), "out")
	var stdout, stderr bytes.Buffer
	// The state folder will do, too.
	code := spool(t.Context(), []string{"recover", "-spool", dir, "-key", keyFile, "-out", out}, nil, &stdout, &stderr)
	said := stdout.String() + stderr.String()
	if code != exitFound {
		t.Errorf("exit code %d, want %d: %s", code, exitFound, said)
	}
	for _, want := range []string{
		"session " + string(hurt.SID) + ": 2 images recovered, 1 unverified, 1 frozen copies, 3 damaged",
		"session " + string(unknown.SID) + ": 0 images recovered, 0 unverified, 0 frozen copies, 1 damaged",
		"image " + string(foreignImage) + ": unverified: " + string(envelope.ReasonHMAC),
		"image " + string(tornImage) + ": " + string(envelope.ReasonSeal),
		"image " + string(missingImage) + ": its file is missing",
		"later record x: not understood",
		"2 sessions: 2 images recovered, 1 unverified, 1 frozen copies, 4 damaged.",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(said)
	}
	if strings.Contains(said, "Aroha") || strings.Contains(said, "ZZZ0016") {
		t.Error("the terminal shows the patient")
	}
	stdout.Reset()
	code = spool(t.Context(), []string{"recover", "-json", "-spool", dir, "-key", keyFile, "-out", out + "-2"}, nil, &stdout, &stderr)
	var report recoveryReport
	reads(t, stdout.String(), &report)
	byID := map[string]recoveredSession{}
	for _, s := range report.Sessions {
		byID[s.Session] = s
	}
	got := byID[string(hurt.SID)]
	if code != exitFound || report.Whole || report.IndexDamaged || len(byID) != 2 || got.Images != 2 || got.Unverified != 1 || got.Frozen != 1 || got.Damaged != 3 ||
		!slices.Contains(got.Faults, "image "+string(missingImage)+": its file is missing") {
		t.Errorf("%d, %+v", code, report)
	}
	stdout.Reset()
	must(t, os.WriteFile(keyFile+"-other", []byte(newIdentity(t).String()), 0o600))
	code = spool(t.Context(), []string{"recover", "-json", "-spool", dir, "-key", keyFile + "-other", "-out", out + "-3"}, nil, &stdout, &stderr)
	reads(t, stdout.String(), &report)
	if code != exitFailed || report.Whole || len(report.Sessions) != 0 || len(report.Closed) != 1 || report.Closed[0].Spool != "spool" || !strings.Contains(report.Closed[0].Why, "does not open") {
		t.Errorf("%d, %+v", code, report)
	}
	session := filepath.Join(out, string(hurt.SID))
	for name, want := range map[string]string{
		string(goodImage) + ".jpg": string(jpeg), string(strayImage) + ".jpg": string(jpeg),
		filepath.Join("unverified", string(foreignImage)+".jpg"):    string(jpeg),
		filepath.Join("frozen", delivery, string(goodImage)+".jpg"): "as it was handed over",
		string(foreignImage) + ".jpg":                               "", string(tornImage) + ".jpg": "", "session.key": "",
	} {
		got, err := os.ReadFile(filepath.Join(session, name))
		if string(got) != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	raw, err := os.ReadFile(filepath.Join(session, "session.json"))
	must(t, err)
	var told sessionJSON
	must(t, json.Unmarshal(raw, &told))
	want := map[app.ImageID]detailsJSON{goodImage: {Caption: "as amended", Rotate: 90}, strayImage: {Site: "face"}}
	for _, im := range told.Images {
		if im.Details != want[im.ID] {
			t.Errorf("image %s has the details %+v", im.ID, im.Details)
		}
		if _, proved := want[im.ID]; (im.Consent.By == app.ConsentPatient) != proved {
			t.Errorf("image %s has the consent %+v", im.ID, im.Consent)
		}
	}
}

// A recovery key is handed over in its file; what is said has the public half.
func TestRecoveryKeyAsJSON(t *testing.T) {
	file := filepath.Join(t.TempDir(), "recovery.key")
	var stdout, stderr bytes.Buffer
	if code := spool(t.Context(), []string{"recovery-key", "-json", "-out", file}, nil, &stdout, &stderr); code != exitDone {
		t.Fatal(code, stderr.String())
	}
	var said struct{ RecoveryKeyFile, RecoveryRecipient string }
	reads(t, stdout.String(), &said)
	text, err := os.ReadFile(file)
	must(t, err)
	keys, err := age.ParseIdentities(bytes.NewReader(text))
	must(t, err)
	key, is := keys[0].(*age.X25519Identity)
	if !is || said.RecoveryKeyFile != file || said.RecoveryRecipient != key.Recipient().String() || strings.Contains(stdout.String(), key.String()) {
		t.Errorf("said %s", stdout.String())
	}
}

func TestRecoverUsage(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	must(t, os.WriteFile(key, []byte(newIdentity(t).String()), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "not-a-key"), []byte("patient list"), 0o600))
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"nothing":           {nil, exitUsage, "usage"},
		"no such command":   {[]string{"mend"}, exitUsage, "usage"},
		"two keys":          {[]string{"recover", "-spool", dir, "-out", dir + "/out", "-key", key, "-keyring"}, exitUsage, "usage"},
		"no key":            {[]string{"recover", "-spool", dir, "-out", dir + "/out"}, exitUsage, "usage"},
		"no spool":          {[]string{"recover", "-spool", dir, "-out", dir + "/out", "-key", key}, exitFailed, "no spool"},
		"not a key":         {[]string{"recover", "-spool", dir, "-out", dir + "/out", "-key", dir + "/not-a-key"}, exitFailed, "no recovery key"},
		"no key file":       {[]string{"recover", "-spool", dir, "-out", dir + "/out", "-key", dir + "/none"}, exitFailed, "cannot be read"},
		"no file for it":    {[]string{"recovery-key"}, exitUsage, "usage"},
		"no folder for it":  {[]string{"recovery-key", "-out", dir + "/none/key"}, exitFailed, "no key was made"},
		"over another file": {[]string{"recovery-key", "-out", key}, exitFailed, "not touched"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := spool(t.Context(), c.args, nil, &stdout, &stderr); code != c.code || !strings.Contains(stderr.String(), c.says) {
				t.Errorf("exit code %d: %s", code, stderr.String())
			}
			if strings.Contains(stderr.String(), "patient list") {
				t.Error("it repeats the file's content")
			}
		})
	}
	if _, err := os.Stat(dir + "/out"); err == nil {
		t.Error("a folder was made for nothing")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newIdentity(t *testing.T) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	must(t, err)
	return id
}

func newSecrets(t *testing.T) pairing.Secrets {
	t.Helper()
	s, err := pairing.NewSecrets()
	must(t, err)
	return s
}
