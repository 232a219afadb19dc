package alextest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// sent is a DocumentReference or a Media, as far as the rules look at it.
type sent struct {
	ResourceType string
	Identifier   []struct{ System, Value string }
	Status       string
	Date         string
	Type         struct {
		Coding []struct{ System, Code string }
	}
	Subject struct{ Reference string }
	Author  []struct{ Reference string }
	Content json.RawMessage
}

type attachment struct {
	ContentType, Title string
	Data               []byte
}

// create keeps a resource if the rules allow it: they are the business rules
// that domain knowledge names, answered with 400.
func (a *ALEX) create(w http.ResponseWriter, r *http.Request, facility string) {
	resource := strings.TrimPrefix(r.URL.Path, "/FHIR/")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		outcome(w, http.StatusRequestEntityTooLarge, "too-long", "the request is too large")
		return
	}
	if a.chance(func(f Faults) float64 { return f.Busy }) {
		w.Header().Set("Retry-After", "1")
		outcome(w, http.StatusTooManyRequests, "throttled", "later")
		return
	}
	if a.chance(func(f Faults) float64 { return f.DropBefore }) {
		panic(http.ErrAbortHandler)
	}
	k, status, words := a.rules(resource, facility, r.Host, body)
	if status != 0 {
		outcome(w, status, "business-rule", words)
		return
	}
	if a.chance(func(f Faults) float64 { return f.Late }) {
		a.mu.Lock()
		wait := a.opt.Faults.LateBy
		a.mu.Unlock()
		time.AfterFunc(wait, func() { _ = a.keep(k) })
		panic(http.ErrAbortHandler)
	}
	if err := a.keep(k); err != nil {
		outcome(w, http.StatusInternalServerError, "exception", "cannot be kept")
		return
	}
	if a.chance(func(f Faults) float64 { return f.DropAfter }) {
		panic(http.ErrAbortHandler)
	}
	if a.chance(func(f Faults) float64 { return f.ErrorAfter }) {
		outcome(w, http.StatusInternalServerError, "exception", "something went wrong")
		return
	}
	w.Header().Set("Content-Type", "application/fhir+json")
	w.Header().Set("Location", "http://"+r.Host+"/FHIR/"+resource+"/"+k.ID+"/_history/1")
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"resourceType":%q,"id":%q}`, resource, k.ID)
}

func (a *ALEX) rules(resource, facility, host string, body []byte) (k Kept, status int, words string) {
	var s sent
	if json.Unmarshal(body, &s) != nil || s.ResourceType != resource {
		return k, http.StatusBadRequest, "not a " + resource
	}
	patient, absolute := strings.CutPrefix(s.Subject.Reference, "http://"+host+"/FHIR/Patient/")
	_, known := patients[facility][patient]
	switch {
	case len(s.Identifier) == 0 || s.Identifier[0].Value == "":
		return k, http.StatusBadRequest, "identifier is mandatory"
	case !absolute:
		return k, http.StatusBadRequest, "subject.reference must be absolute"
	case !known:
		return k, http.StatusBadRequest, "no such patient at this facility"
	}
	var size int
	if resource == "Media" {
		var pic attachment
		if json.Unmarshal(s.Content, &pic) != nil || pic.ContentType != "image/jpeg" || len(pic.Data) == 0 {
			return k, http.StatusBadRequest, "content must be a JPEG"
		}
		if size = len(pic.Data); size >= mediaLimit {
			return k, http.StatusRequestEntityTooLarge, "over 1 MB"
		}
	} else {
		var all []struct{ Attachment attachment }
		if json.Unmarshal(s.Content, &all) != nil || len(all) == 0 {
			return k, http.StatusBadRequest, "content is missing"
		}
		for _, c := range all {
			if !slices.Contains([]string{"application/pdf", "image/tiff"}, c.Attachment.ContentType) || c.Attachment.Title == "" {
				return k, http.StatusBadRequest, "content must be a PDF or TIFF with a title"
			}
			size += len(c.Attachment.Data)
		}
		at, err := time.Parse(time.RFC3339, s.Date)
		switch {
		case size >= scanLimit:
			return k, http.StatusRequestEntityTooLarge, "over 8 MB in all"
		case s.Status != "current" || len(s.Type.Coding) == 0 || s.Type.Coding[0].Code != "72170-4":
			return k, http.StatusBadRequest, "status or type"
		case err != nil || !nzOffset(at):
			return k, http.StatusBadRequest, "date must carry New Zealand's offset"
		}
	}
	return Kept{Resource: resource, ID: strings.ToLower(rand.Text()), Facility: facility, Identifier: s.Identifier[0].Value, Body: body}, 0, ""
}

// nzOffset reports whether a time carries the offset that New Zealand has then.
func nzOffset(t time.Time) bool {
	zone, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		return false
	}
	_, want := t.In(zone).Zone()
	_, got := t.Zone()
	return got == want
}

// Refused reports whether an identifier is one that a search is refused for.
func Refused(identifier string, oneIn uint32) bool {
	return oneIn > 0 && crc32.ChecksumIEEE([]byte(identifier))%oneIn == 0
}

// search answers by identifier, or by patient.identifier; any other shape is
// a 403, which looks like a missing right and is none.
func (a *ALEX) search(w http.ResponseWriter, r *http.Request, facility string) {
	resource := strings.TrimPrefix(r.URL.Path, "/FHIR/")
	query := r.URL.Query()
	_, identifier, _ := strings.Cut(query.Get("identifier"), "|")
	a.mu.Lock()
	refuse := a.refuse || Refused(identifier, a.opt.RefuseOneIn)
	a.mu.Unlock()
	if refuse || len(query) != 1 || query.Get("identifier") == "" && query.Get("patient.identifier") == "" ||
		a.chance(func(f Faults) float64 { return f.Refuse }) {
		outcome(w, http.StatusForbidden, "forbidden", "not allowed")
		return
	}
	if a.chance(func(f Faults) float64 { return f.Blind }) {
		outcome(w, http.StatusServiceUnavailable, "transient", "Cannot establish connection to the facility")
		return
	}
	all, err := Read(a.opt.Dir)
	if err != nil {
		outcome(w, http.StatusInternalServerError, "exception", "cannot be read")
		return
	}
	entries := []any{}
	for _, k := range all {
		if k.Resource == resource && k.Facility == facility && (identifier == "" || k.Identifier == identifier) {
			entries = append(entries, map[string]any{"resource": map[string]any{"resourceType": resource, "id": k.ID,
				"identifier": []any{map[string]any{"system": "https://clinicpro.co.nz/fhir/delivery", "value": k.Identifier}}}})
		}
	}
	w.Header().Set("Content-Type", "application/fhir+json")
	_ = json.NewEncoder(w).Encode(map[string]any{"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries})
}
