package ui

import (
	"testing"

	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
	"github.com/clinicpro-nz/images/ui/text"
)

// One switch keeps the session's phone and forgets it, and says until when.
func TestThePhoneIsKeptAndForgottenByOneSwitch(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	s := snapshot(t, link.PhasePaired)
	s.Keep = link.Keep{Can: true}
	w.Show(s)
	test.Tap(button(t, w, text.KeepPhone))
	if got := (*sent)[len(*sent)-1]; got.Kind != link.InputKeepPhone || got.SID != sid {
		t.Fatalf("sent %+v", got)
	}
	s.Keep = link.Keep{On: true, Until: "18:00"}
	w.Show(s)
	if k := model.KeepingOf(s); k.Line != "Phone kept until 18:00." || !k.On {
		t.Fatalf("said %+v", k)
	}
	test.Tap(button(t, w, text.ForgetPhone))
	if got := (*sent)[len(*sent)-1]; got.Kind != link.InputForgetPhone {
		t.Fatalf("sent %+v", got)
	}
	s.Keep = link.Keep{Can: true, Problem: "This phone cannot be kept."}
	w.Show(s)
	if k := model.KeepingOf(s); k.Line != "This phone cannot be kept." {
		t.Fatalf("said %+v", k)
	}
	s.Keep = link.Keep{}
	w.Show(s)
	if k := model.KeepingOf(s); k.Shown {
		t.Fatalf("without a phone: %+v", k)
	}
}
