// Package text holds every sentence a person at the workstation reads: in the
// windows, the tray and the console. Plain words, NZ English: what happened,
// what is safe, what to do next.
package text

import "github.com/clinicpro-nz/images/app"

// Place is the part of the work that an error came from.
type Place string

const (
	PlaceRegistry Place = "registry" // Redis
	PlaceObjects  Place = "objects"  // S3
	PlaceFeed     Place = "feed"     // realtime
	PlaceSpool    Place = "spool"    // this computer's own disk
	PlaceVault    Place = "vault"    // the OS keyring
	PlaceFolder   Place = "folder"   // where File puts the images
	PlaceRecord   Place = "record"   // a record system
	PlaceEnrol    Place = "enrol"    // this computer's enrolment
	PlaceLink     Place = "link"     // the QR code
	PlaceImage    Place = "image"    // one picture
	PlaceAudit    Place = "audit"    // the record of who did what
	PlaceLaunch   Place = "launch"   // a record system's button
	PlaceHandover Place = "handover" // a patient that another program names
)

// Sentence is one problem as a person reads it.
type Sentence struct {
	What string // what happened
	Safe string // what is safe
	Do   string // what to do next
}

const (
	safeImages   = "Every image taken is safe: it stays on the phone until this computer has it."
	safeLanded   = "Images that have arrived are safe on this computer."
	safeUnfiled  = "Nothing was filed, and every image is still here."
	doAutomatic  = "You need not do anything: ClinicPro Images keeps trying."
	doCallIT     = "Please tell whoever looks after your computers."
	doRetryFiles = "Put it right, then press File again."
)

type key struct {
	place Place
	kind  app.Kind
}

// Problem returns the sentence for an error of a kind at a place. Every pair
// has one: what is not worded apart gets the place's or the general wording.
// A canceled error is our own stop, and reads as nothing at all.
func Problem(place Place, kind app.Kind) Sentence {
	if kind == app.KindCanceled || kind == "" {
		return Sentence{}
	}
	if s, ok := worded(key{place, kind}); ok {
		return s
	}
	if s, ok := worded(key{place, ""}); ok {
		return s
	}
	return Sentence{"Something went wrong in ClinicPro Images.", safeLanded,
		"Try again. If it comes back, " + lowerFirst(doCallIT)}
}

func worded(k key) (Sentence, bool) {
	switch k {
	case key{PlaceRegistry, app.KindOffline}:
		return Sentence{"The image service is not answering.", safeImages, doAutomatic}, true
	case key{PlaceRegistry, app.KindAuth}, key{PlaceObjects, app.KindAuth}, key{PlaceFeed, app.KindAuth}:
		return Sentence{"The image service refused this computer.", safeImages, "Its credentials may have changed. " + doCallIT}, true
	case key{PlaceRegistry, app.KindNotFound}:
		return Sentence{"The image service lost track of this session.", safeImages, doAutomatic}, true
	case key{PlaceRegistry, app.KindExpired}:
		return Sentence{"This session has run out of time.", safeLanded, "File what is here. For more photos, start a new session."}, true
	case key{PlaceRegistry, ""}:
		return Sentence{"The image service gave an answer that makes no sense.", safeImages, doCallIT}, true

	case key{PlaceObjects, app.KindOffline}:
		return Sentence{"Images cannot be fetched just now.", safeImages, doAutomatic}, true
	case key{PlaceObjects, app.KindNotFound}:
		return Sentence{"An image has not reached the image service.", "It is still on the phone.", "Keep the page open on the phone: it sends the image again."}, true
	case key{PlaceObjects, app.KindTooLarge}:
		return Sentence{"An image is larger than the practice allows.", "The other images are not affected.", "Take it again."}, true
	case key{PlaceObjects, app.KindCorrupt}:
		return Sentence{"An image was damaged on its way here.", "The other images are not affected.", "Take it again."}, true
	case key{PlaceObjects, ""}:
		return Sentence{"An image cannot be fetched.", safeImages, doCallIT}, true

	case key{PlaceFeed, ""}, key{PlaceFeed, app.KindOffline}:
		return Sentence{"Images may take a few seconds longer to appear.", safeImages, doAutomatic}, true

	case key{PlaceSpool, app.KindFull}:
		return Sentence{"This computer's disk is full, or cannot be written to.", "Images that have not arrived stay on the phone. " + safeLanded, "Make room on the disk; the rest then arrives by itself."}, true
	case key{PlaceSpool, app.KindCorrupt}:
		return Sentence{"An image kept on this computer cannot be read.", "The other images are not affected. Nothing was deleted.", doCallIT}, true
	case key{PlaceSpool, app.KindConflict}:
		return Sentence{"Another ClinicPro Images is using this computer's image store.", safeLanded, "Close the other one, then start again."}, true
	case key{PlaceSpool, ""}:
		return Sentence{"This computer's image store cannot be opened.", "Nothing was deleted.", doCallIT}, true

	case key{PlaceAudit, app.KindCorrupt}:
		return Sentence{"The record of who did what with photos was changed from outside.", "Photos are not affected. The record was kept as it was found, and goes on.", doCallIT}, true
	case key{PlaceAudit, ""}:
		return Sentence{"The record of who did what with photos cannot be written.", safeImages, "Make room on the disk; the rest then arrives by itself."}, true

	case key{PlaceVault, app.KindNotFound}:
		return Sentence{"The key to this computer's image store is missing.", "Images here stay encrypted. Nothing was deleted.", "IT can open them with the practice's recovery key. " + doCallIT}, true
	case key{PlaceVault, ""}, key{PlaceVault, app.KindAuth}:
		return Sentence{"The computer's password store is locked or missing.", "Images here stay encrypted. Nothing was deleted.", "Sign in again, or unlock it, then try again."}, true

	case key{PlaceFolder, app.KindNotFound}:
		return Sentence{"The practice folder is not there.", safeUnfiled, "Check that the network drive is connected. " + doRetryFiles}, true
	case key{PlaceFolder, app.KindFull}:
		return Sentence{"The practice folder is full.", safeUnfiled, "Make room there. " + doRetryFiles}, true
	case key{PlaceFolder, app.KindTooLarge}:
		return Sentence{"The practice folder's path and the file name are too long together.", safeUnfiled, "Ask IT for a shorter folder or a shorter file name. " + doRetryFiles}, true
	case key{PlaceFolder, app.KindCorrupt}:
		return Sentence{"What this computer noted of an earlier filing in the practice folder is damaged.", safeUnfiled, doCallIT}, true
	case key{PlaceFolder, app.KindAuth}:
		return Sentence{"The practice folder is read-only, or you may not write to it.", safeUnfiled, doCallIT}, true
	case key{PlaceFolder, app.KindConflict}:
		return Sentence{"A file of that name is already in the practice folder.", "It was not overwritten. " + safeUnfiled, "Press File again: a new name is chosen."}, true
	case key{PlaceFolder, app.KindOffline}:
		return Sentence{"The practice folder is not answering.", safeUnfiled, "Check that the network drive is connected. " + doRetryFiles}, true
	case key{PlaceFolder, ""}:
		return Sentence{"The images could not be saved to the practice folder.", safeUnfiled, "Press File again. If it comes back, " + lowerFirst(doCallIT)}, true

	case key{PlaceRecord, app.KindOffline}:
		return Sentence{"The record system is not answering.", safeUnfiled, "Press File again in a minute."}, true
	case key{PlaceRecord, app.KindTooLarge}:
		return Sentence{"The record system says an image is too large.", safeUnfiled, doCallIT}, true
	case key{PlaceRecord, ""}:
		return Sentence{"The record system did not take the images.", safeUnfiled, doCallIT}, true

	case key{PlaceEnrol, app.KindNotFound}:
		return Sentence{"This computer is not enrolled with your practice yet.", "Nothing can be lost.", "Ask whoever looks after your computers for the practice's enrolment file."}, true
	case key{PlaceEnrol, app.KindConflict}:
		return Sentence{"This computer is enrolled with another practice than it belongs to now.", safeLanded, "Ask whoever looks after your computers for the new practice's enrolment file."}, true
	case key{PlaceEnrol, ""}:
		return Sentence{"This computer's enrolment cannot be used.", safeLanded, doCallIT}, true

	case key{PlaceLaunch, app.KindNotFound}:
		return Sentence{"This computer cannot ask your record system who the patient is.", "Nothing was opened.", "Type the patient in here. To use the button, " + lowerFirst(doCallIT)}, true
	case key{PlaceLaunch, app.KindConflict}:
		return Sentence{"That button press was used already.", "Nothing was opened.", "Press the button in your record system again."}, true
	case key{PlaceLaunch, app.KindExpired}:
		return Sentence{"That button press is too old to be trusted.", "Nothing was opened.", "Press the button in your record system again."}, true
	case key{PlaceLaunch, app.KindAuth}:
		return Sentence{"Your record system did not confirm that button press.", "Nothing was opened.", "Press the button again, or type the patient in here."}, true
	case key{PlaceLaunch, ""}, key{PlaceLaunch, app.KindOffline}:
		return Sentence{"Your record system does not say who the patient is.", "Nothing was opened.", "Press the button again, or type the patient in here."}, true
	case key{PlaceHandover, ""}:
		return Sentence{"Another program named a patient whose NHI or date of birth is wrong.", "Nothing was opened.", "Type the patient in here."}, true

	case key{PlaceLink, app.KindConflict}:
		return Sentence{"Another phone is already connected to this session.", safeImages, "Use that phone, or show a new code."}, true
	case key{PlaceLink, app.KindExpired}, key{PlaceLink, ""}:
		return Sentence{"The code has expired.", "Nothing was taken with it.", "Show a new code, then scan that one."}, true

	case key{PlaceImage, app.KindTooLarge}:
		return Sentence{"This picture is larger than can be opened safely.", "It was not filed.", "Take it again."}, true
	case key{PlaceImage, app.KindAuth}:
		return Sentence{"This picture was not sent by the phone that scanned your code.", "It was not opened, and cannot be filed.", "Discard it, and " + lowerFirst(doCallIT)}, true
	case key{PlaceImage, app.KindCorrupt}:
		return Sentence{"This picture arrived damaged.", "It was not filed.", "Take it again."}, true
	case key{PlaceImage, app.KindNotFound}:
		return Sentence{"This is not a picture that can be opened.", "It was not filed.", "Take it again."}, true
	case key{PlaceImage, ""}:
		return Sentence{"This picture cannot be shown.", "It was not filed.", "Take it again."}, true
	}
	return Sentence{}, false
}

// Enrol is what somebody is told whose computer has no enrolment, or one that
// does not fit its policy any more; support is whom to call, "" when nobody is
// named.
func Enrol(kind app.Kind, support string) Sentence {
	s := Problem(PlaceEnrol, kind)
	if support != "" {
		s.Do = "Please call " + support + "."
	}
	return s
}

// Line joins a sentence for one line of a console.
func (s Sentence) Line() string {
	out := s.What
	for _, more := range []string{s.Safe, s.Do} {
		if more != "" {
			out += " " + more
		}
	}
	return out
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return string(s[0]|0x20) + s[1:]
}
