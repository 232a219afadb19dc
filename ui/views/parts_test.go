package views

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
)

// TestADateOfBirthIsNeverCut: where the line under a patient's name has no
// room, its first part, the date, is whole.
func TestADateOfBirthIsNeverCut(t *testing.T) {
	test.NewTempApp(t)
	for month := 1; month <= 12; month++ {
		date := model.CardOf(link.Patient{Name: "Aroha Testperson", BirthDate: fmt.Sprintf("2000-%02d-28", month)}).Under()
		if wide := fyne.MeasureText(date+" …", 15, fyne.TextStyle{}).Width; wide > lineLeast {
			t.Errorf("%q is %.0f wide, of %d", date, wide, lineLeast)
		}
	}
}
