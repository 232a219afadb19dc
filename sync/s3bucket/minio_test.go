package s3bucket

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/egress"
)

// TestMinIO is for encryption and lifecycle, which versitygw does not know, on
// a server that does: "make minio" builds it, as a process of its own, and
// runs this.
func TestMinIO(t *testing.T) {
	program := os.Getenv("CLINICPRO_MINIO")
	if program == "" {
		t.Fatal("CLINICPRO_MINIO must name the program: run this test with make minio")
	}
	addr := startMinIO(t, program, "", "")
	way, err := egress.New(egress.None, "")
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, Config{Region: "ap-southeast-2", Bucket: "clinicpro-images-temp", Endpoint: "http://" + addr, Encrypt: true,
		AccessKey: apptest.RootAccess, SecretKey: app.Seal(apptest.RootSecret), Gateway: "https://images.example.nz", Way: way})
	before := plan(t, b)
	after := apply(t, b)
	for name, s := range after {
		t.Logf("%s: %q, then %q (%s)", name, before[name].Has, s.Has, s.Verdict)
	}
	for _, name := range []string{settingBucket, "encryption", "lifecycle", "bucket policy", "versions"} {
		if after[name].Verdict != AsWanted {
			t.Errorf("%s: %+v", name, after[name])
		}
	}
	for name, s := range plan(t, b) {
		// It answers as if it knew these two, and then refuses to set them.
		if s.Verdict == Differs && name != "CORS" && name != "access lists" {
			t.Errorf("a second plan finds %s: %+v", name, s)
		}
	}
	name, ctx := &b.cfg.Bucket, t.Context()
	repairs(t, b, map[string]func() error{
		"encryption": func() error {
			_, err := b.client.DeleteBucketEncryption(ctx, &s3.DeleteBucketEncryptionInput{Bucket: name})
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
		"versions": func() error {
			_, err := b.client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: name,
				VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
			return err
		},
	})
	// What the store keeps is encrypted, and says when it goes.
	out, err := b.client.PutObject(ctx, &s3.PutObjectInput{Bucket: name, Key: aws.String("temp/hill-road/x/1.age"), Body: strings.NewReader("sealed"),
		ServerSideEncryption: types.ServerSideEncryptionAes256})
	if err != nil || out.ServerSideEncryption != types.ServerSideEncryptionAes256 || !strings.Contains(aws.ToString(out.Expiration), "delete-temp-images-after-1-day") {
		t.Errorf("an upload: %v, %q, %q", err, out.ServerSideEncryption, aws.ToString(out.Expiration))
	}
	refusals(t, program, b)
}

// startMinIO runs MinIO until the test ends, over TLS where it is given a
// certificate, and returns host:port.
func startMinIO(t *testing.T, program, cert, key string) string {
	t.Helper()
	addr, console, dir, certs := apptest.FreeAddr(t), apptest.FreeAddr(t), t.TempDir(), t.TempDir()
	if cert != "" {
		for from, to := range map[string]string{cert: "public.crt", key: "private.key"} {
			text, err := os.ReadFile(from)
			if err == nil {
				err = os.WriteFile(filepath.Join(certs, to), text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.Command(program, "server", dir, "--address", addr, "--console-address", console, "--certs-dir", certs, "--quiet")
	cmd.Env = []string{"HOME=" + dir, "MINIO_ROOT_USER=" + apptest.RootAccess, "MINIO_ROOT_PASSWORD=" + apptest.RootSecret,
		"MINIO_REGION_NAME=ap-southeast-2", "MINIO_KMS_SECRET_KEY=synthetic:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}
	apptest.Serve(t, addr, cmd)
	return addr
}

// refusals tries what the bucket policy is there to refuse. MinIO holds bucket
// policies against unsigned requests alone, so a statement that lets anybody in
// stands beside ours: what is refused then, ours refuse.
func refusals(t *testing.T, program string, plain *Bucket) {
	t.Helper()
	cert, key, root := apptest.Certificates(t)
	cfg := plain.cfg
	way, err := egress.New(egress.None, root)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Way, cfg.Endpoint = way, "https://"+startMinIO(t, program, cert, key)
	secure := open(t, cfg)
	if got := apply(t, secure)["bucket policy"]; got.Verdict != AsWanted || !strings.Contains(got.Has, "aws:SecureTransport") {
		t.Fatalf("over TLS: %+v", got)
	}
	ours := secure.policyDocument()
	everybody := statement{Sid: "Everybody", Effect: "Allow", Principal: "*", Action: []string{"s3:GetObject", "s3:PutObject"}, Resource: []string{"arn:aws:s3:::" + cfg.Bucket + "/*"}}
	put := func(b *Bucket, encrypted types.ServerSideEncryption) error {
		as := b.cfg.client(aws.AnonymousCredentials{})
		_, err := as.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &b.cfg.Bucket, Key: aws.String("temp/hill-road/x/2.age"), Body: strings.NewReader("sealed"), ServerSideEncryption: encrypted})
		return err
	}
	get := func(b *Bucket, _ types.ServerSideEncryption) error {
		_, err := b.cfg.client(aws.AnonymousCredentials{}).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &b.cfg.Bucket, Key: aws.String("temp/hill-road/x/2.age")})
		return err
	}
	for _, c := range []struct {
		what      string
		at        *Bucket
		ours      bool
		try       func(*Bucket, types.ServerSideEncryption) error
		encrypted types.ServerSideEncryption
		refused   bool
	}{
		{"a PUT without encryption, our statements away", plain, false, put, "", false},
		{"a GET over plain HTTP, our statements away", plain, false, get, "", false},
		{"a PUT with SSE-S3 over TLS", secure, true, put, types.ServerSideEncryptionAes256, false},
		{"a GET over TLS", secure, true, get, "", false},
		{"a PUT without encryption over TLS", secure, true, put, "", true},
		{"a PUT with another encryption over TLS", secure, true, put, types.ServerSideEncryptionAwsKms, true},
		{"a PUT with SSE-S3 over plain HTTP", plain, true, put, types.ServerSideEncryptionAes256, true},
		{"a GET over plain HTTP", plain, true, get, "", true},
	} {
		doc := document{policyVersion, []statement{everybody}}
		if c.ours {
			doc.Statement = append(doc.Statement, ours.Statement...)
		}
		if _, err := c.at.client.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &c.at.cfg.Bucket, Policy: aws.String(text(doc))}); err != nil {
			t.Fatal(err)
		}
		switch err := c.try(c.at, c.encrypted); {
		case c.refused && code(err) != "AccessDenied":
			t.Errorf("%s is not refused: %v", c.what, err)
		case !c.refused && err != nil:
			t.Errorf("%s: %v", c.what, err)
		default:
			t.Logf("%s: %v", c.what, map[bool]string{false: "done", true: "refused"}[c.refused])
		}
	}
}
