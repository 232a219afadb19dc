package s3bucket

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

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
	addr, console, dir := apptest.FreeAddr(t), apptest.FreeAddr(t), t.TempDir()
	var said bytes.Buffer
	cmd := exec.Command(program, "server", dir, "--address", addr, "--console-address", console, "--quiet")
	cmd.Env = []string{"HOME=" + dir, "MINIO_ROOT_USER=" + apptest.RootAccess, "MINIO_ROOT_PASSWORD=" + apptest.RootSecret,
		"MINIO_REGION_NAME=ap-southeast-2", "MINIO_KMS_SECRET_KEY=synthetic:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			break
		}
		if time.Since(start) > time.Minute {
			t.Fatalf("MinIO does not answer: %s", said.String())
		}
	}
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
}
