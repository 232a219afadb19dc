package config

import (
	"maps"
	"strings"
	"testing"
)

func TestParseEnv(t *testing.T) {
	got, err := ParseEnv("\ufeff# the seed's\r\nAWS_REGION=ap-southeast-2\r\nexport S3_BUCKET_NAME = 'clinicpro-images-temp'\n\nABLY_API_KEY=\"a.b:c=d#e\"\n")
	want := map[string]string{"AWS_REGION": "ap-southeast-2", "S3_BUCKET_NAME": "clinicpro-images-temp", "ABLY_API_KEY": "a.b:c=d#e"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for text, line := range map[string]string{"A=1\nsecret-without-a-name\n": "line 2", "A='open\n": "line 1", "=x": "line 1"} {
		if _, err := ParseEnv(text); err == nil || !strings.Contains(err.Error(), line) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
