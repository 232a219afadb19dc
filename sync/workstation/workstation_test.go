package workstation_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/folder"
	"github.com/clinicpro-nz/images/sync/localcloud/ready"
	"github.com/clinicpro-nz/images/sync/pairing"
	"github.com/clinicpro-nz/images/sync/workstation"
)

func line() ready.Ready {
	return ready.Ready{Ready: true, Base: "http://127.0.0.1:8787", Practice: "test-practice", Bucket: "bucket", Region: "ap-southeast-2",
		Redis: "redis://:secret@127.0.0.1:1/0", Workstation: ready.Workstation{AccessKey: "access", SecretKey: "secret", AblyKey: "a.b:c"}}
}

func TestLocalCloudConnects(t *testing.T) {
	c, err := workstation.LocalCloud(line())
	if err != nil {
		t.Fatal(err)
	}
	if c.Ably.Host != "127.0.0.1" || c.Ably.Port != 8787 || !c.Ably.PlainText || c.S3.Encrypt || c.S3.Endpoint != c.Base {
		t.Errorf("%+v", c)
	}
	ports, closePorts, err := c.Connect(workstation.Parts{Folder: folder.Config{Dir: t.TempDir()}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer closePorts()
	if ports.Registry == nil || ports.Objects == nil || ports.Feed == nil || len(ports.Sinks) == 0 || ports.Now == nil {
		t.Error("a port is missing")
	}
	for name, spoil := range map[string]func(*ready.Ready){
		"practice": func(r *ready.Ready) { r.Practice = "No Practice" },
		"base":     func(r *ready.Ready) { r.Base = "http://127.0.0.1" },
	} {
		r := line()
		spoil(&r)
		if _, err := workstation.LocalCloud(r); app.KindOf(err) != app.KindCorrupt {
			t.Errorf("wrong %s: %v", name, err)
		}
	}
	c.S3.AccessKey = ""
	if _, _, err := c.Connect(workstation.Parts{}); app.KindOf(err) != app.KindBug {
		t.Errorf("no access key: %v", err)
	}
}

// keyring is a vault in memory.
type keyring map[string]app.Sealed

func (k keyring) Get(_ context.Context, name string) (app.Sealed, error) {
	if s, ok := k[name]; ok {
		return s, nil
	}
	return app.Sealed{}, app.E("read secret", app.KindNotFound, errors.New(name))
}
func (k keyring) Set(context.Context, string, app.Sealed) error { return nil }
func (k keyring) Delete(context.Context, string) error          { return nil }

func TestEnrolledCloudNeedsEverySecret(t *testing.T) {
	cfg := config.Default()
	cfg.Practice, cfg.Gateway = "test-practice", "https://images.example.nz"
	all := keyring{config.SecretRedis: app.Seal("rediss://x"), config.SecretS3Key: app.Seal("access"),
		config.SecretS3Secret: app.Seal("secret"), config.SecretAbly: app.Seal("a.b:c")}
	c, err := workstation.EnrolledCloud(t.Context(), cfg, all)
	if err != nil || c.Base != cfg.Gateway || c.S3.AccessKey != "access" || !c.S3.Encrypt || c.Ably.Key.Reveal() != "a.b:c" {
		t.Errorf("%+v, %v", c, err)
	}
	for name := range all {
		less := keyring{}
		for n, s := range all {
			if n != name {
				less[n] = s
			}
		}
		if _, err := workstation.EnrolledCloud(t.Context(), cfg, less); app.KindOf(err) != app.KindNotFound {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestASessionsLinkCanBeRead(t *testing.T) {
	in, err := workstation.NewSession(app.Patient{Name: app.Seal("Aroha Testperson")}, "Test Practice", app.Asks{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	start := in.What.(app.Start)
	s := app.Session{ID: in.SID, Patient: start.Patient, Secrets: start.Secrets}
	address, err := workstation.Link("https://images.example.nz", "test-practice", s, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	l, err := pairing.Parse(address)
	if err != nil || l.Token.Hash() != start.Code || l.Recipient.String() != start.Secrets.Recipient || l.Hint.Name.Reveal() != "A. T." {
		t.Errorf("%v, %+v", err, l)
	}
	if _, err := workstation.Link("https://images.example.nz", "test-practice", app.Session{}, time.Now()); app.KindOf(err) != app.KindCorrupt {
		t.Errorf("no secrets: %v", err)
	}
}

func TestSinksOf(t *testing.T) {
	for _, c := range []struct {
		as     config.Form
		record []string
		chosen []string
		want   string
	}{
		{config.FormImages, nil, nil, "folder"},
		{config.FormPDF, nil, nil, "folder-pdf"},
		{config.FormBoth, nil, nil, "folder folder-pdf"},
		{config.FormBoth, []string{"alex-scan"}, nil, "alex-scan"},
		{config.FormPDF, []string{"alex-scan", "folder"}, nil, "alex-scan folder-pdf"},
		{config.FormBoth, []string{"alex-scan"}, []string{"folder"}, "folder folder-pdf"},
	} {
		cfg := config.Default()
		cfg.Filing.As, cfg.Record.Sinks = c.as, c.record
		if got := strings.Join(workstation.SinksOf(cfg, c.chosen), " "); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
