package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/ablyfeed"
	"github.com/clinicpro-nz/images/sync/egress"
	"github.com/clinicpro-nz/images/sync/gateway"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/s3objects"
)

// settings are the environment, read once.
type settings struct {
	listen    string
	redisURL  app.Sealed
	s3        s3objects.Config
	ably      ablyfeed.Config
	proxyHops int
	way       *egress.Way
	alex      *alexSettings // nil: nothing is relayed to a record system
}

// readSettings names every missing variable at once, and never a value.
func readSettings(env func(string) string) (settings, error) {
	env, err := layered(env)
	if err != nil {
		return settings{}, err
	}
	way, err := egress.New(env("CLINICPRO_PROXY"), env("CLINICPRO_CA_FILE"))
	if err != nil {
		return settings{}, fmt.Errorf("CLINICPRO_PROXY or CLINICPRO_CA_FILE: %w", err)
	}
	var missing []string
	need := func(name string) string {
		v := strings.TrimSpace(env(name))
		if v == "" {
			missing = append(missing, name)
		}
		return v
	}
	c := settings{
		way:    way,
		listen: env("CLINICPRO_LISTEN"),
		s3: s3objects.Config{
			Region: need("AWS_REGION"), Bucket: need("S3_BUCKET_NAME"),
			AccessKey: need("AWS_ACCESS_KEY_ID"), SecretKey: app.Seal(need("AWS_SECRET_ACCESS_KEY")),
			Endpoint: env("CLINICPRO_S3_ENDPOINT"), PublicEndpoint: env("CLINICPRO_S3_PUBLIC_ENDPOINT"),
			Encrypt: env("CLINICPRO_S3_ENCRYPT") != "off", Way: way,
		},
		ably: ablyfeed.Config{Key: app.Seal(need("ABLY_API_KEY")), Way: way},
	}
	if c.listen == "" {
		c.listen = ":8080"
	}
	upstash := env("REDIS_URL") == ""
	var rest, token string
	if upstash {
		rest, token = need("UPSTASH_REDIS_REST_URL"), need("UPSTASH_REDIS_REST_TOKEN")
	}
	if len(missing) > 0 {
		return settings{}, fmt.Errorf("not set: %s (REDIS_URL may stand for the two of Upstash)", strings.Join(missing, ", "))
	}
	c.redisURL = app.Seal(strings.TrimSpace(env("REDIS_URL")))
	if upstash {
		u, err := redisregistry.UpstashURL(rest, app.Seal(token))
		if err != nil {
			return settings{}, err
		}
		c.redisURL = u
	}
	alexSettings, err := readALEX(env)
	if err != nil {
		return settings{}, err
	}
	c.alex = alexSettings
	ably, err := c.ably.At(env("CLINICPRO_ABLY_ENDPOINT"))
	if err != nil {
		return settings{}, fmt.Errorf("CLINICPRO_ABLY_ENDPOINT: want an origin like https://host or http://host:port")
	}
	c.ably = ably
	if hops := env("CLINICPRO_PROXY_HOPS"); hops != "" {
		n, err := strconv.Atoi(hops)
		if err != nil || n < 0 || n > 10 {
			return settings{}, fmt.Errorf("CLINICPRO_PROXY_HOPS: want a number from 0 to 10")
		}
		c.proxyHops = n
	}
	return c, nil
}

// gatewayConnections let one copy serve a few hundred calls a second.
const gatewayConnections = 16

func (c settings) drivers() (gateway.Drivers, error) {
	var d gateway.Drivers
	var err error
	if d.Registry, err = redisregistry.New(redisregistry.Config{URL: c.redisURL, PoolSize: gatewayConnections, Way: c.way}); err != nil {
		return d, err
	}
	if d.Objects, err = s3objects.New(c.s3); err != nil {
		return d, err
	}
	d.Hints, err = ablyfeed.NewPublisher(c.ably)
	return d, err
}
