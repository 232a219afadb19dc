package main

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/ablyfeed"
	"github.com/clinicpro-nz/images/sync/folder"
	"github.com/clinicpro-nz/images/sync/localcloud/ready"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/s3objects"
)

// cloud is where the services are and what opens them: from the local cloud's
// ready line, or from the settings and the keyring.
type cloud struct {
	redis, s3Secret       app.Sealed
	s3Key, region, bucket string
	s3Endpoint            string
	encrypt               bool
	ably                  ablyfeed.Config
}

func (a *agent) cloud(ctx context.Context, r ready.Ready) (cloud, error) {
	if a.o.local {
		host, port, err := hostPort(r.Base)
		return cloud{
			redis: app.Seal(r.Redis), s3Key: r.Workstation.AccessKey, s3Secret: app.Seal(r.Workstation.SecretKey),
			region: r.Region, bucket: r.Bucket, s3Endpoint: r.Base,
			ably: ablyfeed.Config{Key: app.Seal(r.Workstation.AblyKey), Host: host, Port: port, PlainText: true},
		}, err
	}
	c := cloud{region: a.cfg.Region, bucket: a.cfg.Bucket, s3Endpoint: a.cfg.S3Endpoint,
		ably: ablyfeed.Config{Host: a.cfg.AblyEndpoint}, encrypt: a.cfg.S3Encrypts}
	var s3Key app.Sealed
	for name, into := range map[string]*app.Sealed{
		config.SecretRedis: &c.redis, config.SecretS3Key: &s3Key, config.SecretS3Secret: &c.s3Secret, config.SecretAbly: &c.ably.Key,
	} {
		secret, err := a.vault.Get(ctx, name)
		if err != nil {
			return cloud{}, err
		}
		*into = secret
	}
	c.s3Key = s3Key.Reveal()
	return c, nil
}

// hostPort takes a local cloud's origin apart.
func hostPort(base string) (string, int, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", 0, app.E("read the local cloud's address", app.KindCorrupt, err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		return "", 0, app.E("read the local cloud's address", app.KindCorrupt, err)
	}
	return u.Hostname(), port, nil
}

// ports connects the drivers. None of them dials here: what is down is
// retried by the engine, and shown.
func (a *agent) ports(ctx context.Context, spool app.Spool, r ready.Ready) (app.Ports, func(), error) {
	c, err := a.cloud(ctx, r)
	if err != nil {
		return app.Ports{}, nil, err
	}
	registry, err := redisregistry.New(redisregistry.Config{URL: c.redis, Practice: a.cfg.Practice})
	if err != nil {
		return app.Ports{}, nil, err
	}
	objects, err := s3objects.New(s3objects.Config{Region: c.region, Bucket: c.bucket, Endpoint: c.s3Endpoint,
		AccessKey: c.s3Key, SecretKey: c.s3Secret, Practice: a.cfg.Practice, Encrypt: c.encrypt})
	if err != nil {
		_ = registry.Shut()
		return app.Ports{}, nil, err
	}
	c.ably.Practice, c.ably.Log = a.cfg.Practice, a.log
	feed := ablyfeed.New(c.ably)
	return app.Ports{
		Registry: registry, Objects: objects, Feed: feed, Spool: spool,
		Sink: folder.New(a.cfg.Folder), Darkroom: a.darkroom, Now: time.Now, Log: a.log,
	}, func() { _ = registry.Shut() }, nil
}
