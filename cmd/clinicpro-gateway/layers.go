package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/clinicpro-nz/images/app/config"
)

// known are the names that a configuration file may have, each also as
// NAME_FILE.
var known = []string{
	"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "S3_BUCKET_NAME", "REDIS_URL", "UPSTASH_REDIS_REST_URL",
	"UPSTASH_REDIS_REST_TOKEN", "ABLY_API_KEY", "CLINICPRO_LISTEN", "CLINICPRO_S3_ENDPOINT", "CLINICPRO_S3_PUBLIC_ENDPOINT",
	"CLINICPRO_S3_ENCRYPT", "CLINICPRO_ABLY_ENDPOINT", "CLINICPRO_PROXY_HOPS", "CLINICPRO_PROXY", "CLINICPRO_CA_FILE",
	"CLINICPRO_GATEWAY", "ALEX_BASE_URL", "ALEX_TOKEN_URL", "ALEX_CLIENT_ID", "ALEX_CLIENT_SECRET", "ALEX_RELAY_KEYS",
	"ALEX_SCOPE", "ALEX_LAUNCH_URL", "ALEX_SETTLE",
}

// layered is the environment over the file that CLINICPRO_CONFIG names, a
// NAME_FILE standing for the content of the file it names. Every fault is
// found here; no error holds a value.
func layered(env func(string) string) (func(string) string, error) {
	file := map[string]string{}
	if path := env("CLINICPRO_CONFIG"); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("CLINICPRO_CONFIG: the file %s cannot be read", path)
		}
		if file, err = config.ParseEnv(string(text)); err != nil {
			return nil, fmt.Errorf("CLINICPRO_CONFIG: %s: %w", path, err)
		}
		for name := range file {
			if !slices.Contains(known, name) && !slices.Contains(known, strings.TrimSuffix(name, "_FILE")) {
				return nil, fmt.Errorf("CLINICPRO_CONFIG: %s: unknown name %q", path, name)
			}
		}
	}
	plain := func(name string) string {
		if v := env(name); v != "" {
			return v
		}
		return file[name]
	}
	whole := map[string]string{}
	for _, name := range known {
		whole[name] = strings.TrimSpace(plain(name))
		at := plain(name + "_FILE")
		if whole[name] != "" || at == "" {
			continue
		}
		text, err := os.ReadFile(at)
		if err != nil {
			return nil, fmt.Errorf("%s_FILE: the file %s cannot be read", name, at)
		}
		whole[name] = strings.TrimSpace(string(text))
	}
	return func(name string) string { return whole[name] }, nil
}
