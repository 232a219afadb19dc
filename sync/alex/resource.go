package alex

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// The parts of FHIR R4 that we write; only elements that ALEX is known to take.
type (
	coding struct {
		System  string `json:"system"`
		Code    string `json:"code"`
		Display string `json:"display,omitempty"`
	}
	concept struct {
		Coding []coding `json:"coding,omitempty"`
		Text   string   `json:"text,omitempty"`
	}
	reference struct {
		Reference string `json:"reference"`
	}
	attachment struct {
		ContentType string `json:"contentType"`
		Data        []byte `json:"data"`
		Title       string `json:"title,omitempty"`
	}
	content struct {
		Attachment attachment `json:"attachment"`
	}
	annotation struct {
		Text string `json:"text"`
	}
	documentReference struct {
		ResourceType string       `json:"resourceType"`
		Identifier   []identifier `json:"identifier"`
		Status       string       `json:"status"`
		Type         concept      `json:"type"`
		Subject      reference    `json:"subject"`
		Date         string       `json:"date"`
		Author       []reference  `json:"author,omitempty"`
		Content      []content    `json:"content"`
	}
	media struct {
		ResourceType    string       `json:"resourceType"`
		Identifier      []identifier `json:"identifier"`
		Status          string       `json:"status"`
		Type            concept      `json:"type"`
		View            *concept     `json:"view,omitempty"`
		Subject         reference    `json:"subject"`
		CreatedDateTime string       `json:"createdDateTime"`
		BodySite        *concept     `json:"bodySite,omitempty"`
		Height          int          `json:"height,omitempty"`
		Width           int          `json:"width,omitempty"`
		Content         attachment   `json:"content"`
		Note            []annotation `json:"note,omitempty"`
	}
)

const (
	loinc     = "http://loinc.org"
	snomed    = "http://snomed.info/sct"
	mediaType = "http://terminology.hl7.org/CodeSystem/media-type"
)

var photographicImage = concept{Coding: []coding{{loinc, "72170-4", "Photographic image"}}}

// instant is a time as ALEX takes it: to the second, with the offset that New
// Zealand has on that day.
func instant(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.RFC3339) }

// practitioner is the absolute reference of the clinician who launched.
func practitioner(r app.RecordRef) []reference {
	base, _, found := strings.Cut(r.Patient.Reveal(), "/Patient/")
	if !found || r.Provider == "" {
		return nil
	}
	return []reference{{base + "/Practitioner/" + r.Provider}}
}

// document is the resource that goes to Inbox Scan.
func document(d app.Delivery, id, contentType string, body []byte, title string, made time.Time, zone *time.Location) ([]byte, error) {
	return marshal(documentReference{ResourceType: DocumentReference, Identifier: []identifier{{System, id}}, Status: "current",
		Type: photographicImage, Subject: reference{d.Record.Patient.Reveal()}, Date: instant(made, zone), Author: practitioner(d.Record),
		Content: []content{{attachment{contentType, body, title}}}})
}

// picture is the resource of one JPEG.
func pictureOf(d app.Delivery, item app.DeliveryItem, id string, jpeg []byte, width, height int, made time.Time, zone *time.Location) ([]byte, error) {
	m := media{ResourceType: Media, Identifier: []identifier{{System, id}}, Status: "completed",
		Type:    concept{Coding: []coding{{mediaType, "image", "Image"}}},
		Subject: reference{d.Record.Patient.Reveal()}, CreatedDateTime: instant(made, zone),
		Height: height, Width: width, Content: attachment{"image/jpeg", jpeg, titleOf(item.Details)}}
	if !item.TakenAt.IsZero() {
		m.CreatedDateTime = instant(item.TakenAt, zone)
	}
	if site, ok := app.SiteOf(item.Details.Site); ok {
		m.BodySite = &concept{Coding: []coding{{snomed, site.SCT, site.Name}}, Text: whereOf(item.Details)}
	}
	if item.Details.View != "" {
		m.View = &concept{Text: string(item.Details.View)}
	}
	if note := noteOf(item, zone); note != "" {
		m.Note = []annotation{{note}}
	}
	return marshal(m)
}

func marshal(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, app.E("write a resource", app.KindBug, err)
	}
	return body, nil
}

// whereOf is the body site with its side, in words: FHIR has no element of its
// own for the side.
func whereOf(d app.Details) string {
	site, _ := app.SiteOf(d.Site)
	switch d.Side {
	case app.SideLeft, app.SideRight:
		return strings.TrimSpace(strings.ToUpper(string(d.Side[:1])) + string(d.Side[1:]) + " " + strings.ToLower(site.Name))
	case app.SideBoth:
		return strings.TrimPrefix(site.Name+", both sides", ", ")
	}
	return site.Name
}

// titleOf is what the record's list of documents shows.
func titleOf(d app.Details) string {
	if where := whereOf(d); where != "" {
		return "Clinical photo, " + where
	}
	return "Clinical photo"
}

// consents names who agreed, as the documents do.
var consents = map[app.ConsentBy]string{
	app.ConsentPatient: "the patient", app.ConsentGuardian: "a parent or guardian", app.ConsentAttorney: "an attorney or welfare guardian",
}

// noteOf says what Media has no element for.
func noteOf(item app.DeliveryItem, zone *time.Location) string {
	d := item.Details
	var parts []string
	add := func(s string) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	add(d.Caption.Reveal())
	if d.Site == "" { // else bodySite has it
		add(whereOf(d))
	}
	if d.Type != "" && d.Type != app.TypeOther {
		add("Type: " + string(d.Type))
	}
	if by, ok := consents[item.Consent.By]; ok {
		if !item.Consent.At.IsZero() {
			by += ", " + item.Consent.At.In(zone).Format("2 January 2006 3:04 pm")
		}
		add("Consent given by " + by)
	}
	if d.Intimate {
		add("Marked as intimate")
	}
	return strings.Join(parts, ". ")
}
