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
	policy := layer{"policy", []byte("practice = \"hill-road\"\ngateway = \"https://g.example\"\nautostart = false\nretention_days = 3\nsupport = \"a\"\n")}
	write(EnrolmentFile, "practice = \"hill-road\"\nretention_days = 4\nsupport = \"b\"\n")
	write(UserFile, "support = \"c\"\n")
	c, err := load([]layer{policy}, dir)
	if err != nil {
		t.Fatal(err)
	}
	if c.Support != "c" || c.RetentionDays != 4 || *c.Autostart || !c.Named() || c.Moved() {
		t.Errorf("%+v", c)
	}
	t.Run("policy names another practice", func(t *testing.T) {
		moved := layer{"policy", []byte("practice = \"other-road\"\n")}
		if c, err := load([]layer{moved}, dir); err != nil || !c.Moved() {
			t.Errorf("%v, %v", c.Moved(), err)
		}
	})
	t.Run("local mode is no fallback", func(t *testing.T) {
		for text, want := range map[string]bool{
			"local_mode = true\n": true,
			"local_mode = true\ngateway = \"https://g.example\"\n": false,
			"local_mode = true\nenrol_file = \"/etc/x.enrol\"\n":   false,
		} {
			if c, err := load([]layer{{"policy", []byte(text)}}, t.TempDir()); err != nil || c.Local() != want {
				t.Errorf("%s: %v, %v", text, c.Local(), err)
			}
		}
	})
	t.Run("where local mode is reached", func(t *testing.T) {
		for value, ok := range map[string]bool{"network": true, "192.168.1.20:8787": true, "127.0.0.1:9000": true,
			"0.0.0.0:8787": false, "[::]:8787": false, ":8787": false, "192.168.1.20": false, "192.168.1.20:0": false, "everywhere": false} {
			c, err := load([]layer{{"policy", []byte("local_listen = \"" + value + "\"\n")}}, t.TempDir())
			if ok && (err != nil || c.LocalListen != value) || !ok && (err == nil || !strings.Contains(err.Error(), "local_listen: want")) {
				t.Errorf("%q: %q, %v", value, c.LocalListen, err)
			}
		}
	})
	t.Run("a fault names its layer and line", func(t *testing.T) {
		_, err := load([]layer{{"/etc/policy.toml", []byte("practice = \"hill-road\"\nautostrat = false\n")}}, dir)
		if app.KindOf(err) != app.KindCorrupt || !strings.Contains(err.Error(), "/etc/policy.toml: line 2: unknown setting \"autostrat\"") {
			t.Error(err)
		}
	})
}
