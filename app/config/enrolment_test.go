package config

import (
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

func enrolment() Enrolment {
	e := Enrolment{"practice = \"hill-road\"\ngateway = \"https://images.example.nz\"\nretention_days = 5\n", map[string]app.Sealed{}}
	for _, name := range CloudSecrets() {
		e.Secrets[name] = app.Seal("synthetic " + name)
	}
	return e
}

func TestEnrolmentFile(t *testing.T) {
	pass := app.Seal("correct horse battery")
	sealed, err := enrolment().Seal(pass, 10)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(sealed), "age-encryption.org/v1\n-> scrypt ") || strings.Contains(string(sealed), "synthetic") {
		t.Error("not an age file under a passphrase")
	}
	e, err := OpenEnrolment(sealed, pass)
	if err != nil {
		t.Fatal(err)
	}
	c, err := e.Config()
	if err != nil || c.Practice != "hill-road" || c.RetentionDays != 5 || e.Secrets[SecretAbly].Reveal() != "synthetic ably-key" {
		t.Errorf("%+v, %v", c, err)
	}
	for name, c := range map[string]struct {
		sealed []byte
		pass   app.Sealed
		kind   app.Kind
	}{
		"wrong passphrase": {sealed, app.Seal("correct horse batterY"), app.KindAuth},
		"no passphrase":    {sealed, app.Sealed{}, app.KindAuth},
		"cut short":        {sealed[:len(sealed)-9], pass, app.KindCorrupt},
		"damaged":          {append(append([]byte{}, sealed[:len(sealed)-9]...), "xxxxxxxxx"...), pass, app.KindCorrupt},
		"something else":   {[]byte("practice = 1\n"), pass, app.KindCorrupt},
		"nothing":          {nil, pass, app.KindCorrupt},
		"too large":        {make([]byte, maxEnrolment+1), pass, app.KindCorrupt},
	} {
		if _, err := OpenEnrolment(c.sealed, c.pass); app.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnEnrolmentIsWhole(t *testing.T) {
	pass := app.Seal("correct horse battery")
	for name, change := range map[string]func(*Enrolment){
		"no practice":     func(e *Enrolment) { e.Settings = "gateway = \"https://images.example.nz\"\n" },
		"unknown setting": func(e *Enrolment) { e.Settings += "retention = 3\n" },
		"a secret less":   func(e *Enrolment) { delete(e.Secrets, SecretRedis) },
	} {
		e := enrolment()
		change(&e)
		if _, err := e.Seal(pass, 10); app.KindOf(err) != app.KindCorrupt {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := enrolment().Seal(app.Seal("too short"), 10); app.KindOf(err) != app.KindCorrupt {
		t.Errorf("a short passphrase: %v", err)
	}
}

// A relay's key is all that IT gives: it brings the setting with it. A way to
// the record system without its secret, or a key without a way, is not whole.
func TestARelaysKeyBringsItsSetting(t *testing.T) {
	for name, c := range map[string]struct {
		more, secret string
		system       string
		sinks        int
		fails        string
	}{
		"no record system":      {},
		"a key":                 {secret: SecretRelay, system: SystemRelay, sinks: 2},
		"a key and other sets":  {more: "folder = \"/x\"\n[phone]\nconsent = true\n", secret: SecretRelay, system: SystemRelay, sinks: 2},
		"a key and its own":     {more: "[record]\nsystem = \"medtech-relay\"\nsinks = [\"alex-media\"]\n", secret: SecretRelay, system: SystemRelay, sinks: 1},
		"a key and half":        {more: "[record]\ndocument = \"image\"\n", secret: SecretRelay, fails: "add system"},
		"no key":                {more: "record.system = \"medtech-relay\"\n", fails: "lacks relay-key"},
		"direct":                {more: direct, secret: SecretALEX, system: SystemDirect},
		"direct, no secret":     {more: direct, fails: "lacks alex-client-secret"},
		"direct, half":          {more: "record.system = \"medtech-direct\"\n", secret: SecretALEX, fails: "alex_base"},
		"settings that are odd": {more: "folder = \n", secret: SecretRelay, fails: "line"},
	} {
		e := enrolment()
		if c.secret != "" {
			e.Secrets[c.secret] = app.Seal("synthetic")
		}
		cfg, err := e.ConfigWith(c.more)
		if c.fails != "" {
			if app.KindOf(err) != app.KindCorrupt || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || cfg.Record.System != c.system || len(cfg.Record.Sinks) != c.sinks {
			t.Errorf("%s: %+v, %v", name, cfg.Record, err)
		}
		sealed, err := e.Seal(app.Seal("correct horse battery"), 10)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if back, err := OpenEnrolment(sealed, app.Seal("correct horse battery")); err != nil || back.Secrets[c.secret] != e.Secrets[c.secret] {
			t.Errorf("%s: opened: %v", name, err)
		}
	}
}

const direct = "[record]\nsystem = \"medtech-direct\"\nalex_base = \"https://alex.example/FHIR\"\nalex_token_url = \"https://login.example/token\"\nalex_client_id = \"id\"\n"
