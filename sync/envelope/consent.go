package envelope

import (
	"encoding/json"

	"github.com/clinicpro-nz/images/app"
)

// consentJSON is read member by member, as the details are.
type consentJSON struct {
	By json.RawMessage `json:"by,omitempty"`
	At json.RawMessage `json:"at,omitempty"`
}

// consent reads capture.json's member; one that is none says nothing.
func consent(raw json.RawMessage) app.Consent {
	c := member[consentJSON](raw)
	return app.Consent{By: member[app.ConsentBy](c.By), At: takenAt(member[string](c.At))}.Known()
}

func consentOf(c app.Consent) json.RawMessage {
	if c.By == "" {
		return nil
	}
	out := consentJSON{By: said(c.By)}
	if !c.At.IsZero() {
		out.At = said(c.At.Format(takenAtForm))
	}
	raw, err := json.Marshal(out)
	if err != nil {
		panic(err) // made of texts
	}
	return raw
}
