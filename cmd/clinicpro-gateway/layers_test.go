package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLayers(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secret := write("ably", "app.key:ablysecret\n")
	file := write("gateway.env", "# the gateway's\nAWS_REGION=ap-southeast-2\nS3_BUCKET_NAME=\"clinicpro-images-temp\"\nABLY_API_KEY_FILE="+secret+"\nCLINICPRO_LISTEN=:9999\n")
	env := map[string]string{"CLINICPRO_CONFIG": file, "CLINICPRO_LISTEN": ":8080"}
	get, err := layered(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"AWS_REGION": "ap-southeast-2", "S3_BUCKET_NAME": "clinicpro-images-temp",
		"ABLY_API_KEY": "app.key:ablysecret", "CLINICPRO_LISTEN": ":8080", "REDIS_URL": ""} {
		if got := get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"no such file":   {map[string]string{"CLINICPRO_CONFIG": dir + "/none"}, "CLINICPRO_CONFIG"},
		"no such secret": {map[string]string{"ABLY_API_KEY_FILE": dir + "/none"}, "ABLY_API_KEY_FILE"},
		"not NAME=value": {map[string]string{"CLINICPRO_CONFIG": write("bad", "\nsecret-alone\n")}, "line 2"},
		"unknown name":   {map[string]string{"CLINICPRO_CONFIG": write("odd", "AWS_REGON=x\n")}, "AWS_REGON"},
	} {
		_, err := layered(func(name string) string { return c.env[name] })
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret-alone") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
