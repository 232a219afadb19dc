package main

import (
	"encoding/json"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/localcloud/ready"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/workstation"
)

// givenServers is a cloud that somebody else runs. Where is "env", for the
// environment, or a file of mode 0600: a local cloud's ready.json, or a JSON
// object of text with the environment's names. The names are those of
// clinicpro-gateway, and
//
//	CLINICPRO_GATEWAY   the gateway's origin as phones open it
//	CLINICPRO_PRACTICE  the practice's short name
//
// The keys are a workstation's: they list, read and delete.
func givenServers(where string) (*servers, error) {
	cloud, err := givenCloud(where)
	if err != nil {
		return nil, err
	}
	return &servers{what: "a cloud that was given; nobody counts at its servers", cloud: cloud, stop: func() {}}, nil
}

func givenCloud(where string) (workstation.Cloud, error) {
	if where == "env" {
		return cloudOf(os.Getenv)
	}
	info, err := os.Stat(where)
	if err != nil {
		return workstation.Cloud{}, sentence("The file " + where + " cannot be read. Nothing was simulated.")
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return workstation.Cloud{}, sentence("The file " + where + " holds keys and can be read by others. Make it yours alone (chmod 600), then try again.")
	}
	text, err := os.ReadFile(where)
	if err != nil {
		return workstation.Cloud{}, sentence("The file " + where + " cannot be read. Nothing was simulated.")
	}
	var r ready.Ready
	if json.Unmarshal(text, &r) == nil && r.Ready {
		return workstation.LocalCloud(r)
	}
	var names map[string]string
	if json.Unmarshal(text, &names) != nil {
		return workstation.Cloud{}, sentence("The file " + where + " is neither a ready.json nor a JSON object of text. Nothing was simulated.")
	}
	return cloudOf(func(name string) string { return names[name] })
}

// cloudOf names every missing value at once, and never shows one.
func cloudOf(get func(string) string) (c workstation.Cloud, err error) {
	var missing []string
	need := func(name string) string {
		v := strings.TrimSpace(get(name))
		if v == "" {
			missing = append(missing, name)
		}
		return v
	}
	c.Base = strings.TrimRight(need("CLINICPRO_GATEWAY"), "/")
	practice := need("CLINICPRO_PRACTICE")
	c.S3.Region, c.S3.Bucket = need("AWS_REGION"), need("S3_BUCKET_NAME")
	c.S3.AccessKey, c.S3.SecretKey = need("AWS_ACCESS_KEY_ID"), app.Seal(need("AWS_SECRET_ACCESS_KEY"))
	c.S3.Endpoint, c.S3.Encrypt = get("CLINICPRO_S3_ENDPOINT"), get("CLINICPRO_S3_ENCRYPT") != "off"
	c.Ably.Key = app.Seal(need("ABLY_API_KEY"))
	c.Redis = app.Seal(strings.TrimSpace(get("REDIS_URL")))
	var rest, token string
	if c.Redis.IsZero() {
		rest, token = need("UPSTASH_REDIS_REST_URL"), need("UPSTASH_REDIS_REST_TOKEN")
	}
	if len(missing) > 0 {
		return c, sentence("Not given: " + strings.Join(missing, ", ") + " (REDIS_URL may stand for the two of Upstash). Nothing was simulated.")
	}
	if c.Practice, err = app.ParsePractice(practice); err != nil {
		return c, sentence("CLINICPRO_PRACTICE must be 3 to 40 of a-z, 0-9 and -. Nothing was simulated.")
	}
	if c.Redis.IsZero() {
		if c.Redis, err = redisregistry.UpstashURL(rest, app.Seal(token)); err != nil {
			return c, sentence("UPSTASH_REDIS_REST_URL must be the https address that Upstash shows. Nothing was simulated.")
		}
	}
	if hub := get("CLINICPRO_ABLY_ENDPOINT"); hub != "" {
		u, err := url.Parse(hub)
		if err != nil || u.Hostname() == "" {
			return c, sentence("CLINICPRO_ABLY_ENDPOINT must be an origin like https://host. Nothing was simulated.")
		}
		c.Ably.Host, c.Ably.PlainText = u.Hostname(), u.Scheme == "http"
		c.Ably.Port, _ = strconv.Atoi(u.Port()) // "": the scheme's own
	}
	return c, nil
}
