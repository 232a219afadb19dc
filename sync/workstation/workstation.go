// Package workstation puts the drivers together as a workstation has them: it
// connects the ports of an app.Engine from addresses and secrets, opens sealed
// images, and draws new sessions. The agent and the console build on it, so
// that both are the same workstation. It links none of the local cloud's
// servers.
package workstation

import (
	"context"
	"log/slog"
	"net/url"
	"strconv"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/ablyfeed"
	"github.com/clinicpro-nz/images/sync/egress"
	"github.com/clinicpro-nz/images/sync/folder"
	"github.com/clinicpro-nz/images/sync/localcloud/ready"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/s3objects"
)

// Cloud is where the services are and what opens them.
type Cloud struct {
	Base     string // the gateway's origin as phones reach it, no trailing slash
	Practice app.Practice
	Redis    app.Sealed       // redis:// or rediss://, with user and password
	S3       s3objects.Config // without Practice: Connect sets it
	Ably     ablyfeed.Config  // without Practice and Log: Connect sets them
	Way      *egress.Way      // how all of them leave this machine; nil: the system's own
}

// LocalCloud is the cloud that a local cloud's ready line describes.
// KindCorrupt when the line is none.
func LocalCloud(r ready.Ready) (Cloud, error) {
	const op = "read the local cloud's address"
	practice, err := app.ParsePractice(r.Practice)
	if err != nil {
		return Cloud{}, err
	}
	u, err := url.Parse(r.Base)
	if err != nil {
		return Cloud{}, app.E(op, app.KindCorrupt, err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		return Cloud{}, app.E(op, app.KindCorrupt, err)
	}
	way, err := egress.New(egress.None, "")
	if err != nil {
		return Cloud{}, err
	}
	return Cloud{
		Way: way, Base: r.Base, Practice: practice, Redis: app.Seal(r.Redis),
		S3: s3objects.Config{Region: r.Region, Bucket: r.Bucket, Endpoint: r.Base,
			AccessKey: r.Workstation.AccessKey, SecretKey: app.Seal(r.Workstation.SecretKey)},
		Ably: ablyfeed.Config{Key: app.Seal(r.Workstation.AblyKey), Host: u.Hostname(), Port: port, PlainText: true},
	}, nil
}

// EnrolledCloud is the cloud that the settings name, opened with the secrets
// of the keyring. The error is the keyring's when one cannot be had, and that
// of egress.New or of ablyfeed.Config.At for a setting that cannot be used.
func EnrolledCloud(ctx context.Context, cfg config.Config, vault app.Vault) (Cloud, error) {
	ably, err := ablyfeed.Config{}.At(cfg.AblyEndpoint)
	if err != nil {
		return Cloud{}, err
	}
	way, err := egress.New(cfg.Proxy, cfg.CAFile)
	if err != nil {
		return Cloud{}, err
	}
	c := Cloud{
		Way: way, Base: cfg.Gateway, Practice: cfg.Practice, Ably: ably,
		S3: s3objects.Config{Region: cfg.Region, Bucket: cfg.Bucket, Endpoint: cfg.S3Endpoint, Encrypt: cfg.S3Encrypts},
	}
	var s3Key app.Sealed
	for name, into := range map[string]*app.Sealed{
		config.SecretRedis: &c.Redis, config.SecretS3Key: &s3Key, config.SecretS3Secret: &c.S3.SecretKey, config.SecretAbly: &c.Ably.Key,
	} {
		secret, err := vault.Get(ctx, name)
		if err != nil {
			return Cloud{}, err
		}
		*into = secret
	}
	c.S3.AccessKey = s3Key.Reveal()
	return c, nil
}

// FolderOf is the practice folder as the settings say.
func FolderOf(c config.Config) folder.Config {
	return folder.Config{Dir: c.Folder, Sidecar: c.Filing.Sidecar, Template: c.NameTemplate, Practice: c.PracticeName, Zone: c.Zone()}
}

// SinksOf names the sinks that a filing goes to: those chosen, or (nil) the
// practice's. The folder among them stands for its pictures, its documents, or
// both, as the settings say.
func SinksOf(c config.Config, chosen []string) (out []string) {
	if chosen == nil {
		chosen = c.Record.Sinks
	}
	if len(chosen) == 0 {
		chosen = []string{folder.NameImages}
	}
	for _, name := range chosen {
		if name != folder.NameImages {
			out = append(out, name)
			continue
		}
		if c.Filing.As != config.FormPDF {
			out = append(out, folder.NameImages)
		}
		if c.Filing.As != config.FormImages {
			out = append(out, folder.NamePDF)
		}
	}
	return out
}

// Parts are what a workstation adds of its own to a cloud.
type Parts struct {
	Spool    app.Spool
	Darkroom app.Darkroom
	Audit    app.Audit // nil: nothing is noted
	Folder   folder.Config
	Record   []app.Sink // of the practice's record system; nil: none
	Log      *slog.Logger
}

// Connect makes an engine's ports of the cloud's drivers and the
// workstation's own parts. No driver dials here: what is down is retried by
// the engine, and shown. closePorts ends the connections once the engine has
// stopped. An error is a wrong setting, never a service that does not answer.
func (c Cloud) Connect(p Parts) (ports app.Ports, closePorts func(), err error) {
	registry, err := redisregistry.New(redisregistry.Config{URL: c.Redis, Practice: c.Practice, Way: c.Way})
	if err != nil {
		return app.Ports{}, nil, err
	}
	c.S3.Practice, c.S3.Way, c.Ably.Way = c.Practice, c.Way, c.Way
	objects, err := s3objects.New(c.S3)
	if err != nil {
		_ = registry.Shut()
		return app.Ports{}, nil, err
	}
	c.Ably.Practice, c.Ably.Log = c.Practice, p.Log
	return app.Ports{
		Registry: registry, Amendments: registry, Kept: registry, Inviter: inviter{c.Base, c.Practice, time.Now}, Objects: objects, Feed: ablyfeed.New(c.Ably), Spool: p.Spool,
		Sinks: append([]app.Sink{folder.New(p.Folder), folder.NewPDF(p.Folder)}, p.Record...), Darkroom: p.Darkroom, Audit: p.Audit, Now: time.Now, Log: p.Log,
	}, func() { _ = registry.Shut() }, nil
}
