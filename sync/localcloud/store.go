package localcloud

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"golang.org/x/sync/errgroup"

	"github.com/clinicpro-nz/images/app"
)

const (
	// objectLife is the bucket's lifecycle rule of the real cloud: one day.
	objectLife    = 24 * time.Hour
	sweepInterval = time.Hour

	storeStart = 20 * time.Second // a cold disk with antivirus is slow
)

// store is versitygw on a loopback port of its own, behind the front.
type store struct {
	endpoint string
	client   *s3.Client
	requests *counter
	// stop ends it; it must outlive the front, so it has its own context.
	stop context.CancelFunc
}

// startStore starts versitygw under group and makes the bucket. Metadata lies
// in files beside the objects: not every file system has extended attributes.
func startStore(ctx context.Context, group *errgroup.Group, dir string, k keys) (*store, error) {
	const op = "start local object store"
	data, side := filepath.Join(dir, "s3"), filepath.Join(dir, "meta") // versitygw wants unrelated names
	for _, d := range []string{data, side} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, app.E(op, app.KindFull, err)
		}
	}
	if err := dropLoose(data, side); err != nil {
		return nil, app.E(op, app.KindFull, err)
	}
	sidecar, err := meta.NewSideCar(side)
	if err != nil {
		return nil, app.E(op, app.KindFull, err)
	}
	opts := posix.PosixOpts{
		SideCarDir: side, Concurrency: 64,
		ForceNoObjLockFile: true, // one process: If-None-Match is atomic within it
	}
	opts.SetNewDirPerm(0o700)
	opts.SetNewFilePerm(0o600)
	backend, err := posix.New(data, sidecar, opts)
	if err != nil {
		return nil, app.E(op, app.KindFull, err)
	}
	addr, err := freePort()
	if err != nil {
		return nil, app.E(op, app.KindBug, err)
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &store{endpoint: "http://" + addr, stop: stop, requests: newCounter()}
	s.client = s3.New(s3.Options{
		Region: region, BaseEndpoint: &s.endpoint, UsePathStyle: true,
		Credentials:                credentials.NewStaticCredentialsProvider(k.Access, k.Secret, ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		RetryMaxAttempts:           1,
	})
	ended := make(chan error, 1)
	group.Go(func() error {
		err := embedgw.RunVersityGW(life, countedStore{newTidyStore(backend, data, side), s.requests}, &embedgw.Config{
			RootUserAccess: k.Access, RootUserSecret: k.Secret, Region: region,
			Ports:          []string{addr},
			MaxConnections: 1024, MaxRequests: 512, MultipartMaxParts: 100,
			KeepAlive: true, Quiet: true, DisableACLs: true,
		})
		ended <- err
		if err != nil && life.Err() == nil {
			return app.E("run local object store", app.KindBug, err)
		}
		return nil
	})
	if err := s.makeBucket(ctx, ended); err != nil {
		stop()
		return nil, app.E(op, app.KindBug, err)
	}
	return s, nil
}

// makeBucket waits for the server by asking for what is wanted of it. Its
// answer proves that it knows our key, so that it is ours.
func (s *store) makeBucket(ctx context.Context, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, storeStart)
	defer cancel()
	for {
		_, err := s.client.CreateBucket(ctx, &s3.CreateBucketInput{
			Bucket: aws.String(bucket),
			CreateBucketConfiguration: &types.CreateBucketConfiguration{
				LocationConstraint: types.BucketLocationConstraint(region),
			},
		})
		var ours *types.BucketAlreadyOwnedByYou
		if err == nil || errors.As(err, &ours) {
			return nil
		}
		select {
		case failed := <-ended:
			return errors.Join(failed, err)
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// sweepHourly stands for the lifecycle rule. A failure is logged and tried
// again: it must not end the cloud.
func (s *store) sweepHourly(ctx context.Context, log *slog.Logger) error {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		n, err := s.sweep(ctx, time.Now().Add(-objectLife))
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			log.Warn("sweep failed", "err", err)
		case n > 0:
			log.Info("sweep done", "count", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// sweep deletes what was stored under temp/ before the time given.
func (s *store) sweep(ctx context.Context, before time.Time) (deleted int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{
		Bucket: aws.String(bucket), Prefix: aws.String("temp/"),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return deleted, err
		}
		for _, o := range page.Contents {
			// A name that ends in a slash is a folder of the posix backend.
			if strings.HasSuffix(aws.ToString(o.Key), "/") || !aws.ToTime(o.LastModified).Before(before) {
				continue
			}
			if _, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: o.Key}); err != nil {
				return deleted, err
			}
			deleted++
		}
	}
	return deleted, nil
}

// freePort finds a port for a server that cannot tell which one it took.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
