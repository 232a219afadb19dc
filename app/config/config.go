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

	"github.com/clinicpro-nz/images/app"
	"github.com/pelletier/go-toml/v2"
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
}

// Names of the secrets in the OS keyring.
const (
	SecretRedis     = "redis-url"
	SecretS3Key     = "s3-access-key-id"
	SecretS3Secret  = "s3-secret-access-key"
	SecretAbly      = "ably-key"
	SecretIdentity  = "workstation-identity"
	SecretAuditHMAC = "audit-key"
)

// Default is what a workstation has before anybody configured it.
func Default() Config {
	return Config{
		Region: "ap-southeast-2", Bucket: "clinicpro-images-temp", S3Encrypts: true,
		NameTemplate: "{nhi}_{date}_{site}_{side}_{n}",
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
	return c, nil
}

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
