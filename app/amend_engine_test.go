package app_test

import (
	"testing"

	"github.com/clinicpro-nz/images/app"
)

// amend does what phone and gateway do for one change of details.
func (w *world) amend(img, n int, words string) {
	w.t.Helper()
	row, err := w.registry.Amend(w.t.Context(), w.sid, w.phone, app.Amendment{Image: image(img), N: n, Sealed: []byte(words)})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.feed.Publish(w.t.Context(), w.sid, app.EventDetails, image(img), row.Seq); err != nil {
		w.t.Fatal(err)
	}
}

func caption(img int, words string, n int) func(app.Session) bool {
	return func(s app.Session) bool {
		im := s.Images[image(img)]
		return im.Details.Caption.Reveal() == words && im.Amended == n
	}
}

func TestAmendmentsReachTheWorkstationAndOutliveIt(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.store(1, "picture")
	w.until("ready", ready(1))
	w.amend(1, 1, "first")
	w.until("amended", caption(1, "first", 1))
	w.amend(1, 2, "bad") // nobody of this session wrote it
	w.amend(1, 3, "third")
	w.until("amended again", caption(1, "third", 3))
	w.stop()
	w.start()
	w.until("as it was before the restart", func(s app.Session) bool { return ready(1)(s) && caption(1, "third", 3)(s) })

	w.registry.Lose()
	w.send(app.Refresh{})
	w.until("restored", func(s app.Session) bool {
		row, err := w.registry.Read(t.Context(), w.sid)
		return err == nil && row.Images[0].Details == 3
	})
	w.send(app.File{Delivery: string(app.NewSessionID())})
	w.until("filed", func(s app.Session) bool { return states(s, app.ImageFiled) == 1 && caption(1, "third", 3)(s) })
}

func TestAPhoneThatLeavesTakesItsImagesBack(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.store(1, "picture")
	w.until("ready", ready(1))
	row, err := w.registry.Leave(t.Context(), w.sid, w.phone, app.Leaving{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.feed.Publish(t.Context(), w.sid, app.EventPhoneLeft, "", row.Seq); err != nil {
		t.Fatal(err)
	}
	w.until("over", func(s app.Session) bool {
		return s.Row.Left && s.Row.State == app.SessionClosed && states(s, app.ImageRetracted) == 1
	})
}
