package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/alex"
	"github.com/clinicpro-nz/images/sync/redisregistry"
)

func TestTheRelayIsOffUnlessConfigured(t *testing.T) {
	whole := map[string]string{"ALEX_BASE_URL": "https://alex.example/FHIR", "ALEX_TOKEN_URL": "http://127.0.0.1:1/token", "ALEX_CLIENT_ID": "id",
		"ALEX_CLIENT_SECRET": "the vendor's own", "ALEX_RELAY_KEYS": filepath.Join(t.TempDir(), "relay.json")}
	env := func(name string) string { return whole[name] }
	if c, err := readALEX(func(string) string { return "" }); c != nil || err != nil {
		t.Fatalf("nothing configured: %v, %v", c, err)
	}
	for name, was := range whole {
		delete(whole, name)
		if _, err := readALEX(env); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "vendor's own") {
			t.Errorf("without %s: %v", name, err)
		}
		whole[name] = was
	}
	for _, wrong := range []string{"soon", "-2m", "69s", "2h"} {
		whole["ALEX_SETTLE"] = wrong
		if _, err := readALEX(env); err == nil || !strings.Contains(err.Error(), "ALEX_SETTLE") {
			t.Errorf("a settling time of %s: %v", wrong, err)
		}
	}
	whole["ALEX_SETTLE"] = "5m"
	c, err := readALEX(env)
	if err != nil {
		t.Fatal(err)
	}
	registry, err := redisregistry.New(redisregistry.Config{URL: app.Seal("redis://127.0.0.1:1")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = registry.Shut() }()
	var log bytes.Buffer
	h, err := c.relay(t.Context(), registry, slog.New(slog.NewJSONHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	res := httptest.NewRecorder()
	h.ServeHTTP(res, httptest.NewRequestWithContext(t.Context(), http.MethodPost, alex.RelayPath+"launch", strings.NewReader("{}")))
	if res.Code != http.StatusUnauthorized {
		t.Errorf("without a key: %d", res.Code)
	}
	c.Base = "not an address"
	if _, err := c.relay(t.Context(), registry, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("an address that is none")
	}
}
