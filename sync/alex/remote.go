package alex

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// Remote asks a relay. It implements Record with a key that reaches one
// practice; the vendor's credential stays with the relay.
type Remote struct {
	base string
	key  app.Sealed
	http *http.Client
}

// relayDeadline is a little over what a relay takes for a call at most.
const relayDeadline = DefaultTimeout + 15*time.Second

// NewRemote returns a client of the relay at a gateway's origin. An address
// that is none is KindBug.
func NewRemote(gateway string, key app.Sealed) (*Remote, error) {
	gateway = strings.TrimRight(gateway, "/")
	if err := checkAddress(gateway); err != nil {
		return nil, err
	}
	return &Remote{gateway + RelayPath, key, NewHTTP()}, nil
}

// Open implements Record.
func (r *Remote) Open(ctx context.Context, l app.Launch, attempt string) (app.Launched, error) {
	var out LaunchAnswer
	err := r.ask(ctx, "launch", LaunchAsk{l.Context.Reveal(), l.Signature.Reveal(), attempt}, &out)
	if err != nil {
		return app.Launched{}, err
	}
	return out.Launched(), nil
}

// Check asks the relay what this key reaches, and whether it gets a token from
// ALEX; nothing of a patient is asked. CodeUnknown: whatever answered is no
// relay.
func (r *Remote) Check(ctx context.Context) (CheckAnswer, error) {
	var out CheckAnswer
	err := r.post(ctx, "check the relay", "check", []byte("{}"), func(req *http.Request) { req.Header.Set("Content-Type", "application/json") }, &out, new(bool))
	return out, err
}

// Lookup implements Record.
func (r *Remote) Lookup(ctx context.Context, facility, resource, id string) (Outcome, error) {
	var out Outcome
	return out, r.ask(ctx, "status", StatusAsk{facility, resource, id}, &out)
}

// Deliver implements Record.
func (r *Remote) Deliver(ctx context.Context, h Handoff) (Outcome, error) {
	const op = "deliver through the relay"
	head, err := json.Marshal(h)
	if err != nil {
		return Outcome{}, app.E(op, app.KindBug, err)
	}
	var out Outcome
	absent := false
	err = r.post(ctx, op, "deliver", h.Body, func(req *http.Request) {
		req.Header.Set(HandoffHeader, string(head))
		req.Header.Set("Content-Type", "application/fhir+json")
	}, &out, &absent)
	if err != nil && h.Unsure && !absent && !IsUnknown(err) { // what a try before did is as unknown as it was
		err = Looked(err)
	}
	if err == nil && !out.Unconfirmed && !strings.HasPrefix(out.Place, h.Resource) {
		err = Unknown(Fault(op, CodeUnknown, errors.New("not an answer of a relay")))
	}
	return out, err
}

// ask asks for what changes nothing: a lost answer is no unknown outcome.
func (r *Remote) ask(ctx context.Context, call string, body, out any) error {
	op := "ask the relay"
	text, err := json.Marshal(body)
	if err != nil {
		return app.E(op, app.KindBug, err)
	}
	err = r.post(ctx, op, call, text, func(req *http.Request) { req.Header.Set("Content-Type", "application/json") }, out, new(bool))
	if IsUnknown(err) {
		return Fault(op, CodeUnreachable, errors.New("no answer"))
	}
	return err
}

func (r *Remote) post(ctx context.Context, op, call string, body []byte, head func(*http.Request), out any, absent *bool) error {
	ctx, cancel := context.WithTimeout(ctx, relayDeadline)
	defer cancel()
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.base+call, bytes.NewReader(body))
	if err != nil {
		return app.E(op, app.KindBug, errors.New("not an address"))
	}
	req.Header.Set("Authorization", "Bearer "+r.key.Reveal())
	req.Header.Set(CorrelationID, correlation(ctx))
	head(req)
	res, err := r.http.Do(req)
	if err != nil {
		fault := Fault(op, CodeUnreachable, bareCause(err))
		if connected.Load() {
			fault = Unknown(Fault(op, CodeUnknown, bareCause(err)))
		}
		return fault
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if res.StatusCode == http.StatusOK {
		if err != nil || json.Unmarshal(text, out) != nil {
			return Unknown(Fault(op, CodeUnknown, errors.New("half an answer")))
		}
		return nil
	}
	if res.StatusCode == http.StatusTooManyRequests { // the relay's, or the gateway's in front of it
		return Fault(op, CodeBusy, errors.New("later"))
	}
	var no Refusal
	if err != nil || json.Unmarshal(text, &no) != nil || kinds[no.Code] == "" { // a balancer's own page
		return Unknown(Fault(op, CodeUnknown, errors.New("not an answer of a relay")))
	}
	fault := Fault(op, no.Code, errors.New("refused"))
	*absent = no.Absent
	switch {
	case no.Looked:
		fault = Looked(fault)
	case no.Unknown:
		fault = Unknown(fault)
	}
	return fault
}
