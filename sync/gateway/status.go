package gateway

import (
	"time"

	"github.com/clinicpro-nz/images/app"
)

// answer is the body of a successful call.
type answer struct {
	Session status   `json:"session"`
	Uploads []upload `json:"uploads,omitzero"` // nil where the call has none
}

// upload is the contract's Upload.
type upload struct {
	ID      app.ImageID       `json:"id"`
	State   app.ImageState    `json:"state"`
	URL     string            `json:"url,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Expires int64             `json:"expires,omitempty"`
}

// status is the contract's Status; times are Unix milliseconds.
type status struct {
	SID          app.SessionID    `json:"sid"`
	Practice     app.Practice     `json:"practice"`
	PracticeName string           `json:"practiceName"`
	State        app.SessionState `json:"state"`
	Now          int64            `json:"now"`
	Expires      int64            `json:"expires"`
	DrainUntil   int64            `json:"drainUntil"`
	MaxImages    int              `json:"maxImages"`
	MaxBytes     int64            `json:"maxBytes"`
	Left         bool             `json:"left,omitempty"` // the phone left: wrong patient
	Kept         int64            `json:"kept"`           // until when the phone is kept; 0: it is not
	Asks         *statusAsks      `json:"asks,omitempty"` // nil: the practice asks nothing
	Images       []statusImage    `json:"images"`
}

// statusAsks is what the practice asks of the phone.
type statusAsks struct {
	Consent bool         `json:"consent"`
	Require []app.Detail `json:"require"`
	Target  int64        `json:"target"` // bytes of a JPEG to aim below
}

type statusImage struct {
	ID            app.ImageID    `json:"id"`
	State         app.ImageState `json:"state"`
	RetractWanted bool           `json:"retractWanted"`
	Refused       bool           `json:"refused"`
	Sinks         []string       `json:"sinks"`
	Details       int            `json:"details"` // the highest amendment held; 0: none
}

func newStatus(p app.Practice, row app.Row) status {
	s := status{
		SID: row.SID, Practice: p, PracticeName: row.PracticeName, State: row.State,
		Now: millis(row.Now), Expires: millis(row.Expires), DrainUntil: millis(row.DrainUntil),
		MaxImages: row.Limits.MaxImages, MaxBytes: row.Limits.MaxBytes, Left: row.Left,
		Images: make([]statusImage, 0, len(row.Images)),
	}
	if row.Kept.After(row.Now) {
		s.Kept = millis(row.Kept)
	}
	if a := row.Asks; !a.Nothing() {
		s.Asks = &statusAsks{a.Consent, append([]app.Detail{}, a.Require...), a.TargetBytes()}
	}
	for _, m := range row.Images {
		sinks := m.Sinks
		if sinks == nil {
			sinks = []string{}
		}
		s.Images = append(s.Images, statusImage{m.ID, m.State, m.RetractWanted, m.Refused, sinks, m.Details})
	}
	return s
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
