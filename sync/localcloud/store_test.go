package localcloud

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"
)

// TestStore runs the one embedded server this process may have.
func TestStore(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir) // restores the working directory that versitygw changes
	k, err := loadKeys(filepath.Join(dir, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	// What a server leaves that is killed while it stores an object.
	halfStored := filepath.Join(dir, "meta", bucket, "temp/testpractice/a/1.age/meta")
	if err := os.MkdirAll(halfStored, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(halfStored, "etag"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	group, ctx := errgroup.WithContext(ctx)
	s, err := startStore(ctx, group, dir, k)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		s.stop()
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
	}()
	put := func(key string) {
		_, err := s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader("sealed"),
			IfNoneMatch: aws.String("*")})
		if err != nil {
			t.Fatal(err)
		}
	}
	put("temp/testpractice/a/1.age")
	put("temp/otherpractice/b/2.age")
	put("test/testpractice/3")
	if n, err := s.sweep(ctx, time.Now().Add(-objectLife)); n != 0 || err != nil {
		t.Errorf("fresh objects: swept %d, %v", n, err)
	}
	if n, err := s.sweep(ctx, time.Now().Add(time.Hour)); n != 2 || err != nil {
		t.Errorf("old objects: swept %d, %v", n, err)
	}
	out, err := s.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String("te")})
	if err != nil || len(out.Contents) != 1 || aws.ToString(out.Contents[0].Key) != "test/testpractice/3" {
		t.Errorf("left %v, %v", out.Contents, err)
	}
}
