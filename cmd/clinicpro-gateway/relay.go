package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
	_ "github.com/clinicpro-nz/images/app/config" // New Zealand's time zone, wherever this runs
	"github.com/clinicpro-nz/images/sync/alex"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/relay"
)

// alexSettings are what the relay to Medtech's ALEX is made of.
type alexSettings struct {
	alex.Config
	keysFile string
}

// leastSettle is a little over what one of our own calls to ALEX may take: a
// delivery must not be sent again while the one before is still being sent.
const leastSettle = 70 * time.Second

// readALEX returns nil where no relay is configured. Half a configuration is
// an error that names what is missing, and never a value.
func readALEX(env func(string) string) (*alexSettings, error) {
	names := []string{"ALEX_BASE_URL", "ALEX_TOKEN_URL", "ALEX_CLIENT_ID", "ALEX_CLIENT_SECRET", "ALEX_RELAY_KEYS"}
	var missing []string
	for _, name := range names {
		if strings.TrimSpace(env(name)) == "" {
			missing = append(missing, name)
		}
	}
	switch len(missing) {
	case len(names):
		return nil, nil
	case 0:
	default:
		return nil, fmt.Errorf("the relay to ALEX needs also: %s", strings.Join(missing, ", "))
	}
	c := &alexSettings{keysFile: env("ALEX_RELAY_KEYS"), Config: alex.Config{
		Base: strings.TrimSpace(env("ALEX_BASE_URL")), TokenURL: strings.TrimSpace(env("ALEX_TOKEN_URL")),
		LaunchBase: strings.TrimSpace(env("ALEX_LAUNCH_URL")), ClientID: strings.TrimSpace(env("ALEX_CLIENT_ID")),
		ClientSecret: app.Seal(strings.TrimSpace(env("ALEX_CLIENT_SECRET"))), Scope: strings.TrimSpace(env("ALEX_SCOPE")),
	}}
	if settle := env("ALEX_SETTLE"); settle != "" {
		d, err := time.ParseDuration(settle)
		if err != nil || d < leastSettle || d > time.Hour {
			return nil, fmt.Errorf("ALEX_SETTLE: want a time like 2m, from %s to 1h", leastSettle)
		}
		c.Settle = d
	}
	return c, nil
}

// relay builds what workstations reach ALEX through; nil where it is off.
func (c *alexSettings) relay(ctx context.Context, registry *redisregistry.Registry, log *slog.Logger) (http.Handler, error) {
	if c == nil {
		return nil, nil
	}
	client, err := alex.New(c.Config)
	if err != nil {
		return nil, fmt.Errorf("ALEX_BASE_URL or ALEX_TOKEN_URL: want an address like https://host/path")
	}
	r, err := relay.New(relay.Config{Record: client, Base: c.Base, KeysFile: c.keysFile, Log: log,
		Cache: func(p app.Practice) relay.Cache { return registry.ForPractice(p).Memory() }})
	if err != nil {
		return nil, fmt.Errorf("ALEX_RELAY_KEYS: the file cannot be read as one of “clinicproctl relay”")
	}
	go func() { // the first launch need not wait for the token
		if err := client.Warm(ctx); err != nil {
			log.Warn("no token yet", "code", app.CodeOf(err))
		}
	}()
	log.Info("relaying to the record system")
	return r, nil
}
