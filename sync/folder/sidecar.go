package folder

import (
	"encoding/json"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// sidecarFile is the JSON beside a picture (docs/contracts.md, "Filed
// pictures"). Patient values are in it as in the picture's name: it goes to
// the practice's own disk only.
type sidecarFile struct {
	Version  int            `json:"v"`
	Image    app.ImageID    `json:"imageId"`
	Session  app.SessionID  `json:"sessionId"`
	Delivery string         `json:"deliveryId"`
	SHA256   app.Digest     `json:"sha256"`
	Bytes    int            `json:"bytes"`
	Patient  sidecarPatient `json:"patient"`
	TakenAt  time.Time      `json:"takenAt,omitzero"`
	Site     *sidecarSite   `json:"site,omitempty"`
	Side     *sidecarCode   `json:"side,omitempty"`
	View     app.View       `json:"view,omitempty"`
	Type     app.ImageType  `json:"type,omitempty"`
	Caption  string         `json:"caption,omitempty"`
	Intimate bool           `json:"intimate,omitempty"`
	Consent  *app.Consent   `json:"consent,omitempty"`
	MadeBy   string         `json:"madeBy"`
}

type sidecarPatient struct {
	Name      string `json:"name,omitempty"`
	NHI       string `json:"nhi,omitempty"`
	BirthDate string `json:"birthDate,omitempty"`
}

type sidecarSite struct {
	ID   string `json:"id"`
	SCT  string `json:"sct"`
	Name string `json:"name"`
}

type sidecarCode struct {
	ID  app.Side `json:"id"`
	SCT string   `json:"sct"`
}

// laterality in SNOMED CT.
var laterality = map[app.Side]string{app.SideLeft: "7771000", app.SideRight: "24028007", app.SideBoth: "51440002"}

func sidecar(d app.Delivery, item app.DeliveryItem) ([]byte, error) {
	s := sidecarFile{Version: 1, Image: item.Image, Session: d.SID, Delivery: d.ID, SHA256: item.SHA256, Bytes: len(item.JPEG),
		Patient: sidecarPatient{d.Patient.Name.Reveal(), d.Patient.NHI.Reveal(), d.Patient.BirthDate.Reveal()},
		TakenAt: item.TakenAt, View: item.Details.View, Type: item.Details.Type, Caption: item.Details.Caption.Reveal(),
		Intimate: item.Details.Intimate, MadeBy: "ClinicPro Images"}
	if site, ok := app.SiteOf(item.Details.Site); ok {
		s.Site = &sidecarSite{site.ID, site.SCT, site.Name}
	}
	if sct, ok := laterality[item.Details.Side]; ok {
		s.Side = &sidecarCode{item.Details.Side, sct}
	}
	if item.Consent.By != "" {
		s.Consent = &item.Consent
	}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, app.E("write sidecar", app.KindBug, err)
	}
	return append(b, '\n'), nil
}
