package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/clinicpro-nz/images/app"
)

// problem is an RFC 9457 document with a stable code; detail is for the
// person with the phone.
type problem struct {
	Type   string        `json:"type"`
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Detail string        `json:"detail"`
	Code   string        `json:"code"`
	Images []app.ImageID `json:"images,omitempty"` // the images it is about
	retry  int           // seconds for Retry-After; 0 for none
}

func (p problem) Error() string { return p.Code }

func newProblem(code string) problem {
	p := problem{Type: "about:blank", Code: code}
	switch code {
	case "link-unknown":
		p.Status, p.Detail = 404, "This code does not work any more. Please ask for a new code on the computer and scan it."
	case "link-used":
		p.Status, p.Detail = 409, "Another phone is already using this code. To use this phone instead, ask for a new code on the computer."
	case "session-missing":
		p.Status, p.Detail = 404, "We are reconnecting to the computer. Your photos are safe on this phone; please keep this page open."
	case "session-draining":
		p.Status, p.Detail = 409, "This session has ended, so no new photos can be added. Photos already taken will still be sent."
	case "session-over":
		p.Status, p.Detail = 410, "This session is over. To send more photos, please ask for a new code on the computer."
	case "phone-replaced":
		p.Status, p.Detail = 401, "The computer is now connected to another phone. To use this phone again, scan a new code."
	case "too-many-images":
		p.Status, p.Detail = 422, "This session has all the photos it can hold. Please finish it, and start another one for more photos."
	case "image-too-large":
		p.Status, p.Detail = 413, "This photo is too large to send. Please take it again, or choose a smaller one."
	case "image-mismatch":
		p.Status, p.Detail = 422, "This photo did not arrive whole. It is safe on this phone and will be sent again."
	case "not-uploaded":
		p.Status, p.Detail = 409, "This photo has not arrived yet. It is safe on this phone and will be sent again."
	case "image-unknown":
		p.Status, p.Detail = 404, "This photo has not been announced yet. What you wrote is safe on this phone and will be sent after it."
	case "image-filed":
		p.Status, p.Detail = 409, "This photo is being filed, or was. What is written about it can no longer be changed here."
	case "phone-forgotten":
		p.Status, p.Detail = 401, "This phone is not kept any more. To take photos, scan the code on the computer."
	case "rate-limited":
		p.Status, p.Detail, p.retry = 429, "Too many requests at once. Please wait a moment; your photos are safe on this phone.", 2
	case "unavailable":
		p.Status, p.Detail, p.retry = 503, "The service cannot be reached right now. Your photos are safe on this phone and will be sent when it is back.", 2
	default:
		p.Code, p.Status, p.Detail = "bad-request", 400, "This page and the service do not understand each other. Please scan the code again."
	}
	p.Title = http.StatusText(p.Status)
	return p
}

// refusal is what the registry's side answers when a rule says no.
type refusal interface {
	error
	RefusalCode() string
	RefusedImages() []app.ImageID
}

// explain turns a port's error into the problem the phone gets. A failure
// that is nobody's rule is unavailable: the phone keeps its images and tries
// again, also while somebody mends our credentials.
func (g *Gateway) explain(ctx context.Context, err error) problem {
	var p problem
	if errors.As(err, &p) {
		return p
	}
	var no refusal
	if errors.As(err, &no) {
		code := no.RefusalCode()
		if code == "not-reserved" { // the phone asks for a link and sends again
			code = "not-uploaded"
		}
		p = newProblem(code)
		p.Images = no.RefusedImages()
		return p
	}
	g.logFailure(ctx, err)
	return newProblem("unavailable")
}

// logFailure names operation and kind only: causes may hold addresses.
func (g *Gateway) logFailure(ctx context.Context, err error) {
	kind, op := app.KindOf(err), ""
	if kind == app.KindCanceled {
		return
	}
	var e *app.Error
	if errors.As(err, &e) {
		op = e.Op
	}
	level := slog.LevelWarn
	if kind != app.KindOffline {
		level = slog.LevelError
	}
	g.cfg.Log.Log(ctx, level, "backend failed", "op", op, "kind", string(kind))
}

func (p problem) write(w http.ResponseWriter) {
	if p.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.retry))
	}
	writeJSON(w, p.Status, "application/problem+json", p)
}

func writeJSON(w http.ResponseWriter, status int, contentType string, v any) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the phone has gone: it asks again
}
