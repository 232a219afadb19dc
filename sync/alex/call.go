package alex

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"

	"github.com/clinicpro-nz/images/app"
)

// maxAnswer bounds an answer of ALEX: a patient, or a list of identifiers.
const maxAnswer = 2 << 20

// asleepWords are what ALEX answers, with 503, when it cannot reach the
// practice's own computer: nothing has arrived there then.
const asleepWords = "cannot establish connection"

type answer struct {
	status   int
	body     []byte
	location string
}

// call asks ALEX once, and once more with a new token after a 401. facility
// may be "" for what concerns none.
func (c *Client) call(ctx context.Context, op, method, address, facility string, body []byte) (answer, error) {
	if facility != "" && !c.breaker.allow(facility) {
		return answer{}, Fault(op, CodeAsleep, errors.New("left alone for a while"))
	}
	a, err := c.authorised(ctx, op, method, address, facility, body)
	switch code := app.CodeOf(err); {
	case facility == "":
	case app.KindOf(err) == app.KindCanceled:
		c.breaker.gaveUp(facility)
	default:
		c.breaker.answered(facility, code != CodeAsleep && code != CodeUnknown && code != CodeUnreachable)
	}
	return a, err
}

func (c *Client) authorised(ctx context.Context, op, method, address, facility string, body []byte) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	token, err := c.tokens.get(ctx, "")
	if err != nil {
		return answer{}, err
	}
	a, err := c.once(ctx, op, method, address, facility, token, body)
	if app.CodeOf(err) == CodeToken { // refused before it did anything
		if token, err = c.tokens.get(ctx, token); err != nil {
			return answer{}, err
		}
		a, err = c.once(ctx, op, method, address, facility, token, body)
	}
	return a, err
}

// once sends one request. A request that found no connection has certainly
// done nothing; after that every end but an answer is unknown.
func (c *Client) once(ctx context.Context, op, method, address, facility, token string, body []byte) (answer, error) {
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, app.E(op, app.KindBug, errors.New("not an address"))
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/fhir+json, application/json")
	req.Header.Set("Content-Type", "application/fhir+json")
	req.Header.Set("mt-correlationid", correlation(ctx))
	if facility != "" {
		req.Header.Set("mt-facilityid", facility)
	}
	res, err := c.cfg.HTTP.Do(req)
	if err != nil {
		switch {
		case !connected.Load():
			return answer{}, Fault(op, CodeUnreachable, bareCause(err))
		default:
			return answer{}, Unknown(Fault(op, CodeUnknown, bareCause(err)))
		}
	}
	defer res.Body.Close()
	got, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if res.StatusCode/100 == 2 {
		if err != nil || len(got) > maxAnswer {
			return answer{}, Unknown(Fault(op, CodeUnknown, errors.New("half an answer")))
		}
		return answer{res.StatusCode, got, res.Header.Get("Location")}, nil
	}
	asleep := strings.Contains(strings.ToLower(string(got)), asleepWords)
	return answer{}, faultOf(op, res.StatusCode, asleep)
}

// bareCause drops the address from an error of net/http, and keeps whether it
// was a deadline or our own stop.
func bareCause(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	}
	return errors.New("no answer")
}

type correlationKey struct{}

// WithCorrelation names what the calls under ctx belong to, for whoever
// compares logs with Medtech's.
func WithCorrelation(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, correlationKey{}, id)
}

func correlation(ctx context.Context) string {
	if id, ok := ctx.Value(correlationKey{}).(string); ok && id != "" {
		return id
	}
	return rand.Text()
}

// Warm fetches the token, so that the first launch need not wait for it.
func (c *Client) Warm(ctx context.Context) error {
	_, err := c.tokens.get(ctx, "")
	return err
}

// identifier is one of FHIR's.
type identifier struct {
	System string `json:"system,omitempty"`
	Value  string `json:"value"`
}

// bundle is a search's answer, as far as we read it.
type bundle struct {
	ResourceType string `json:"resourceType"`
	Entry        []struct {
		Resource struct {
			ResourceType string       `json:"resourceType"`
			ID           string       `json:"id"`
			Identifier   []identifier `json:"identifier"`
		} `json:"resource"`
	} `json:"entry"`
}

func readJSON(op string, body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return Unknown(Fault(op, CodeUnknown, errors.New("not an answer of ALEX")))
	}
	return nil
}
