// Package config reads the agent's settings: defaults, then a TOML file, then
// flags. No secret is a setting: those live in the OS keyring. An unknown key
// is an error that names its line.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
	_ "time/tzdata" // Windows has no zone files

	"filippo.io/age"
	"github.com/pelletier/go-toml/v2"

	"github.com/clinicpro-nz/images/app"
)

// Config is everything about a workstation that is not secret.
type Config struct {
	Practice     app.Practice `toml:"practice"`
	PracticeName string       `toml:"practice_name"`
	Gateway      string       `toml:"gateway"`       // origin that phones open: https://images.example.nz
	Region       string       `toml:"region"`        // S3 region
	Bucket       string       `toml:"bucket"`        // S3 bucket
	S3Endpoint   string       `toml:"s3_endpoint"`   // empty: AWS
	S3Encrypts   bool         `toml:"s3_encrypts"`   // the store encrypts at rest (SSE-S3)
	AblyEndpoint string       `toml:"ably_endpoint"` // the hub's origin; empty: Ably
	Folder       string       `toml:"folder"`        // where filed images go
	NameTemplate string       `toml:"name_template"`
	// RetentionDays is how long a session stays on the workstation once nothing
	// is left to do with it: 1 to 90.
	RetentionDays int `toml:"retention_days"`
	// TimeZone is the practice's, an IANA name: it decides the date on a record.
	TimeZone string    `toml:"time_zone"`
	Recovery Recipient `toml:"recovery_recipient"` // empty: the workstation alone can open its spool
	Phone    Phone     `toml:"phone"`
	Desktop  Desktop   `toml:"desktop"`
	Local    bool      `toml:"local"` // local mode, chosen in the first run; never where a gateway is named
}

// Phone is what the practice asks of the phone page.
type Phone struct {
	Consent bool         `toml:"consent"`   // who agrees to the photos, before the first
	Require []app.Detail `toml:"require"`   // of site, side, view, type: asked for once
	Target  int64        `toml:"target_kb"` // a photo's size to aim below, 200 to 10000 (1 kB is 1000 bytes)
}

// Asks are the settings of the phone page as app.Start takes them.
func (c Config) Asks() app.Asks {
	return app.Asks{Consent: c.Phone.Consent, Require: c.Phone.Require, Target: c.Phone.Target * 1000}
}

// Recipient is an age X25519 recipient, "age1…": the public half of the
// practice's recovery key. The zero value is none.
type Recipient struct{ text string }

// UnmarshalText reads a recipient. Its error repeats nothing of the text,
// which may be the private half put there by mistake.
func (r *Recipient) UnmarshalText(text []byte) error {
	if strings.HasPrefix(strings.ToUpper(string(text)), "AGE-SECRET-KEY") {
		return errors.New("recovery_recipient: this is the private half of the recovery key: remove it from this computer, and put the line that begins with age1 here")
	}
	if len(text) > 0 {
		if _, err := age.ParseX25519Recipient(string(text)); err != nil {
			return errors.New("recovery_recipient: want an age recipient, age1 and 58 letters and digits")
		}
	}
	r.text = string(text)
	return nil
}

// Age is the recipient for package age; nil when there is none.
func (r Recipient) Age() *age.X25519Recipient {
	out, err := age.ParseX25519Recipient(r.text)
	if err != nil { // the zero value
		return nil
	}
	return out
}

// Names of the secrets in the OS keyring.
const (
	SecretRedis     = "redis-url"
	SecretS3Key     = "s3-access-key-id"
	SecretS3Secret  = "s3-secret-access-key"
	SecretAbly      = "ably-key"
	SecretIdentity  = "workstation-identity"
	SecretAuditHMAC = "audit-key"
	SecretAuditHead = "audit-head" // the audit trail's end; the trail adds a digest of its folder
)

// Default is what a workstation has before anybody configured it.
func Default() Config {
	return Config{
		Region: "ap-southeast-2", Bucket: "clinicpro-images-temp", S3Encrypts: true,
		NameTemplate:  "{nhi}_{date}_{site}_{side}_{n}",
		RetentionDays: 7, TimeZone: "Pacific/Auckland",
		Phone: Phone{Target: app.DefaultTarget / 1000}, Desktop: Desktop{Sound: true, Language: "en"},
	}
}

// Read lays the file at path over Default. A missing file is no error.
// Anything else wrong is KindCorrupt with the line in its cause.
func Read(path string) (Config, error) {
	c := Default()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, app.E("read settings", app.KindFull, err)
	}
	dec := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) && len(strict.Errors) > 0 {
			row, _ := strict.Errors[0].Position()
			err = fmt.Errorf("line %d: unknown setting %q", row, strict.Errors[0].Key())
		}
		var bad *toml.DecodeError
		if errors.As(err, &bad) {
			row, _ := bad.Position()
			err = fmt.Errorf("line %d: %s", row, bad.Error())
		}
		return c, app.E("read settings", app.KindCorrupt, err)
	}
	if c.Practice != "" {
		if _, err := app.ParsePractice(string(c.Practice)); err != nil {
			return c, app.E("read settings", app.KindCorrupt, fmt.Errorf("practice: want 3 to 40 of a-z, 0-9 and -"))
		}
	}
	if c.RetentionDays < 1 || c.RetentionDays > 90 {
		return c, app.E("read settings", app.KindCorrupt, fmt.Errorf("retention_days: want 1 to 90"))
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		return c, app.E("read settings", app.KindCorrupt, fmt.Errorf("time_zone: want a name like Pacific/Auckland"))
	}
	for _, d := range c.Phone.Require {
		if !d.Known() {
			return c, app.E("read settings", app.KindCorrupt, fmt.Errorf("phone.require: want any of site, side, view, type, got %q", string(d)))
		}
	}
	if c.Phone.Target < 200 || c.Phone.Target > 10_000 {
		return c, app.E("read settings", app.KindCorrupt, fmt.Errorf("phone.target_kb: want 200 to 10000"))
	}
	return c, c.Desktop.check()
}

// Zone is the practice's time zone; Read has checked it.
func (c Config) Zone() *time.Location {
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return time.Local
	}
	return zone
}

// Keep is the retention as app.Start takes it.
func (c Config) Keep() time.Duration { return time.Duration(c.RetentionDays) * 24 * time.Hour }

// Enrolled reports whether the settings name a practice and its gateway.
func (c Config) Enrolled() bool { return c.Practice != "" && c.Gateway != "" }

// DefaultDir is the agent's state folder: per user and per machine, never
// roaming.
func DefaultDir() string {
	if runtime.GOOS == "windows" {
		return filepath.Join(os.Getenv("LOCALAPPDATA"), "ClinicPro", "Images")
	}
	if data := os.Getenv("XDG_DATA_HOME"); data != "" {
		return filepath.Join(data, "clinicpro-images")
	}
	home, _ := os.UserHomeDir()
	return filepath.Join(home, ".local", "share", "clinicpro-images")
}
