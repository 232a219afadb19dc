package text

import (
	"fmt"
	"time"
)

// UninstalledFile is the name of the file that uninstalling leaves beside photos.
const UninstalledFile = "Photos not filed - please read.txt"

// UninstalledPhotos is what that file says.
func UninstalledPhotos(count int, when time.Time) string {
	holds := "These photos have"
	if count == 1 {
		holds = "This photo has"
	}
	return fmt.Sprintf(`ClinicPro Images was uninstalled here on %s.

This folder still holds %s. %s not been discarded, and may not
be in the patient's record yet. Each is encrypted, and safe as it is.

To file or discard: install ClinicPro Images again and sign in as the same user.
Everything is shown as it was.
On another computer: IT opens this folder with the practice's recovery key
(clinicproctl spool recover).
`, when.Format("2 January 2006"), countOf(count), holds)
}

func countOf(photos int) string {
	if photos == 1 {
		return "1 photo"
	}
	return fmt.Sprintf("%d photos", photos)
}

// Uninstalled is what an uninstaller's log says.
func Uninstalled(purged bool) string {
	if purged {
		return "Settings, audit trail and photos that were not filed have been removed for good."
	}
	return "Settings, audit trail and photos that are not filed stay, encrypted, in each user's own folder."
}
