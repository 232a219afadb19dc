package packaging

import (
	"encoding/xml"
	"os"
	"slices"
	"testing"

	"github.com/clinicpro-nz/images/app/config"
)

// TestPolicyTemplates holds ADMX and ADML against the settings that the
// program reads as policy: every one, under its own name, in its own form.
func TestPolicyTemplates(t *testing.T) {
	t.Parallel()
	var admx struct {
		Policies []struct {
			Name         string `xml:"name,attr"`
			Class        string `xml:"class,attr"`
			Key          string `xml:"key,attr"`
			ValueName    string `xml:"valueName,attr"`
			Presentation string `xml:"presentation,attr"`
			Display      string `xml:"displayName,attr"`
			Explain      string `xml:"explainText,attr"`
			Text         []struct {
				ValueName string `xml:"valueName,attr"`
			} `xml:"elements>text"`
			Number []struct {
				ValueName string `xml:"valueName,attr"`
			} `xml:"elements>decimal"`
			Enabled *struct{} `xml:"enabledValue"`
		} `xml:"policies>policy"`
	}
	var adml struct {
		Strings []struct {
			ID   string `xml:"id,attr"`
			Text string `xml:",chardata"`
		} `xml:"resources>stringTable>string"`
		Presentations []struct {
			ID string `xml:"id,attr"`
		} `xml:"resources>presentationTable>presentation"`
	}
	for path, into := range map[string]any{"windows/policy/clinicpro-images.admx": &admx, "windows/policy/en-US/clinicpro-images.adml": &adml} {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(raw, into); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	said := map[string]bool{}
	for _, s := range adml.Strings {
		said["$(string."+s.ID+")"] = s.Text != ""
	}
	shown := map[string]bool{}
	for _, p := range adml.Presentations {
		shown["$(presentation."+p.ID+")"] = true
	}
	var left []string
	kinds := map[string]config.ValueKind{}
	for _, k := range config.PolicyKeys {
		left = append(left, k.Name)
		kinds[k.Name] = k.Kind
	}
	for _, p := range admx.Policies {
		name, kind := p.ValueName, config.KindBool
		switch {
		case len(p.Text) == 1:
			name, kind = p.Text[0].ValueName, config.KindText
		case len(p.Number) == 1:
			name, kind = p.Number[0].ValueName, config.KindNum
		case p.Enabled == nil:
			t.Errorf("%s sets nothing", p.Name)
		}
		want, known := kinds[name]
		if want == config.KindList {
			want = config.KindText
		}
		if !known || kind != want || p.Class != "Machine" || p.Key != `Software\Policies\ClinicPro\Images` {
			t.Errorf("%s: value %q of form %s, wanted %s, for %s at %s", p.Name, name, kind, want, p.Class, p.Key)
		}
		if !said[p.Display] || !said[p.Explain] || kind != config.KindBool && !shown[p.Presentation] {
			t.Errorf("%s is not explained", p.Name)
		}
		left = slices.DeleteFunc(left, func(n string) bool { return n == name })
	}
	if len(left) > 0 {
		t.Errorf("no template for %q", left)
	}
}
