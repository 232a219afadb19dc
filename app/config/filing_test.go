package config

import (
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

func TestFiling(t *testing.T) {
	read := func(text string) (Config, error) {
		return load([]layer{{name: "policy", text: []byte(text)}}, t.TempDir())
	}
	c, err := read("")
	if err != nil || c.Filing != (Filing{SizeOriginal, FormImages, false}) || c.NameTemplate != app.DefaultTemplate || c.Filing.Size.MaxBytes() != 0 {
		t.Errorf("%+v, %v", c.Filing, err)
	}
	c, err = read("name_template = \"{nhi} {n}\"\n[filing]\nas = \"both\"\nsize = \"500KB\"\nsidecar = true\n")
	if err != nil || c.Filing != (Filing{Size500KB, FormBoth, true}) || c.Filing.Size.MaxBytes() != 500_000 {
		t.Errorf("%+v, %v", c.Filing, err)
	}
	for text, want := range map[string]string{
		`name_template = "{dob}"`:         "name_template: unknown placeholder {dob}",
		`name_template = '..\{nhi}'`:      "name_template: ",
		`name_template = ""`:              "name_template: empty",
		"[filing]\nas = \"fax\"":          `filing.as: want one of "images", "pdf", "both"`,
		"[filing]\nsize = \"2MB\"":        `filing.size: want one of "original", "1MB", "500KB"`,
		"[filing]\nsize = 500":            "line 2",
		"[filing]\nquality = \"highest\"": "line 2",
	} {
		if _, err := read(text); app.KindOf(err) != app.KindCorrupt || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
