package config

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

// tags are the TOML names of a struct's fields, tables dotted.
func tags(of reflect.Type, prefix string) (out []string) {
	for i := range of.NumField() {
		f := of.Field(i)
		name := f.Tag.Get("toml")
		switch {
		case name == "":
		case f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[Recipient]():
			out = append(out, tags(f.Type, name+".")...)
		default:
			out = append(out, prefix+name)
		}
	}
	return out
}

func TestEverySettingCanBePolicy(t *testing.T) {
	var named []string
	for _, k := range PolicyKeys {
		named = append(named, k.Name)
		if k.What == "" {
			t.Errorf("%s is not explained", k.Name)
		}
	}
	want := tags(reflect.TypeFor[Config](), "")
	slices.Sort(want)
	slices.Sort(named)
	if !slices.Equal(named, want) {
		t.Errorf("policy keys %q\nsettings    %q", named, want)
	}
}

func TestValuesBecomeTOML(t *testing.T) {
	l, err := valueLayer("registry", map[string]string{
		"practice": "hill-road", "gateway": "https://images.example.nz", "folder": `C:\mt32\attachments`, "support": "Tess \"IT\" 09 000",
		"autostart": "0", "retention_days": "30", "phone.require": "site, side", "phone.consent": "true",
		"enrol_file": `\\server\share\practice.enrol`,
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := load([]layer{l}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if c.Practice != "hill-road" || c.Folder != `C:\mt32\attachments` || c.Support != `Tess "IT" 09 000` || c.EnrolFile != `\\server\share\practice.enrol` ||
		c.Autostart == nil || *c.Autostart || c.RetentionDays != 30 || !c.Phone.Consent ||
		!slices.Equal(c.Phone.Require, []app.Detail{app.DetailSite, app.DetailSide}) {
		t.Errorf("%+v", c)
	}
	for name, value := range map[string]string{"autostart": "maybe", "retention_days": "-3", "practise": "x"} {
		if _, err := valueLayer("registry", map[string]string{name: value}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s = %q: %v", name, value, err)
		}
	}
}

func TestLayers(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	given := layer{name: "per user", text: []byte("support = \"0\"\nregion = \"z\"\n")}
	policy := layer{"policy", []byte("practice = \"hill-road\"\ngateway = \"https://g.example\"\nautostart = false\nretention_days = 3\n"), true}
	write(EnrolmentFile, "practice = \"hill-road\"\nretention_days = 4\nsupport = \"b\"\nbucket = \"y\"\n")
	write(UserFile, "support = \"c\"\nretention_days = 5\n")
	c, err := load([]layer{given, policy}, dir)
	if err != nil {
		t.Fatal(err)
	}
	if c.Region != "z" || c.Bucket != "y" || c.Support != "c" || c.RetentionDays != 3 || *c.Autostart || !c.Named() || c.Moved() {
		t.Errorf("%+v", c)
	}
	t.Run("policy names another practice", func(t *testing.T) {
		moved := layer{"policy", []byte("practice = \"other-road\"\n"), true}
		if c, err := load([]layer{moved}, dir); err != nil || !c.Moved() || c.Practice != "other-road" {
			t.Errorf("%v, %v, %v", c.Moved(), c.Practice, err)
		}
	})
	t.Run("local mode is no fallback", func(t *testing.T) {
		for text, want := range map[string]bool{
			"local_mode = true\n": true,
			"local_mode = true\ngateway = \"https://g.example\"\n": false,
			"local_mode = true\nenrol_file = \"/etc/x.enrol\"\n":   false,
		} {
			if c, err := load([]layer{{"policy", []byte(text), true}}, t.TempDir()); err != nil || c.Local() != want {
				t.Errorf("%s: %v, %v", text, c.Local(), err)
			}
		}
	})
	t.Run("where local mode is reached", func(t *testing.T) {
		for value, ok := range map[string]bool{"network": true, "192.168.1.20:8787": true, "127.0.0.1:9000": true,
			"0.0.0.0:8787": false, "[::]:8787": false, ":8787": false, "192.168.1.20": false, "192.168.1.20:0": false, "everywhere": false} {
			c, err := load([]layer{{name: "policy", text: []byte("local_listen = \"" + value + "\"\n")}}, t.TempDir())
			if ok && (err != nil || c.LocalListen != value) || !ok && (err == nil || !strings.Contains(err.Error(), "local_listen: want")) {
				t.Errorf("%q: %q, %v", value, c.LocalListen, err)
			}
		}
	})
	t.Run("a fault names its layer and line", func(t *testing.T) {
		_, err := load([]layer{{"/etc/policy.toml", []byte("practice = \"hill-road\"\nautostrat = false\n"), true}}, dir)
		if app.KindOf(err) != app.KindCorrupt || !strings.Contains(err.Error(), "/etc/policy.toml: line 2: unknown setting \"autostrat\"") {
			t.Error(err)
		}
	})
}

// rivals are, for each setting, what a policy says of it and what a user would
// rather have, both as TOML.
var rivals = map[string][2]string{
	"practice": {`"hill-road"`, `"other-road"`}, "practice_name": {`"Hill Road"`, `"Other"`},
	"gateway": {`"https://g.example"`, `"https://mine.example"`}, "enrol_file": {`"/srv/a"`, `"/home/b"`},
	"local_listen": {`"192.168.1.20:8787"`, `"network"`},
	"autostart":    {`false`, `true`}, "local_mode": {`false`, `true`}, "support": {`"Tess"`, `"Nobody"`},
	"folder": {`"/srv/practice"`, `"/home/mine"`}, "name_template": {`"{nhi}_{n}"`, `"{date}_{n}"`},
	"retention_days": {`3`, `90`}, "time_zone": {`"Pacific/Chatham"`, `"Pacific/Auckland"`},
	"recovery_recipient": {`"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"`, `""`},
	"proxy":              {`"http://proxy:3128"`, `"none"`}, "ca_file": {`"/etc/ca.pem"`, `"/home/ca.pem"`},
	"region": {`"ap-southeast-2"`, `"us-east-1"`}, "bucket": {`"theirs"`, `"mine"`}, "s3_endpoint": {`"https://s3.example"`, `"https://mine.example"`},
	"s3_encrypts": {`true`, `false`}, "ably_endpoint": {`"https://hub.example"`, `"https://mine.example"`},
	"update_check": {`false`, `true`}, "ui": {`"software"`, `"gl"`},
	"phone.consent": {`true`, `false`}, "phone.require": {`["site"]`, `["view", "type", "side"]`}, "phone.target_kb": {`480`, `9000`},
	"filing.as": {`"pdf"`, `"both"`}, "filing.size": {`"500KB"`, `"original"`}, "filing.sidecar": {`true`, `false`},
	"desktop.sound": {`false`, `true`}, "desktop.language": {`"mi"`, `"en"`}, "desktop.set_up": {`true`, `false`},
	"record.system": {`"medtech-relay"`, `""`}, "record.relay": {`"https://relay.example"`, `"https://mine.example"`},
	"record.sinks": {`["folder"]`, `[]`}, "record.document": {`"image"`, `"session"`}, "record.format": {`"tiff"`, `"pdf"`},
	"record.alex_base": {`"https://alex.example"`, `"https://mine.example"`}, "record.alex_token_url": {`"https://t.example"`, `"https://mine.example"`},
	"record.alex_client_id": {`"theirs"`, `"mine"`}, "record.alex_scope": {`"theirs"`, `"mine"`},
}

// What the machine's policy sets, neither the user's file nor an enrolment
// changes, and the settings know it; what a per-user installation was given is
// the user's to change.
func TestAPolicyHolds(t *testing.T) {
	if len(rivals) != len(PolicyKeys) {
		t.Errorf("%d settings, %d tried", len(PolicyKeys), len(rivals))
	}
	for _, k := range PolicyKeys {
		t.Run(k.Name, func(t *testing.T) {
			says := func(i int) []byte { return []byte(k.Name + " = " + rivals[k.Name][i] + "\n") }
			policy := layer{"policy", says(0), true}
			want, err := load([]layer{policy}, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(want.ByPolicy(), []string{k.Name}) {
				t.Errorf("by policy: %q", want.ByPolicy())
			}
			for _, file := range []string{UserFile, EnrolmentFile} {
				dir := t.TempDir()
				if err := os.WriteFile(filepath.Join(dir, file), says(1), 0o600); err != nil {
					t.Fatal(err)
				}
				got, err := load([]layer{policy}, dir)
				if err != nil {
					t.Fatal(err)
				}
				if got.Moved() != (k.Name == "practice") {
					t.Errorf("moved: %v", got.Moved())
				}
				got.moved = false
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s changes it: %+v", file, got)
				}
				given := policy
				given.firm = false
				if got, err = load([]layer{given}, dir); err != nil || len(got.ByPolicy()) != 0 {
					t.Errorf("by policy %q, %v", got.ByPolicy(), err)
				}
				got.moved = false
				got.byPolicy = want.byPolicy
				if reflect.DeepEqual(got, want) {
					t.Errorf("%s does not change what the user's own installation was given", file)
				}
			}
		})
	}
}

// A table of a user's file loses only what the policy sets.
func TestAPolicyLeavesTheRest(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, UserFile), []byte("[phone]\nconsent = false\ntarget_kb = 480\n[desktop]\nset_up = true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load([]layer{{"policy", []byte("[phone]\nconsent = true\n[desktop]\nset_up = false\n"), true}}, dir)
	if err != nil || !c.Phone.Consent || c.Phone.Target != 480 {
		t.Errorf("%+v, %v", c.Phone, err)
	}
	if !c.Desktop.SetUp {
		t.Error("the first run comes again, each time")
	}
	if !slices.Equal(c.ByPolicy(), []string{"desktop.set_up", "phone.consent"}) {
		t.Errorf("by policy: %q", c.ByPolicy())
	}
}
