package ablyfeed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ably/ably-go/ably"

	"github.com/clinicpro-nz/images/app"
)

const publishTimeout = 10 * time.Second

// Publisher says hints over REST: no connection is kept. Safe for concurrent
// use.
type Publisher struct {
	cfg  Config
	rest *ably.REST
}

// NewPublisher returns a Publisher, or KindAuth when the key has no key's form.
func NewPublisher(cfg Config) (*Publisher, error) {
	rest, err := ably.NewREST(cfg.options()...)
	if err != nil {
		return nil, app.E("open publisher", app.KindAuth, errors.New("the Ably key cannot be used"))
	}
	return &Publisher{cfg: cfg, rest: rest}, nil
}

// Publish says one hint. seq is the registry's: with sid it makes the message
// id, so that a retry is the same message.
func (p *Publisher) Publish(ctx context.Context, sid app.SessionID, ev app.Event, image app.ImageID, seq int64) error {
	return p.PublishFor(ctx, p.cfg.Practice, sid, ev, image, seq)
}

// PublishFor is Publish for a gateway that serves several practices.
func (p *Publisher) PublishFor(ctx context.Context, practice app.Practice, sid app.SessionID, ev app.Event, image app.ImageID, seq int64) error {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	name := Config{Practice: practice}.channel(sid)
	// ably-go keeps every channel it ever saw.
	defer p.rest.Channels.Release(name)
	err := p.rest.Channels.Get(name).PublishMultiple(ctx, []*ably.Message{{
		ID: fmt.Sprintf("%s:%d", sid, seq), Name: string(ev),
		Data: hintData{V: 1, ImageID: image, Seq: seq},
	}})
	if err != nil {
		return classify(ctx, "publish hint", err)
	}
	return nil
}

// Code is Ably's own number of an error of this package, such as 40160; 0 when
// it gave none.
func Code(err error) int {
	var c codeError
	if !errors.As(err, &c) {
		return 0
	}
	return c.code
}
