package text

import (
	"strings"

	"github.com/clinicpro-nz/images/app"
)

// FolderAs says what goes to the practice's folder: images, pdf or both.
func FolderAs(form string) string { return named("folderAs", form) }

// PlaceholderWord says what stands for a placeholder of a file name.
func PlaceholderWord(p string) string { return named("placeholder", strings.Trim(p, "{}")) }

// TemplateFault says what is wrong with the template of a file name; "" for
// nothing.
func TemplateFault(f *app.TemplateFault) string {
	if f == nil {
		return ""
	}
	fault, part := "other", f.Part
	switch f.Fault {
	case app.TemplateEmpty:
		fault = "empty"
	case app.TemplateUnknown:
		fault = "unknown"
	case app.TemplateBrace:
		fault = "brace"
	case app.TemplatePath:
		switch {
		case part == "/" || part == `\`:
			fault = "folder"
		case strings.TrimSpace(part) == "" || part < " ":
			fault = "unseen"
		default:
			fault = "character"
		}
	case app.TemplateReserved:
		fault, part = "device", strings.ToUpper(strings.Trim(part, "._- "))
	case app.TemplateEnd:
		fault = "end"
	case app.TemplateLong:
		fault = "long"
	}
	return fill(named("template", fault), "part", part)
}
