package localcloud

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
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
	uploadsMeetRemovals(t, s)
	out, err := s.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String("te")})
	if err != nil || len(out.Contents) != 1 || aws.ToString(out.Contents[0].Key) != "test/testpractice/3" {
		t.Errorf("left %v, %v", out.Contents, err)
	}
}

// uploadsMeetRemovals stores and deletes in one folder from many sides, so that
// uploads meet its removal. Some are refused then; every one must get through
// when it is sent again.
func uploadsMeetRemovals(t *testing.T, s *store) {
	t.Helper()
	const phones, rounds, tries = 8, 40, 20
	var again atomic.Int64
	var group errgroup.Group
	for phone := range phones {
		group.Go(func() error {
			for round := range rounds {
				key := aws.String(fmt.Sprintf("temp/testpractice/c/%d-%d.age", phone, round))
				stored := false
				for range tries {
					_, _ = s.client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: key,
						Body: strings.NewReader("sealed"), IfNoneMatch: aws.String("*")})
					if _, err := s.client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(bucket), Key: key}); err == nil {
						stored = true
						break
					}
					again.Add(1)
				}
				if !stored {
					return fmt.Errorf("%s cannot be stored", *key)
				}
				if _, err := s.client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: key}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	t.Logf("%d of %d uploads were sent again", again.Load(), phones*rounds)
}
