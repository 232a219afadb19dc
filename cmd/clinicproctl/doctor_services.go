package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/ablyfeed"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/s3objects"
	"github.com/clinicpro-nz/images/ui/text"
)

// s3 tries the key, the bucket and what a phone's browser needs of it.
func (d *doctor) s3(ctx context.Context) bool {
	cfg := d.cloud.S3
	cfg.Practice, cfg.Way = d.cfg.Practice, d.way
	objects, err := s3objects.New(cfg)
	if err != nil {
		return d.step("S3", func() (string, text.FaultCode) { return "", text.FaultNotEnrolled })
	}
	ok := true
	for _, t := range objects.Try(ctx) {
		f := finding{Step: "S3: " + t.What, Verdict: stepFine, MS: t.Took.Milliseconds()}
		if t.Err != nil {
			f.Verdict, f.Fault = stepFault, s3Fault(t.Err)
			f.What, f.Do = text.Fault(f.Fault)
			f.Detail = s3objects.Code(t.Err)
			ok = false
		}
		d.note(f)
	}
	if !ok {
		return false
	}
	return d.step("S3: nobody else's images", func() (string, text.FaultCode) {
		if objects.SeesOthers(ctx) {
			return "", text.FaultTooWide
		}
		return "refused, as it should be", ""
	})
}

// preflight asks the bucket as a phone's browser does, from the gateway's page.
func (d *doctor) preflight(ctx context.Context) bool {
	cfg := d.cloud.S3
	cfg.Practice, cfg.Way = d.cfg.Practice, d.way
	objects, err := s3objects.New(cfg)
	if err != nil {
		return false // the keyring's step has said so
	}
	return d.step("S3: upload by a phone's browser", func() (string, text.FaultCode) {
		allowed, status, err := objects.Preflight(ctx, d.cfg.Gateway)
		if err != nil {
			return "", faultOf(err)
		}
		if allowed != d.cfg.Gateway && allowed != "*" || status >= 300 {
			return fmt.Sprintf("the preflight from %s answered %d", d.cfg.Gateway, status), text.FaultCORS
		}
		return "allowed from " + d.cfg.Gateway, ""
	})
}

// s3Fault is faultOf for an answer of the store's. One without S3's own code
// is none of S3's.
func s3Fault(err error) text.FaultCode {
	code := faultOf(err)
	if k := app.KindOf(err); code == text.FaultUnknown && s3objects.Code(err) == "" && k != app.KindOffline {
		return text.FaultNoS3
	}
	return code
}

func (d *doctor) redis(ctx context.Context) bool {
	registry, err := redisregistry.New(redisregistry.Config{URL: d.cloud.Redis, Practice: d.cfg.Practice, PoolSize: 1, Way: d.way})
	if err != nil {
		return d.step("Redis", func() (string, text.FaultCode) { return "", text.FaultRedisPassword })
	}
	defer registry.Shut()
	var tried redisregistry.Tried
	ok := d.step("Redis: own sessions", func() (string, text.FaultCode) {
		if tried, err = registry.Try(ctx); err != nil {
			return "", faultOf(err)
		}
		if off := now().Sub(tried.Clock); off.Abs() > clockLimit {
			return off.Round(time.Second).String() + " off the server's clock", text.FaultClock
		}
		return fmt.Sprintf("%.2f ms a command; it does not say how many commands are left", float64(tried.RoundTrip.Microseconds())/1000), ""
	})
	if !ok {
		return false
	}
	return d.step("Redis: nobody else's sessions", func() (string, text.FaultCode) {
		if tried.TooWide {
			return "", text.FaultRedisTooWide
		}
		return "refused, as it should be", ""
	})
}

// attachWithin is how long Ably may take to let the workstation listen.
const attachWithin = 12 * time.Second

var errHealthy = errors.New("listening")

func (d *doctor) ably(ctx context.Context) bool {
	cfg := d.cloud.Ably
	cfg.Practice, cfg.Way = d.cfg.Practice, d.way
	ok := d.step("Ably: listen", func() (string, text.FaultCode) {
		listenCtx, cancel := context.WithTimeoutCause(ctx, attachWithin, context.DeadlineExceeded)
		defer cancel()
		heard, stop := context.WithCancelCause(listenCtx)
		defer stop(nil)
		err := ablyfeed.New(cfg).Listen(heard, app.NewSessionID(), func(s app.Signal) {
			if s.Healthy {
				stop(errHealthy)
			}
		})
		switch {
		case errors.Is(context.Cause(heard), errHealthy):
			return "attached to cp:" + string(d.cfg.Practice) + ":…", ""
		case err != nil:
			code := faultOf(err)
			if code == text.FaultUnknown {
				code = text.FaultAblyKey
			}
			return fmt.Sprintf("Ably code %d", ablyfeed.Code(err)), code
		}
		return "not attached within " + attachWithin.String(), text.FaultAway
	})
	if !ok {
		return false
	}
	return d.step("Ably: listens only", func() (string, text.FaultCode) {
		publisher, err := ablyfeed.NewPublisher(cfg)
		if err != nil {
			return "", text.FaultAblyKey
		}
		if err := publisher.Publish(ctx, app.NewSessionID(), app.EventSessionClosed, "", 1); err == nil {
			return "", text.FaultAblyTooWide
		}
		return "publishing is refused, as it should be", ""
	})
}

// endpoints are the six of the session API (docs/contracts.md), asked without
// a key: each has to refuse in the gateway's own way.
var endpoints = [][2]string{
	{http.MethodPost, "claim"}, {http.MethodGet, "status"}, {http.MethodPost, "uploads"}, {http.MethodPost, "images"},
	{http.MethodDelete, "images/00000000-0000-7000-8000-000000000000"}, {http.MethodPost, "done"},
}

func (d *doctor) gateway(ctx context.Context) bool {
	client := &http.Client{Transport: d.way.Transport(), Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	ask := func(method, path string) (*http.Response, string, error) {
		req, err := http.NewRequestWithContext(ctx, method, d.cfg.Gateway+path, strings.NewReader("{}"))
		if err != nil {
			return nil, "", err
		}
		if method == http.MethodGet {
			req.Body = http.NoBody
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := client.Do(req)
		if err != nil {
			return nil, "", err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
		return res, string(body), err
	}
	ok := d.step("gateway: page", func() (string, text.FaultCode) {
		res, body, err := ask(http.MethodGet, "/p/"+string(d.cfg.Practice)+"/doctor")
		if err != nil {
			if code := wayFault(err); code != "" {
				return "", code
			}
			return "", text.FaultAway
		}
		policy := res.Header.Get("Content-Security-Policy")
		if res.StatusCode != http.StatusOK || policy == "" || !strings.Contains(body, "/assets/") {
			return fmt.Sprintf("answered %d", res.StatusCode), text.FaultNoGateway
		}
		if origin := d.bucketOrigin(ctx); origin != "" && !strings.Contains(policy, origin) {
			return "the page may not upload to " + origin, text.FaultOtherBucket
		}
		return "served, and may upload to the bucket", ""
	})
	if !ok {
		return false
	}
	ok = d.step("gateway: six endpoints", func() (string, text.FaultCode) {
		for _, e := range endpoints {
			res, body, err := ask(e[0], "/api/medtech/session/"+e[1])
			if err != nil {
				return e[1], text.FaultAway
			}
			var problem struct{ Code string }
			if json.Unmarshal([]byte(body), &problem) != nil || problem.Code == "" || res.StatusCode < 400 {
				return fmt.Sprintf("%s %s answered %d", e[0], e[1], res.StatusCode), text.FaultNoGateway
			}
		}
		return "each refuses a stranger", ""
	})
	return d.step("gateway: its own services", func() (string, text.FaultCode) {
		res, _, err := ask(http.MethodGet, "/readyz")
		if err != nil {
			return "", text.FaultAway
		}
		if res.StatusCode != http.StatusOK {
			return fmt.Sprintf("answered %d", res.StatusCode), text.FaultNotReady
		}
		return "Redis and S3 answer it", ""
	}) && ok
}

// bucketOrigin is where this workstation's settings say that phones upload to.
func (d *doctor) bucketOrigin(ctx context.Context) string {
	cfg := d.cloud.S3
	if cfg.Bucket == "" || cfg.AccessKey == "" {
		return ""
	}
	cfg.Practice = d.cfg.Practice
	objects, err := s3objects.New(cfg)
	if err != nil {
		return ""
	}
	link, _, err := objects.UploadLink(ctx)
	if err != nil {
		return ""
	}
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
