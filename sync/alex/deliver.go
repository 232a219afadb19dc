package alex

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/clinicpro-nz/images/app"
)

// Deliver implements Record; the package comment says how.
func (c *Client) Deliver(ctx context.Context, h Handoff) (Outcome, error) {
	const op = "deliver to the record"
	if h.Again {
		found, err := c.Lookup(ctx, h.Facility, h.Resource, h.ID)
		switch code := app.CodeOf(err); {
		case err == nil:
			return found, nil
		case code == CodeNotThere && h.Unsure && h.Quiet < c.cfg.Settle:
			return Outcome{}, Looked(Fault(op, CodeUnknown, errors.New("not there yet")))
		case code == CodeNotThere:
		case h.Unsure && (code == CodeForbidden || code == CodeRule || h.Unknown >= c.cfg.Patience && app.KindOf(err) != app.KindCanceled):
			return Outcome{Unconfirmed: true}, nil
		case h.Unsure:
			return Outcome{}, Looked(err)
		case code != CodeForbidden && code != CodeRule: // the last try certainly came to nothing; nor would this one
			return Outcome{}, err
		}
	}
	a, err := c.call(ctx, op, http.MethodPost, c.cfg.Base+"/"+h.Resource, h.Facility, h.Body)
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{Place: placeOf(h.Resource, a)}, nil
}

var idForm = regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`) // FHIR's id

// placeOf names what was created, from the answer's body or its Location;
// where neither says so, by its type alone.
func placeOf(resource string, a answer) string {
	var created struct {
		ID string `json:"id"`
	}
	if readJSON("", a.body, &created) != nil || !idForm.MatchString(created.ID) {
		_, after, _ := strings.Cut(a.location, "/"+resource+"/")
		created.ID, _, _ = strings.Cut(after, "/")
	}
	if !idForm.MatchString(created.ID) {
		return resource
	}
	return resource + "/" + created.ID
}

// Lookup implements Record.
func (c *Client) Lookup(ctx context.Context, facility, resource, id string) (Outcome, error) {
	const op = "look a delivery up"
	query := url.Values{"identifier": {System + "|" + id}}
	a, err := c.call(ctx, op, http.MethodGet, c.cfg.Base+"/"+resource+"?"+query.Encode(), facility, nil)
	if err != nil {
		return Outcome{}, err
	}
	var found bundle
	if err := readJSON(op, a.body, &found); err != nil {
		return Outcome{}, err
	}
	if found.ResourceType != "Bundle" { // a page of somebody in between proves nothing
		return Outcome{}, Unknown(Fault(op, CodeUnknown, errors.New("not a search's answer")))
	}
	for _, e := range found.Entry {
		for _, i := range e.Resource.Identifier {
			if e.Resource.ResourceType == resource && i.Value == id && i.System == System {
				return Outcome{Place: placeOf(resource, answer{location: "/" + resource + "/" + e.Resource.ID})}, nil
			}
		}
	}
	return Outcome{}, Fault(op, CodeNotThere, nil)
}
