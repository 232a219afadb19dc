package link

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/clinicpro-nz/images/app"
)

// InputKind is what the GP did.
type InputKind string

const (
	InputDraft          InputKind = "draft"           // typed in the form: Draft
	InputNewSession     InputKind = "new-session"     // Patient, Confirmed
	InputConfirmPatient InputKind = "confirm-patient" // answers Snapshot.Asked: Confirmed yes or no
	InputNewCode        InputKind = "new-code"        // Insist: although a phone is connected
	InputFileAll        InputKind = "file-all"
	InputDiscard        InputKind = "discard"       // Image
	InputAttest         InputKind = "attest"        // Image: not certain, and the GP has found it where it belongs
	InputFileAgain      InputKind = "file-again"    // Image: not certain, and the GP has found that it is not there
	InputRetry          InputKind = "retry"         // whatever the banner is about
	InputRefresh        InputKind = "refresh"       // look at the registry now
	InputOpenSession    InputKind = "open-session"  // show the session SID
	InputAssign         InputKind = "assign"        // Patient: who a session without one is about
	InputKeepPhone      InputKind = "keep-phone"    // the phone of this session, for those to come
	InputForgetPhone    InputKind = "forget-phone"  // whichever is kept
	InputChoose         InputKind = "choose"        // Value: a Target's Name, on or off
	InputCloseSession   InputKind = "close-session" // no more photos; files nothing
	InputCloseWindow    InputKind = "close-window"  // ends nothing, files nothing

	InputOpenSettings  InputKind = "open-settings"
	InputCloseSettings InputKind = "close-settings"
	InputChange        InputKind = "change"      // Change: each setting as it is changed
	InputCheck         InputKind = "check"       // ask every part now
	InputSetUp         InputKind = "set-up"      // the first run, from its beginning or at Step
	InputTestImage     InputKind = "test-image"  // the first run's last step: a session about the test patient
	InputDiagnose      InputKind = "diagnose"    // make the diagnostics, to be looked at
	InputSaveBundle    InputKind = "save-bundle" // write the diagnostics that were looked at
)

// Input is one act of the GP. SID is the session that was on show when it
// happened, so that an act meant for one patient cannot reach another.
type Input struct {
	Kind      InputKind `json:"kind"`
	SID       string    `json:"sid,omitempty"`
	Patient   Patient   `json:"patient,omitzero"`
	Draft     Draft     `json:"draft,omitzero"`
	Image     string    `json:"image,omitempty"`
	Confirmed bool      `json:"confirmed,omitempty"`
	Insist    bool      `json:"insist,omitempty"`
	Hand      Hand      `json:"hand,omitzero"`
	Step      int       `json:"step,omitempty"`
	Change    Change    `json:"change,omitzero"`

	Beside Ref    `json:"beside,omitzero"`
	Edit   Edit   `json:"edit,omitzero"`
	Field  Field  `json:"field,omitempty"`
	Value  string `json:"value,omitempty"`
	All    bool   `json:"all,omitempty"`
	Of     string `json:"of,omitempty"`
	Look   Look   `json:"look,omitzero"`
}

// valid checks the form of an input; its meaning is the agent's to judge.
func (in Input) valid() error {
	needsSID := false
	switch in.Kind {
	case InputDraft, InputNewSession, InputConfirmPatient, InputRetry, InputRefresh, InputForgetPhone, InputCloseWindow,
		InputOpenSettings, InputCloseSettings, InputChange, InputCheck, InputSetUp, InputTestImage, InputDiagnose, InputSaveBundle:
	case InputNewCode, InputFileAll, InputDiscard, InputAttest, InputFileAgain, InputOpenSession, InputAssign, InputKeepPhone, InputCloseSession, InputHand, InputChoose:
		needsSID = true
	default:
		if needsSID = reviewInput(in.Kind); !needsSID {
			return fmt.Errorf("no such input")
		}
		if err := in.validReview(); err != nil {
			return err
		}
	}
	if in.SID != "" || needsSID {
		if _, err := app.ParseSessionID(in.SID); err != nil {
			return err
		}
	}
	if in.Image != "" || in.Kind == InputDiscard || in.Kind == InputAttest || in.Kind == InputFileAgain {
		if _, err := app.ParseImageID(in.Image); err != nil {
			return err
		}
	}
	if in.Kind == InputHand {
		return in.Hand.valid(in.Image)
	}
	return nil
}

func decodeInput(body []byte) (Input, error) {
	var in Input
	if err := decodeStrict(body, &in); err != nil {
		return Input{}, err
	}
	if err := in.valid(); err != nil {
		return Input{}, app.E("read an input of the window", app.KindCorrupt, err)
	}
	return in, nil
}

// decodeStrict refuses unknown members and trailing bytes: both ends are the
// same build, so either means a broken pipe. The error does not hold the
// body, which has patient values.
func decodeStrict(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return app.E("read a frame", app.KindCorrupt, errFrame)
	}
	if _, err := d.Token(); err != io.EOF {
		return app.E("read a frame", app.KindCorrupt, errFrame)
	}
	return nil
}
