package s3bucket

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/egress"
)

// scriptedAWS answers as AWS documents its API (Amazon S3 API Reference: each
// Get…'s "special errors"). It is no proof of what AWS does; it covers the
// settings that no store here knows. It checks no signature and keeps what it
// is given.
type scriptedAWS struct {
	mu     sync.Mutex
	taken  map[string]bool // buckets of somebody else
	bucket string
	kept   map[string]string // subresource → XML
}

var unset = map[string]string{
	"publicAccessBlock": "NoSuchPublicAccessBlockConfiguration", "ownershipControls": "OwnershipControlsNotFoundError",
	"encryption": "ServerSideEncryptionConfigurationNotFoundError", "cors": "NoSuchCORSConfiguration",
	"lifecycle": "NoSuchLifecycleConfiguration", "policy": "NoSuchBucketPolicy",
}

func (a *scriptedAWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	refuse := func(status int, code string) {
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>scripted</Message></Error>", code)
		}
	}
	name := strings.Trim(r.URL.Path, "/")
	sub := ""
	for q := range r.URL.Query() {
		if _, known := unset[q]; known || q == "versioning" {
			sub = q
		}
	}
	body, _ := io.ReadAll(r.Body)
	switch {
	case a.taken[name] && r.Method == http.MethodPut:
		refuse(http.StatusConflict, "BucketAlreadyExists")
	case a.taken[name]:
		refuse(http.StatusForbidden, "AccessDenied")
	case sub == "" && r.Method == http.MethodPut:
		a.bucket = name
	case name != a.bucket:
		refuse(http.StatusNotFound, "NoSuchBucket")
	case r.Method == http.MethodHead:
		w.Header().Set("X-Amz-Bucket-Region", "ap-southeast-2")
	case r.Method == http.MethodPut:
		a.kept[sub] = string(body)
	case r.Method == http.MethodDelete:
		delete(a.kept, sub)
		w.WriteHeader(http.StatusNoContent)
	case a.kept[sub] != "":
		_, _ = io.WriteString(w, a.kept[sub])
	case sub == "versioning":
		_, _ = io.WriteString(w, `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>`)
	default:
		refuse(http.StatusNotFound, unset[sub])
	}
}

func scripted(t *testing.T, taken ...string) *Bucket {
	t.Helper()
	a := &scriptedAWS{kept: map[string]string{}, taken: map[string]bool{}}
	for _, name := range taken {
		a.taken[name] = true
	}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	way, err := egress.New(egress.None, "")
	if err != nil {
		t.Fatal(err)
	}
	return open(t, Config{Region: "ap-southeast-2", Bucket: "clinicpro-images-temp", Endpoint: server.URL, Encrypt: true,
		AccessKey: "AKIASYNTHETIC", SecretKey: app.Seal("synthetic"), Gateway: "https://images.example.nz", Way: way})
}

func TestScriptedAWS(t *testing.T) {
	t.Parallel()
	b := scripted(t)
	if got := plan(t, b)[settingBucket]; got.Verdict != Differs {
		t.Fatalf("nothing there: %+v", got)
	}
	for name, s := range apply(t, b) {
		t.Logf("%s: %q", name, s.Has)
		if s.Verdict != AsWanted {
			t.Errorf("%s is %s: has %s, wants %s", name, s.Verdict, s.Has, s.Wants)
		}
	}
	if states, err := b.Plan(t.Context()); err != nil || !Clean(states) {
		t.Errorf("a second plan finds something: %+v, %v", states, err)
	}
	name, ctx := &b.cfg.Bucket, t.Context()
	repairs(t, b, map[string]func() error{
		"public access": func() error {
			_, err := b.client.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: name,
				PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{BlockPublicAcls: aws.Bool(true)}})
			return err
		},
		"access lists": func() error {
			_, err := b.client.DeleteBucketOwnershipControls(ctx, &s3.DeleteBucketOwnershipControlsInput{Bucket: name})
			return err
		},
		"encryption": func() error {
			_, err := b.client.DeleteBucketEncryption(ctx, &s3.DeleteBucketEncryptionInput{Bucket: name})
			return err
		},
		"versions": func() error {
			_, err := b.client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: name,
				VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
			return err
		},
		"CORS": func() error {
			_, err := b.client.PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: name, CORSConfiguration: &types.CORSConfiguration{
				CORSRules: []types.CORSRule{{AllowedOrigins: []string{"*"}, AllowedMethods: []string{"PUT"}}}}})
			return err
		},
		"lifecycle": func() error {
			_, err := b.client.DeleteBucketLifecycle(ctx, &s3.DeleteBucketLifecycleInput{Bucket: name})
			return err
		},
		"bucket policy": func() error {
			_, err := b.client.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: name})
			return err
		},
	})
}

func TestScriptedNameTaken(t *testing.T) {
	t.Parallel()
	b := scripted(t, "clinicpro-images-temp", "clinicpro-images-temp-nz")
	if err := b.create(t.Context()); Code(err) != "BucketAlreadyExists" {
		t.Errorf("taken: %v", err)
	}
	for name, want := range map[string]bool{"clinicpro-images-temp-nz": false, "clinicpro-images-temp-2026": true} {
		if free, err := b.Free(t.Context(), name); err != nil || free != want {
			t.Errorf("%s free: %v, %v", name, free, err)
		}
	}
}
