package s3bucket

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/egress"
)

// versitygw is a real store over TLS, with IAM, and nothing in it.
func versitygw(t *testing.T) Config {
	t.Helper()
	cert, key, root := apptest.Certificates(t)
	return versitygwOver(t, cert, key, root)
}

// versitygwOver is one over TLS with these certificates, or in the clear.
func versitygwOver(t *testing.T, cert, key, root string) Config {
	t.Helper()
	scheme := "https://"
	if cert == "" {
		scheme = "http://"
	}
	store, iam := apptest.Versitygw(t, cert, key)
	way, err := egress.New(egress.None, root)
	if err != nil {
		t.Fatal(err)
	}
	return Config{Region: "ap-southeast-2", Bucket: "clinicpro-images-temp", Endpoint: scheme + store, IAMEndpoint: scheme + iam,
		AccessKey: apptest.RootAccess, SecretKey: app.Seal(apptest.RootSecret), Gateway: "https://images.example.nz", Way: way}
}

func open(t *testing.T, cfg Config) *Bucket {
	t.Helper()
	b, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func apply(t *testing.T, b *Bucket) map[string]State {
	t.Helper()
	states, err := b.Apply(t.Context(), func(State) {})
	if err != nil {
		t.Fatal(err)
	}
	return byName(states)
}

func plan(t *testing.T, b *Bucket) map[string]State {
	t.Helper()
	states, err := b.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return byName(states)
}

func byName(states []State) map[string]State {
	out := map[string]State{}
	for _, s := range states {
		out[s.Setting] = s
	}
	return out
}

func TestVersitygw(t *testing.T) {
	t.Parallel()
	b := open(t, versitygw(t))
	before := plan(t, b)
	if before[settingBucket].Has != None || before["CORS"].Verdict != Waits {
		t.Fatalf("an empty store: %+v", before)
	}
	after := apply(t, b)
	for name, s := range after {
		t.Logf("%s: %q, then %q (%s)", name, before[name].Has, s.Has, s.Verdict)
		if s.Verdict != AsWanted && s.Verdict != NotHere {
			t.Errorf("%s is %s", name, s.Verdict)
		}
	}
	// What versitygw can keep is kept: the others answer 501.
	for _, name := range []string{settingBucket, "access lists", "versions", "CORS", "bucket policy"} {
		if after[name].Verdict != AsWanted {
			t.Errorf("%s: %+v", name, after[name])
		}
	}
	changed := 0
	if _, err := b.Apply(t.Context(), func(s State) {
		if s.Verdict == Differs {
			changed++
		}
	}); err != nil || changed != 0 {
		t.Errorf("a second apply changed %d settings: %v", changed, err)
	}
	name := &b.cfg.Bucket
	repairs(t, b, map[string]func() error{
		"CORS": func() error {
			_, err := b.client.DeleteBucketCors(t.Context(), &s3.DeleteBucketCorsInput{Bucket: name})
			return err
		},
		"bucket policy": func() error {
			_, err := b.client.DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: name})
			return err
		},
		"access lists": func() error {
			_, err := b.client.PutBucketOwnershipControls(t.Context(), &s3.PutBucketOwnershipControlsInput{Bucket: name,
				OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipObjectWriter}}}})
			return err
		},
		"versions": func() error {
			_, err := b.client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: name,
				VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
			return err
		},
		settingBucket: func() error {
			_, err := b.client.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: name})
			return err
		},
	})
}

// A store that cannot encrypt is not given a policy that refuses every upload
// there, whatever the settings say of it.
func TestStoreThatCannotEncrypt(t *testing.T) {
	t.Parallel()
	cfg := versitygw(t)
	cfg.Encrypt = true
	b := open(t, cfg)
	after := apply(t, b)
	if after[SettingEncryption].Verdict != NotHere || after["bucket policy"].Verdict != AsWanted || strings.Contains(after["bucket policy"].Has, "server-side-encryption") {
		t.Errorf("%+v, %+v", after[SettingEncryption], after["bucket policy"])
	}
	if got := plan(t, open(t, cfg))["bucket policy"]; got.Verdict != AsWanted {
		t.Errorf("a second plan: %+v", got)
	}
	if _, err := b.client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &b.cfg.Bucket, Key: aws.String("temp/hill-road/x/1.age")}); err != nil {
		t.Errorf("an upload: %v", err)
	}
}

// repairs breaks one setting at a time, sees that the plan names that one, and
// that apply puts it right.
func repairs(t *testing.T, b *Bucket, breaks map[string]func() error) {
	t.Helper()
	for name, harm := range breaks {
		if err := harm(); err != nil {
			t.Errorf("break %s: %v", name, err)
			continue
		}
		if got := plan(t, b)[name]; got.Verdict != Differs {
			t.Errorf("broken %s is not found: %+v", name, got)
		}
		if got := apply(t, b)[name]; got.Verdict != AsWanted {
			t.Errorf("%s is not repaired: %+v", name, got)
		}
	}
}

func TestGrantAndFinish(t *testing.T) {
	t.Parallel()
	b := open(t, versitygw(t))
	policy := PracticePolicy(b.cfg.Bucket, "hill-road")
	first, err := b.Grant(t.Context(), "clinicpro-hill-road", policy)
	if err != nil || first.Policy != "made" || first.Older != 0 {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := b.Grant(t.Context(), "clinicpro-hill-road", policy)
	if err != nil || second.Policy != "as it was" || second.Older != 1 || second.ID == first.ID {
		t.Fatalf("%+v, %v", second, err)
	}
	if _, err := b.Grant(t.Context(), "clinicpro-hill-road", policy); app.KindOf(err) != app.KindConflict {
		t.Errorf("a third key: %v", err)
	}
	if n, err := b.Finish(t.Context(), "clinicpro-hill-road"); err != nil || n != 1 {
		t.Errorf("finish: %d, %v", n, err)
	}
	left, err := b.iam().ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: aws.String("clinicpro-hill-road")})
	if err != nil || len(left.AccessKeyMetadata) != 1 || aws.ToString(left.AccessKeyMetadata[0].AccessKeyId) != second.ID {
		t.Errorf("the newer key is not what is left: %+v, %v", left, err)
	}
	if third, err := b.Grant(t.Context(), "clinicpro-hill-road", GatewayPolicy(b.cfg.Bucket)); err != nil || third.Policy != "changed" {
		t.Errorf("another policy: %+v, %v", third, err)
	}
	b.cfg.IAMEndpoint = ""
	if _, err := b.Grant(t.Context(), "x", policy); app.KindOf(err) != app.KindNotFound {
		t.Errorf("a store without IAM: %v", err)
	}
}

func TestDestroyTemp(t *testing.T) {
	t.Parallel()
	b := open(t, versitygw(t))
	apply(t, b)
	for _, key := range []string{"temp/hill-road/x/1.age", "temp/hill-road/x/2.age", "test/connection-test.txt", "other/kept.txt"} {
		if _, err := b.client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &b.cfg.Bucket, Key: aws.String(key)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []struct {
		dry bool
		n   int
	}{{true, 3}, {false, 3}, {true, 0}} {
		if n, _, err := b.DestroyTemp(t.Context(), want.dry); err != nil || n != want.n {
			t.Errorf("dry %v: %d objects, %v", want.dry, n, err)
		}
	}
	if _, err := b.client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &b.cfg.Bucket, Key: aws.String("other/kept.txt")}); err != nil {
		t.Errorf("something else went too: %v", err)
	}
}

// TestPlainHTTPIsRefused tries the bucket policy's refusal of plain HTTP on a
// store that enforces it: the same policy, the same rights, over TLS and in the
// clear.
func TestPlainHTTPIsRefused(t *testing.T) {
	t.Parallel()
	cert, key, root := apptest.Certificates(t)
	secure := open(t, versitygwOver(t, cert, key, root))
	apply(t, secure)
	closing := text(secure.policyDocument())
	if !strings.Contains(closing, "aws:SecureTransport") {
		t.Fatalf("the policy over TLS: %s", closing)
	}
	plain := open(t, versitygwOver(t, "", "", ""))
	apply(t, plain) // which, reached in the clear, goes without that half

	acts := func(b *Bucket) map[string]error {
		t.Helper()
		granted, err := b.Grant(t.Context(), "clinicpro-images-hill-road", PracticePolicy(b.cfg.Bucket, "hill-road"))
		if err != nil {
			t.Fatal(err)
		}
		cfg := b.cfg
		cfg.AccessKey, cfg.SecretKey = granted.ID, granted.Secret
		as, name, ctx := open(t, cfg).client, &cfg.Bucket, t.Context()
		key := aws.String("test/hill-road/1.txt")
		out := map[string]error{}
		_, out["put"] = as.PutObject(ctx, &s3.PutObjectInput{Bucket: name, Key: key, Body: strings.NewReader("synthetic")})
		_, out["get"] = as.GetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: key})
		_, out["list"] = as.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: name, Prefix: aws.String("temp/hill-road/")})
		_, out["delete"] = as.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: name, Key: key})
		return out
	}
	for _, open := range []*Bucket{secure, plain} {
		for what, err := range acts(open) {
			if err != nil {
				t.Errorf("%s, with nothing against it: %v", what, err)
			}
		}
	}
	if _, err := plain.client.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &plain.cfg.Bucket, Policy: &closing}); err != nil {
		t.Fatal(err)
	}
	for what, err := range acts(plain) {
		if code(err) != "AccessDenied" {
			t.Errorf("%s over plain HTTP: %v", what, err)
		}
	}
}
