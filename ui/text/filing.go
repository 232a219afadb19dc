package text

import (
	"fmt"
	"strings"

	"github.com/clinicpro-nz/images/app"
)

// Words of the settings of what is filed, and under which name.
const (
	FilingAs        = "What is filed"
	FilingImages    = "A JPEG for each photo"
	FilingPDF       = "One PDF of the session"
	FilingBoth      = "Both"
	FilingSize      = "Size of a photo"
	SizeOriginal    = "As it was taken"
	Size1MB         = "At most 1 MB"
	Size500KB       = "At most 500 KB"
	SizeNote        = "As much detail as fits is kept."
	FilingSidecar   = "Write a data file beside each photo"
	SidecarNote     = "For programs: who, when, where on the body, consent, and the photo's checksum."
	NameTitle       = "File name"
	NameInsert      = "Insert"
	NamePreview     = "For example"
	NameTaken       = "If that name is taken"
	NameNever       = "Nothing is ever overwritten: the next number is used."
	NameDefault     = "Use the usual name"
	NameSave        = "Save"
	NameSaved       = "Saved"
	NameHasName     = "The patient's name will be in the file name."
	NameNoPatient   = "No NHI is in the name: whoever opens the folder cannot tell whose photo it is."
	NameNotUnique   = "Photos of one session get the same name, told apart only by a number."
	nameChooseOther = " Choose among the buttons above."
)

// FolderAs says what goes to the practice's folder: images, pdf or both.
func FolderAs(form string) string {
	switch form {
	case "pdf":
		return "the practice folder, as one PDF"
	case "both":
		return "the practice folder, as photos and one PDF"
	}
	return "the practice folder"
}

// PlaceholderWord says what stands for a placeholder of a file name.
func PlaceholderWord(p string) string {
	return map[string]string{"{nhi}": "NHI", "{name}": "Name", "{date}": "Date", "{time}": "Time", "{site}": "Body site",
		"{side}": "Side", "{view}": "View", "{n}": "Number"}[p]
}

// TemplateFault says what is wrong with the template of a file name; "" for
// nothing.
func TemplateFault(f *app.TemplateFault) string {
	if f == nil {
		return ""
	}
	switch f.Fault {
	case app.TemplateEmpty:
		return "A file needs a name."
	case app.TemplateUnknown:
		return fmt.Sprintf("%s means nothing here.", f.Part) + nameChooseOther
	case app.TemplateBrace:
		return "A { or } stands alone." + nameChooseOther
	case app.TemplatePath:
		if f.Part == "/" || f.Part == `\` {
			return fmt.Sprintf("%s would name another folder. Set the folder above instead.", f.Part)
		}
		return fmt.Sprintf("Windows does not take %s in a file name.", seen(f.Part))
	case app.TemplateReserved:
		return fmt.Sprintf("Windows keeps the name %s for a device.", strings.ToUpper(strings.Trim(f.Part, "._- ")))
	case app.TemplateEnd:
		return "A name cannot begin or end with a dot or a space."
	case app.TemplateLong:
		return "That name would be too long."
	}
	return "That name cannot be used."
}

// seen is a character that can be read.
func seen(s string) string {
	if strings.TrimSpace(s) == "" || s < " " {
		return "that character"
	}
	return s
}
