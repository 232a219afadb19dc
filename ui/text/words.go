package text

import (
	"fmt"
	"strconv"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// Product is the program's name, the same in every language.
const Product = "ClinicPro Images"

// Count returns n and the noun in its number: "1 photo", "3 photos".
func Count(n int) string {
	return counted(n, photo, photos)
}

// File is the primary button.
func File(n int) string {
	if n == 0 {
		return file
	}
	return fill(filePhotos, "photos", Count(n))
}

// Filing is the primary button while a hand-over runs: first the photos are
// made as they leave, then they go.
func Filing(ready, done, total int) string {
	word, n := filing, done
	if ready < total {
		word, n = preparing, ready
	}
	return fill(word, "n", strconv.Itoa(min(n+1, total)), "of", strconv.Itoa(total))
}

// To says where File sends the photos.
func To(label, place string) string {
	switch {
	case label == "":
		return ""
	case place == "":
		return fill(to, "label", label)
	}
	return fill(toPlace, "label", label, "place", place)
}

// Phone says what the phone does. Codes are link.Phone's.
func Phone(code string) string { return named("phone", code) }

// PhoneMore is the line under Phone.
func PhoneMore(code string) string { return named("phoneMore", code) }

// Ended is what stands instead of the phone's state once a session takes no
// more photos.
func Ended(draining bool) string {
	if draining {
		return endedDraining
	}
	return ended
}

// ImageState is the chip on a photo.
func ImageState(s app.ImageState) string { return named("imageState", s) }

// Countdown is the time left of a code.
func Countdown(left time.Duration) string {
	s := int(left.Round(time.Second) / time.Second)
	return fill(countdown, "time", fmt.Sprintf("%d:%02d", s/60, s%60))
}

// DidYouMean offers the number with a look-alike put right.
func DidYouMean(nhi string) string { return fill(didYouMean, "nhi", nhi) }

// Years is an age.
func Years(n int) string {
	return counted(n, year, years)
}

// BirthDate is a date as a New Zealander writes it: 17 May 1979, the same in
// every language, as it is held against the record's; "" for none.
func BirthDate(iso string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return ""
	}
	return t.Format("2 January 2006")
}

// Waiting is one other session that is open or has unfiled photos.
func Waiting(n int, name string) string {
	if n == 0 {
		return fill(sessionOpen, "name", name)
	}
	return counted(n, waitingOne, waitingMany, "name", name)
}

// WaitingSince says when a waiting session began: "today 14:05", "Tuesday
// 14:05" within a week, "17 November 14:05" before that. Both times are in the
// zone to be shown.
func WaitingSince(began, now time.Time) string {
	clock := began.Format("15:04")
	days := int(midnight(now).Sub(midnight(began)).Hours()/24 + 0.5)
	switch {
	case days <= 0:
		return fill(sinceToday, "time", clock)
	case days == 1:
		return fill(sinceYesterday, "time", clock)
	case days < 7:
		return fill(sinceDay, "day", named("weekday", began.Weekday().String()), "time", clock)
	}
	return fill(sinceDay, "day", began.Format("2 January"), "time", clock)
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// Unsure is said while nothing is left but photos whose filing is not certain.
func Unsure(n int) string { return counted(n, unsureOne, unsureMany) }

// TrayWaiting is the tray's menu entry.
func TrayWaiting(n int) string { return fill(trayWaiting, "n", strconv.Itoa(n)) }

// TrayToFile is the tray's tooltip.
func TrayToFile(n int) string { return fill(trayToFile, "photos", Count(n)) }
