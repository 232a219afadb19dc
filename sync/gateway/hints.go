package gateway

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/app"
)

const (
	hintTimeout = 5 * time.Second
	hintsAtOnce = 64
)

type hint struct {
	sid   app.SessionID
	event app.Event
	image app.ImageID
	seq   int64
}

// hints sends realtime messages beside the answers: no phone waits for one,
// and a lost one only makes the workstation look a little later.
type hints struct {
	log     *slog.Logger
	metrics *metrics
	slots   chan struct{}
	running sync.WaitGroup
}

func newHints(log *slog.Logger, m *metrics) *hints {
	return &hints{log: log, metrics: m, slots: make(chan struct{}, hintsAtOnce)}
}

// send returns at once. With every slot taken the hint is dropped.
func (h *hints) send(ctx context.Context, to Publisher, x hint) {
	select {
	case h.slots <- struct{}{}:
	default:
		h.metrics.hints.WithLabelValues("dropped").Inc()
		return
	}
	h.running.Go(func() {
		defer func() { <-h.slots }()
		// The request's end must not cut the hint off.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hintTimeout)
		defer cancel()
		if err := publish(ctx, to, x); err != nil {
			h.metrics.hints.WithLabelValues("failed").Inc()
			h.log.WarnContext(ctx, "hint not sent", "event", string(x.event), "kind", string(app.KindOf(err)))
			return
		}
		h.metrics.hints.WithLabelValues("sent").Inc()
	})
}

// publish turns a panic of the library behind to into a lost hint.
func publish(ctx context.Context, to Publisher, x hint) (err error) {
	defer func() {
		if recover() != nil {
			err = &app.Error{Op: "publish hint", Kind: app.KindBug}
		}
	}()
	return to.Publish(ctx, x.sid, x.event, x.image, x.seq)
}

func (h *hints) wait() { h.running.Wait() }
