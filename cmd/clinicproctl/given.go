package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/egress"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/s3bucket"
)

// whereUsage explains the flag that says where secrets come from. They are
// never an argument: other users of a computer can read those.
const whereUsage = "where the names come from: env, a `file` of NAME=value lines that only you can read, or - for standard input"

// given reads names and values from where a flag says.
func given(where string, stdin io.Reader) (func(string) string, error) {
	var text []byte
	var err error
	switch where {
	case "env":
		return os.Getenv, nil
	case "-":
		text, err = io.ReadAll(io.LimitReader(stdin, 64<<10))
	default:
		var info os.FileInfo
		if info, err = os.Stat(where); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			return nil, sentence("The file " + where + " holds keys and can be read by others. Make it yours alone (chmod 600), then try again. Nothing was done.")
		}
		if err == nil {
			text, err = os.ReadFile(where)
		}
	}
	if err != nil {
		return nil, sentence("The file " + where + " cannot be read. Nothing was done.")
	}
	names, err := config.ParseEnv(string(text))
	if err != nil {
		return nil, sentence("What was given is not a list of NAME=value: " + err.Error() + ". Nothing was done.")
	}
	return func(name string) string { return strings.TrimSpace(names[name]) }, nil
}

// administrator is the cloud as whoever sets it up reaches it.
type administrator struct {
	bucket  s3bucket.Config
	redis   app.Sealed // the zero value where none is given
	gateway string
}

// adminNames are what the cloud commands read.
const adminNames = `Names it reads:
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY  an administrator's key
  AWS_REGION                                default ap-southeast-2
  S3_BUCKET_NAME                            default clinicpro-images-temp
  CLINICPRO_GATEWAY                         the gateway's origin, https://…; it may upload then
  REDIS_URL, or UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN
                                            an administrator's, for Redis users
  CLINICPRO_S3_ENDPOINT                     another S3 server's origin; not given: AWS
  CLINICPRO_IAM_ENDPOINT                    its IAM server's origin, where it has one
  CLINICPRO_S3_ENCRYPT                      "off" for a store that cannot encrypt
  CLINICPRO_ABLY_ENDPOINT                   another hub's origin, for the keys' files
  CLINICPRO_PROXY, CLINICPRO_CA_FILE        as the settings proxy and ca_file`

// readAdministrator names every missing value at once, and shows none.
func readAdministrator(get func(string) string, bucket string, days int) (administrator, error) {
	a := administrator{gateway: strings.TrimRight(get("CLINICPRO_GATEWAY"), "/")}
	var missing []string
	need := func(name string) string {
		v := get(name)
		if v == "" {
			missing = append(missing, name)
		}
		return v
	}
	or := func(name, otherwise string) string {
		if v := get(name); v != "" {
			return v
		}
		return otherwise
	}
	way, err := egress.New(get("CLINICPRO_PROXY"), get("CLINICPRO_CA_FILE"))
	if err != nil {
		return a, sentence("CLINICPRO_PROXY or CLINICPRO_CA_FILE cannot be used: " + err.Error() + ". Nothing was done.")
	}
	d := config.Default()
	a.bucket = s3bucket.Config{
		Region: or("AWS_REGION", d.Region), Bucket: or("S3_BUCKET_NAME", d.Bucket),
		AccessKey: need("AWS_ACCESS_KEY_ID"), SecretKey: app.Seal(need("AWS_SECRET_ACCESS_KEY")),
		Endpoint: get("CLINICPRO_S3_ENDPOINT"), IAMEndpoint: get("CLINICPRO_IAM_ENDPOINT"),
		Encrypt: get("CLINICPRO_S3_ENCRYPT") != "off", Gateway: a.gateway, LifeDays: int32(days), Way: way,
	}
	if bucket != "" {
		a.bucket.Bucket = bucket
	}
	if len(missing) > 0 {
		return a, sentence("Not given: " + strings.Join(missing, ", ") + ". Nothing was done.")
	}
	a.redis, err = redisOf(get)
	return a, err
}

// redisOf is the Redis address among the names; the zero value when none is.
func redisOf(get func(string) string) (app.Sealed, error) {
	if u := get("REDIS_URL"); u != "" {
		return app.Seal(u), nil
	}
	rest, token := get("UPSTASH_REDIS_REST_URL"), get("UPSTASH_REDIS_REST_TOKEN")
	if rest == "" && token == "" {
		return app.Sealed{}, nil
	}
	u, err := redisregistry.UpstashURL(rest, app.Seal(token))
	if err != nil {
		return app.Sealed{}, sentence("UPSTASH_REDIS_REST_URL must be the https address that Upstash shows, and UPSTASH_REDIS_REST_TOKEN its token. Nothing was done.")
	}
	return u, nil
}

// answer writes v as JSON, or what say writes.
func answer(w io.Writer, asJSON bool, v any, say func(io.Writer)) {
	if !asJSON {
		say(w)
		return
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
}

// failed says why a command ended, and returns its exit code.
func failed(stderr io.Writer, err error) int {
	fmt.Fprintln(stderr, err)
	return exitFailed
}
