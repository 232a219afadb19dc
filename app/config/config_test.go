package config

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
)

func TestLoad(t *testing.T) {
	english(t)
	plain := Default()
	plain.Desktop.Language = "en"
	pair, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	recipient, privateHalf := pair.Recipient().String(), pair.String()
	for name, c := range map[string]struct {
		text  string
		want  string // part of the error; "" for none
		check func(Config) bool
	}{
		"empty":         {"", "", func(c Config) bool { return reflect.DeepEqual(c, plain) && !c.Named() && c.Asks().Nothing() }},
		"enrolled":      {"practice = \"hill-road\"\ngateway = \"https://x.example\"\n", "", func(c Config) bool { return c.Named() && c.Bucket == Default().Bucket }},
		"unknown key":   {"practice = \"hill-road\"\n\npractise = \"x\"\n", "line 3", nil},
		"not TOML":      {"practice = \n", "line 1", nil},
		"bad practice":  {"practice = \"Hill Road\"\n", "practice:", nil},
		"wrong type":    {"s3_encrypts = \"yes\"\n", "line 1", nil},
		"kept too long": {"retention_days = 400\n", "retention_days", nil},
		"no such zone":  {"time_zone = \"Middle/Earth\"\n", "time_zone", nil},
		"own retention": {"retention_days = 30\n", "", func(c Config) bool { return c.Keep() == 30*24*time.Hour && c.Zone().String() == "Pacific/Auckland" }},
		"recovery":      {"recovery_recipient = \"" + recipient + "\"\n", "", func(c Config) bool { return c.Recovery.Age().String() == recipient }},
		"no recovery":   {"recovery_recipient = \"\"\n", "", func(c Config) bool { return c.Recovery.Age() == nil }},
		"bad recovery":  {"\nrecovery_recipient = \"" + recipient[:60] + "\"\n", "line 2", nil},
		"private half":  {"\n\nrecovery_recipient = \"" + privateHalf + "\"\n", "private half", nil},
		"consent":       {"[phone]\nconsent = true\n", "", func(c Config) bool { return c.Asks().Consent && c.Asks().TargetBytes() == app.DefaultTarget }},
		"required": {"[phone]\nrequire = [\"side\", \"type\"]\n", "", func(c Config) bool {
			return slices.Equal(c.Asks().Require, []app.Detail{app.DetailSide, app.DetailType})
		}},
		"not to require": {"[phone]\nrequire = [\"site\", \"caption\"]\n", "\"caption\"", nil},
		"own size":       {"[phone]\ntarget_kb = 480\n", "", func(c Config) bool { return c.Asks().TargetBytes() == 480_000 }},
		"too small":      {"[phone]\ntarget_kb = 199\n", "target_kb", nil},
		"too large":      {"[phone]\ntarget_kb = 10001\n", "target_kb", nil},
		"painted":        {"ui = \"software\"\n", "", func(c Config) bool { return c.UI == UISoftware }},
		"no such paint":  {"practice = \"hill-road\"\nui = \"opengl\"\n", "ui: want auto", nil},
		"a path":         {"gateway = \"https://x.example/p/\"\n", "gateway:", nil},
		"slash behind":   {"gateway = \"https://x.example/\"\n", "", func(c Config) bool { return c.Gateway == "https://x.example" }},
		"proxy password": {"proxy = \"http://u:p@proxy:3128\"\n", "without a password", nil},
		"secret inside":  {"redis-url = \"rediss://x\"\n", "unknown setting", nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, UserFile), []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := load(nil, dir)
			if c.want == "" {
				if err != nil || !c.check(got) {
					t.Fatalf("got %+v, %v", got, err)
				}
				return
			}
			if app.KindOf(err) != app.KindCorrupt || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if strings.Contains(err.Error(), privateHalf) {
				t.Error("the error repeats the private key")
			}
		})
	}
	if _, err := load(nil, t.TempDir()); err != nil {
		t.Fatalf("no file at all: %v", err)
	}
}

func TestRecordSettings(t *testing.T) {
	for text, ok := range map[string]bool{
		"[record]\nsystem = \"medtech-relay\"\nsinks = [\"alex-scan\", \"folder\"]\ndocument = \"image\"\nformat = \"tiff\"": true,
		"[record]\nsinks = [\"folder\"]":                                                    true,
		"[record]\nsinks = [\"alex-scan\"]":                                                 false,
		"[record]\nsystem = \"medtech-direct\"":                                             false,
		"[record]\nsystem = \"other\"":                                                      false,
		"[record]\nsystem = \"medtech-relay\"\nsinks = [\"printer\"]":                       false,
		"[record]\nsystem = \"medtech-relay\"\nformat = \"docx\"":                           false,
		"[record]\nsystem = \"medtech-relay\"\ndocument = \"page\"":                         false,
		"[record]\nsystem = \"medtech-relay\"\nrelay = \"images.example.nz\"":               false,
		"[record]\nsystem = \"medtech-direct\"\nalex_client_secret = \"not in a settings\"": false,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, UserFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := load(nil, dir); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A policy may say where photos go, and leave it to the enrolment how; until
// there is one, that is no fault of the settings.
func TestAPolicyLeavesTheRecordSystemToTheEnrolment(t *testing.T) {
	policy := []layer{{name: "policy", text: []byte("record.sinks = [\"alex-scan\"]\nrecord.format = \"tiff\"\n")}}
	dir := t.TempDir()
	if _, err := load(policy, dir); err != nil {
		t.Fatalf("not enrolled yet: %v", err)
	}
	e := enrolment()
	e.Secrets[SecretRelay] = app.Seal("cpr_x")
	if _, err := e.ConfigWith(""); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, EnrolmentFile), []byte(e.Settings), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := load(policy, dir); err != nil || c.Record.System != SystemRelay || c.Record.Format != "tiff" {
		t.Errorf("%+v, %v", c.Record, err)
	}
	if err := os.WriteFile(filepath.Join(dir, EnrolmentFile), []byte("support = \"Tess\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := load(policy, dir); app.KindOf(err) != app.KindCorrupt {
		t.Errorf("nobody says how: %v", err)
	}
}
