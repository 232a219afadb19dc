package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/durable"
	"github.com/clinicpro-nz/images/sync/egress"
	"github.com/clinicpro-nz/images/sync/workstation"
)

// names are the secrets as files and environment have them, with their names
// in the keyring. Upstash's two stand for REDIS_URL.
var names = map[string]string{
	"AWS_ACCESS_KEY_ID": config.SecretS3Key, "AWS_SECRET_ACCESS_KEY": config.SecretS3Secret,
	"REDIS_URL": config.SecretRedis, "ABLY_API_KEY": config.SecretAbly,
}

// optional are the names that an enrolment may go without: of a record system.
var optional = map[string]string{"CLINICPRO_RELAY_KEY": config.SecretRelay, "ALEX_CLIENT_SECRET": config.SecretALEX}

// keyringName is a name's in the keyring; "" for no secret's.
func keyringName(name string) string { return cmp.Or(names[name], optional[name]) }

// secretNamesInOrder are all of them.
func secretNamesInOrder() []string {
	return append(slices.Sorted(maps.Keys(names)), slices.Sorted(maps.Keys(optional))...)
}

// nameOf is a keyring's name as files and environment have it.
func nameOf(secret string) string {
	for _, name := range secretNamesInOrder() {
		if keyringName(name) == secret {
			return name
		}
	}
	return secret
}

// practiceNames reads what a practice's enrolment is made of from where a flag
// says, and fills gateway in unless its own flag has. What is missing is named,
// all of it at once, followed by untouched: what was therefore not done.
func practiceNames(where string, stdin io.Reader, gateway *string, untouched string) (get func(string) string, secrets map[string]app.Sealed, err error) {
	if get, err = given(where, stdin); err != nil {
		return nil, nil, err
	}
	secrets, missing, err := secretsOf(get)
	if err != nil {
		return nil, nil, err
	}
	if *gateway == "" {
		*gateway = get("CLINICPRO_GATEWAY")
	}
	if *gateway == "" {
		missing = append(missing, "CLINICPRO_GATEWAY (or -gateway)")
	}
	if len(missing) > 0 {
		return nil, nil, sentence("Not given: " + strings.Join(missing, ", ") + ". " + untouched)
	}
	return get, secrets, nil
}

// secretsOf are the secrets among names; missing are those that are not there.
func secretsOf(get func(string) string) (secrets map[string]app.Sealed, missing []string, err error) {
	secrets = map[string]app.Sealed{}
	redis, err := redisOf(get)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		value := app.Seal(strings.TrimSpace(get(name)))
		if name == "REDIS_URL" {
			value = redis
		}
		if value.IsZero() {
			missing = append(missing, name)
			continue
		}
		secrets[names[name]] = value
	}
	for name, secret := range optional {
		if value := app.Seal(strings.TrimSpace(get(name))); !value.IsZero() {
			secrets[secret] = value
		}
	}
	return secrets, missing, nil
}

// settingsOf is the TOML of what is not secret among the names, for the
// practice and gateway given.
func settingsOf(get func(string) string, practice, practiceName, gateway, recovery, support string) string {
	var b strings.Builder
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s = %s\n", key, strconv.Quote(value))
		}
	}
	line("practice", practice)
	line("practice_name", practiceName)
	line("gateway", strings.TrimRight(gateway, "/"))
	line("support", support)
	line("recovery_recipient", recovery)
	line("region", get("AWS_REGION"))
	line("bucket", get("S3_BUCKET_NAME"))
	line("s3_endpoint", get("CLINICPRO_S3_ENDPOINT"))
	if get("CLINICPRO_S3_ENCRYPT") == "off" {
		b.WriteString("s3_encrypts = false\n")
	}
	line("ably_endpoint", get("CLINICPRO_ABLY_ENDPOINT"))
	line("proxy", get("CLINICPRO_PROXY"))
	line("ca_file", get("CLINICPRO_CA_FILE"))
	return b.String()
}

// held is a vault of secrets that are in no keyring yet.
type held map[string]app.Sealed

func (h held) Get(_ context.Context, name string) (app.Sealed, error) {
	if s, there := h[name]; there {
		return s, nil
	}
	return app.Sealed{}, app.E("read secret", app.KindNotFound, errors.New("not given"))
}

func (h held) Set(_ context.Context, name string, secret app.Sealed) error {
	h[name] = secret
	return nil
}

func (h held) Delete(_ context.Context, name string) error {
	delete(h, name)
	return nil
}

// tryThem asks each service whether it takes the secrets, and shows how that
// went. False when one does not.
func tryThem(ctx context.Context, cfg config.Config, secrets map[string]app.Sealed, show func(finding)) (bool, error) {
	way, err := egress.New(cfg.Proxy, cfg.CAFile)
	if err != nil {
		return false, sentence("The settings proxy and ca_file cannot be used: " + app.Cause(err) + ". Nothing was stored.")
	}
	way.Install()
	d := &doctor{cfg: cfg, way: way, show: show, vault: held(secrets)}
	if d.cloud, err = workstation.EnrolledCloud(ctx, cfg, held(secrets)); err != nil {
		return false, sentence("The settings cannot be used: " + app.Cause(err) + ". Nothing was stored.")
	}
	s3, redis, ably := d.s3(ctx), d.redis(ctx), d.ably(ctx)
	record := cfg.Record.System == "" || d.record(ctx)
	return s3 && redis && ably && record, nil
}

// store puts secrets into the keyring, all or none: what was there before
// comes back when one cannot be stored.
func store(ctx context.Context, vault app.Vault, secrets map[string]app.Sealed) error {
	before := map[string]app.Sealed{}
	for name := range secrets {
		was, err := vault.Get(ctx, name)
		switch app.KindOf(err) {
		case "":
			before[name] = was
		case app.KindNotFound:
		default:
			return sentence("The keyring does not answer: unlock it (sign out and in), then try again. Nothing was stored.")
		}
	}
	var done []string
	for name, secret := range secrets {
		if err := vault.Set(ctx, name, secret); err != nil {
			for _, n := range done {
				if was, had := before[n]; had {
					_ = vault.Set(ctx, n, was)
				} else {
					_ = vault.Delete(ctx, n)
				}
			}
			if app.KindOf(err) == app.KindTooLarge {
				return sentence(nameOf(name) + " is longer than a keyring takes (2,560 bytes). Nothing was stored.")
			}
			return sentence("The keyring does not take secrets: unlock it (sign out and in), then try again. Nothing was stored.")
		}
		done = append(done, name)
	}
	return nil
}

// enrolThis makes this user's workstation the practice's: secrets into the
// keyring, settings beside the user's own.
func enrolThis(ctx context.Context, vault app.Vault, dir string, e config.Enrolment) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return sentence("The folder " + dir + " cannot be made. Nothing was stored.")
	}
	if err := store(ctx, vault, e.Secrets); err != nil {
		return err
	}
	path := filepath.Join(dir, config.EnrolmentFile)
	if err := replaceFile(path, []byte(e.Settings)); err != nil {
		return sentence("The secrets are in the keyring, but " + path + " cannot be written. Put that right, then run this again.")
	}
	return nil
}

// replaceFile writes a file whole, in the place of an earlier one.
func replaceFile(path string, text []byte) error {
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := durable.WriteFile(fresh, text); err != nil {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(path))
}

// newFile writes a file that must not be there yet, for its owner alone.
func newFile(path string, text []byte) error {
	if _, err := os.Lstat(path); err == nil {
		return sentence(path + " is there already: choose another name. Nothing was overwritten.")
	}
	if err := durable.WriteFile(path, text); err != nil {
		return sentence(path + " cannot be written.")
	}
	return nil
}

// toStderr shows findings as they come.
func toStderr(w io.Writer) func(finding) { return func(f finding) { showFinding(w, f) } }
