package alex

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// launchSkew is how far ahead of ours the record system's clock may be.
const launchSkew = time.Minute

// decoded is what ALEX says a launch is about.
type decoded struct {
	PatientID    *string `json:"patientId"` // null: no patient is open
	FacilityCode string  `json:"facilityCode"`
	ProviderID   string  `json:"providerId"`
	CreatedTime  string  `json:"createdTime"`
}

// Open implements Record.
func (c *Client) Open(ctx context.Context, l app.Launch, attempt string) (app.Launched, error) {
	return c.OpenFor(ctx, l, attempt, nil)
}

// OpenFor is Open for a practice: a launch of a facility that is not among
// facilities is refused before its patient is read. nil allows every one.
func (c *Client) OpenFor(ctx context.Context, l app.Launch, attempt string, facilities []string) (app.Launched, error) {
	const op = "decode a launch"
	if !c.seen.claim(l, attempt) {
		return app.Launched{}, Fault(op, CodeReplayed, nil)
	}
	address := c.cfg.LaunchBase + "/" + url.PathEscape(l.Context.Reveal()) + "/" + url.PathEscape(l.Signature.Reveal())
	a, err := c.call(ctx, op, http.MethodGet, address, "", nil)
	switch app.CodeOf(err) {
	case CodeRule:
		return app.Launched{}, Fault(op, CodeMalformed, errors.New("refused"))
	case CodeUnknown: // reading it twice does no harm
		return app.Launched{}, Fault(op, CodeUnreachable, errors.New("no answer"))
	}
	if err != nil {
		return app.Launched{}, err
	}
	var d decoded
	if readJSON(op, a.body, &d) != nil || !facilityForm(d.FacilityCode) {
		return app.Launched{}, Fault(op, CodeMalformed, errors.New("no facility"))
	}
	created, err := launchTime(d.CreatedTime)
	if err != nil {
		return app.Launched{}, Fault(op, CodeMalformed, errors.New("no time"))
	}
	if age := c.cfg.Now().Sub(created); age > app.MaxLaunchAge || age < -launchSkew {
		return app.Launched{}, Fault(op, CodeExpired, nil)
	}
	if facilities != nil && !slices.Contains(facilities, d.FacilityCode) {
		return app.Launched{}, Fault(op, CodeFacility, nil)
	}
	if d.PatientID == nil || *d.PatientID == "" {
		return app.Launched{}, nil
	}
	if !idForm.MatchString(*d.PatientID) {
		return app.Launched{}, Fault(op, CodeMalformed, errors.New("no patient id"))
	}
	provider := ""
	if idForm.MatchString(d.ProviderID) {
		provider = d.ProviderID
	}
	return c.Patient(ctx, d.FacilityCode, *d.PatientID, provider)
}

// facilityForm reports whether s can be a facility's id: it goes into a header.
func facilityForm(s string) bool { return idForm.MatchString(s) }

// launchTime reads createdTime; one without a zone is the practice's own.
func launchTime(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, nil
	}
	return time.ParseInLocation("2006-01-02T15:04:05.999999999", s, Zone())
}

// Zone is where Evolution keeps its time.
func Zone() *time.Location {
	zone, err := time.LoadLocation("Pacific/Auckland")
	if err != nil { // the program carries the zones with it (app/config)
		return time.Local
	}
	return zone
}

// fhirPatient is a Patient as far as we read it.
type fhirPatient struct {
	ResourceType string       `json:"resourceType"`
	Identifier   []identifier `json:"identifier"`
	Name         []struct {
		Use    string   `json:"use"`
		Text   string   `json:"text"`
		Given  []string `json:"given"`
		Family string   `json:"family"`
	} `json:"name"`
	BirthDate string `json:"birthDate"`
	Gender    string `json:"gender"`
}

// nhiSystem is the namespace of NHI numbers.
const nhiSystem = "https://standards.digital.health.nz/ns/nhi-id"

// Patient reads who a patient is, for a session: provider goes into its
// RecordRef as it is.
func (c *Client) Patient(ctx context.Context, facility, id, provider string) (app.Launched, error) {
	const op = "read the patient"
	address := c.cfg.Base + "/Patient/" + url.PathEscape(id)
	a, err := c.call(ctx, op, http.MethodGet, address, facility, nil)
	if app.CodeOf(err) == CodeUnknown {
		err = Fault(op, CodeUnreachable, errors.New("no answer"))
	}
	if err != nil {
		return app.Launched{}, err
	}
	var p fhirPatient
	if readJSON(op, a.body, &p) != nil || p.ResourceType != "Patient" {
		return app.Launched{}, Fault(op, CodeMalformed, errors.New("not a patient"))
	}
	out := app.Launched{
		Patient: app.Patient{Name: app.Seal(p.name()), Sex: app.Seal(p.Gender), Source: app.SourceMedtech},
		Record:  app.RecordRef{Facility: facility, Patient: app.Seal(c.cfg.Base + "/Patient/" + id), Provider: provider},
	}
	for _, i := range p.Identifier {
		if i.System == nhiSystem && out.Patient.NHI.IsZero() {
			out.Patient.NHI, _, _ = app.ParseNHI(i.Value) // one that is wrong is shown as none
		}
	}
	if _, err := time.Parse(time.DateOnly, p.BirthDate); err == nil {
		out.Patient.BirthDate = app.Seal(p.BirthDate)
	}
	if out.Patient.IsZero() { // nobody could tell who this is
		return app.Launched{}, Fault(op, CodeMalformed, errors.New("a patient without a name"))
	}
	return out, nil
}

// name is the official name, else the first that is not an old one.
func (p fhirPatient) name() string {
	best := ""
	for _, n := range p.Name {
		words := strings.Join(append(slices.Clone(n.Given), n.Family), " ")
		if strings.TrimSpace(words) == "" {
			words = n.Text
		}
		words = strings.Join(strings.Fields(words), " ")
		switch {
		case n.Use == "official" && words != "":
			return words
		case best == "" && n.Use != "old":
			best = words
		}
	}
	return best
}

// Launcher decodes launches through a Record. It implements app.Launcher.
type Launcher struct {
	record Record
	seen   *seen
}

// NewLauncher returns a Launcher.
func NewLauncher(r Record) *Launcher { return &Launcher{r, newSeen(time.Now)} }

// launchTries is how often one click is asked about: answers get lost.
const launchTries = 3

// Decode implements app.Launcher.
func (l *Launcher) Decode(ctx context.Context, launch app.Launch) (app.Launched, error) {
	attempt := rand.Text()
	if !l.seen.claim(launch, attempt) {
		return app.Launched{}, Fault("decode a launch", CodeReplayed, nil)
	}
	ctx, cancel := context.WithTimeout(ctx, launchDeadline)
	defer cancel()
	for try := 1; ; try++ {
		got, err := l.record.Open(ctx, launch, attempt)
		if app.KindOf(err) != app.KindOffline || try == launchTries {
			return got, err
		}
		select {
		case <-ctx.Done():
			return got, err
		case <-time.After(time.Duration(try) * 300 * time.Millisecond):
		}
	}
}

// launchDeadline is how long a GP is kept waiting for a patient's name before
// the form is offered.
const launchDeadline = 10 * time.Second
