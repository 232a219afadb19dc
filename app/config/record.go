package config

import (
	"errors"
	"fmt"
	"slices"
)

// Record is the practice's record system, and what is filed where.
type Record struct {
	// System is how Medtech is reached: "medtech-relay" through the gateway's
	// relay, "medtech-direct" with the practice's own admission to ALEX; "" no
	// record system, only the folder.
	System string `toml:"system"`
	Relay  string `toml:"relay"` // the relay's origin; "" the gateway's
	// Sinks are where filing goes unless the GP chooses otherwise, of "folder",
	// "alex-scan" (Inbox Scan) and "alex-media"; none means the folder.
	Sinks    []string `toml:"sinks"`
	Document string   `toml:"document"` // Inbox Scan: a "session" in one, or each "image" by itself
	Format   string   `toml:"format"`   // of those documents: "pdf" or "tiff"

	// Of medtech-direct.
	Base     string `toml:"alex_base"`
	TokenURL string `toml:"alex_token_url"`
	ClientID string `toml:"alex_client_id"`
	Scope    string `toml:"alex_scope"`
}

// Ways to a record system.
const (
	SystemRelay  = "medtech-relay"
	SystemDirect = "medtech-direct"
)

// Names of the record system's secrets in the OS keyring.
const (
	SecretRelay = "relay-key"
	SecretALEX  = "alex-client-secret"
)

// secret is the name of the secret that the way to the record system takes; ""
// none.
func (r Record) secret() string {
	return map[string]string{SystemRelay: SecretRelay, SystemDirect: SecretALEX}[r.System]
}

// check is of one layer alone: another may name what goes with it.
func (r Record) check() error {
	switch r.System {
	case "", SystemRelay, SystemDirect:
	default:
		return errors.New("record.system: want medtech-relay or medtech-direct")
	}
	if r.Relay != "" && !origin(r.Relay, "https", "http") {
		return errors.New("record.relay: want an origin like https://images.example.nz")
	}
	for _, s := range r.Sinks {
		if !slices.Contains([]string{"folder", "alex-scan", "alex-media"}, s) {
			return fmt.Errorf("record.sinks: want any of folder, alex-scan, alex-media, got %q", s)
		}
	}
	if !slices.Contains([]string{"", "session", "image"}, r.Document) {
		return errors.New("record.document: want session or image")
	}
	if !slices.Contains([]string{"", "pdf", "tiff"}, r.Format) {
		return errors.New("record.format: want pdf or tiff")
	}
	return nil
}

// whole is of all layers together.
func (r Record) whole() error {
	if r.System == SystemDirect && (r.Base == "" || r.TokenURL == "" || r.ClientID == "") {
		return errors.New("record.system: medtech-direct needs alex_base, alex_token_url and alex_client_id")
	}
	for _, s := range r.Sinks {
		if s != "folder" && r.System == "" {
			return fmt.Errorf("record.sinks: %s needs record.system", s)
		}
	}
	return nil
}
