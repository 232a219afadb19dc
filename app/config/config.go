// Package config reads the settings of a workstation, each layer over the one
// before: defaults, the enrolment, the user's own file, the machine's policy,
// flags. No secret is a setting: those live in the OS keyring. An unknown key
// is an error that names its line.
package config

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // Windows has no zone files

	"filippo.io/age"

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
	Record   Record    `toml:"record"`
	Filing   Filing    `toml:"filing"`
	UI       UI        `toml:"ui"` // how the window is painted, for support
	// UpdateCheck lets the agent ask once a day whether a newer version is out.
	UpdateCheck bool `toml:"update_check"`

	// EnrolFile is where IT has put the practice's enrolment file; "" nowhere.
	EnrolFile string `toml:"enrol_file"`
	// Autostart says whether the agent starts when its user signs in; nil
	// leaves it to the user. False takes away an entry that was made before.
	Autostart *bool `toml:"autostart"`
	// LocalMode asks for local mode; see Local.
	LocalMode bool `toml:"local_mode"`
	// LocalListen is where local mode listens: one address of this machine,
	// host:port, or LocalNetwork; "" is loopback.
	LocalListen string `toml:"local_listen"`
	Support     string `toml:"support"` // whom a GP calls: a name and a number
	// Proxy is an http:// or socks5:// origin without a password, or "none";
	// "" is the system's own setting.
	Proxy  string `toml:"proxy"`
	CAFile string `toml:"ca_file"` // PEM certificates to trust besides the system's

	moved    bool
	byPolicy []string
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

// LocalNetwork as LocalListen is this machine's own address on the practice's
// network, whatever it is just now.
const LocalNetwork = "network"

// Default is what a workstation has before anybody configured it.
func Default() Config {
	return Config{
		Region: "ap-southeast-2", Bucket: "clinicpro-images-temp", S3Encrypts: true,
		NameTemplate: app.DefaultTemplate, Filing: DefaultFiling,
		RetentionDays: 7, TimeZone: "Pacific/Auckland", UpdateCheck: true,
		Phone: Phone{Target: app.DefaultTarget / 1000}, Desktop: Desktop{Sound: true},
		UI: UIAuto,
	}
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

// Named reports whether the settings name a practice and its gateway. It
// takes the secrets of an enrolment besides to use them.
func (c Config) Named() bool { return c.Practice != "" && c.Gateway != "" }

// Local reports whether the settings ask for local mode. Where a practice's
// gateway or enrolment is named, nothing that a setting says makes it local.
func (c Config) Local() bool { return c.LocalMode && c.Gateway == "" && c.EnrolFile == "" }

// Moved reports that the machine's policy names another practice than the
// enrolment or the user's file: secrets and settings would not fit together.
func (c Config) Moved() bool { return c.moved }

// ByPolicy are the settings that the machine's policy has set, by their names
// in PolicyKeys: nobody who uses the machine changes those.
func (c Config) ByPolicy() []string { return slices.Sorted(slices.Values(c.byPolicy)) }

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
