package gateway

import (
	"context"
	"errors"
	"net/url"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/ablyfeed"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/s3objects"
)

// Drivers are the cloud's three services, each for every practice.
type Drivers struct {
	Registry *redisregistry.Registry
	Objects  *s3objects.Objects
	Hints    *ablyfeed.Publisher
}

// For is Config.For over the drivers.
func (d Drivers) For(p app.Practice) Backend {
	return Backend{
		Sessions: d.Registry.ForPractice(p),
		Objects:  s3Objects{d.Objects.For(p)},
		Hints:    ablyHints{d.Hints, p},
	}
}

// Ready is Config.Ready over the drivers. Ably is left out: without hints the
// workstation polls, and everything still works.
func (d Drivers) Ready() []func(context.Context) error {
	return []func(context.Context) error{d.Registry.Ready, d.Objects.Ready}
}

type s3Objects struct{ *s3objects.Objects }

func (o s3Objects) PresignPut(ctx context.Context, sid app.SessionID, id app.ImageID, bytes int64, sum app.Digest) (Upload, error) {
	u, err := o.Objects.PresignPut(ctx, sid, id, bytes, sum)
	return Upload(u), err
}

type ablyHints struct {
	to       *ablyfeed.Publisher
	practice app.Practice
}

func (h ablyHints) Publish(ctx context.Context, sid app.SessionID, ev app.Event, image app.ImageID, seq int64) error {
	return h.to.PublishFor(ctx, h.practice, sid, ev, image, seq)
}

// S3Origin is where the upload links lead, for Config.S3Origin: it signs one
// (which asks nobody) and looks.
func (d Drivers) S3Origin(ctx context.Context) (string, error) {
	const noPractice, noImage = "origin", app.ImageID("00000000-0000-7000-8000-000000000000")
	link, err := d.Objects.For(noPractice).PresignPut(ctx, app.NewSessionID(), noImage, 1, digest(nil))
	if err != nil {
		return "", err
	}
	u, err := url.Parse(link.URL)
	if err != nil {
		return "", app.E("read upload link", app.KindBug, errors.New("not a URL"))
	}
	return u.Scheme + "://" + u.Host, nil
}
