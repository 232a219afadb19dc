// Package s3objects is the temp bucket on any S3 that speaks SigV4: AWS, or
// versitygw in local mode. It holds ciphertext only; names carry a practice,
// a session and an image id and nothing of a patient (design section 3).
//
// The workstation reads, lists and deletes; the gateway presigns and checks.
// One Objects serves any number of goroutines and keeps its connections.
package s3objects

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/egress"
)

const (
	suffix = ".age"

	// A call may take this long with its retries. Get's allows 15 MiB over a
	// poor practice line.
	getDeadline  = time.Minute
	callDeadline = 15 * time.Second
)

// Config says where the bucket is and who asks.
type Config struct {
	Region string
	Bucket string
	// Endpoint is the server's origin, used path-style; empty is AWS itself.
	Endpoint string
	// PublicEndpoint is the origin a phone reaches the same server at; empty
	// is Endpoint. Only presigned links use it.
	PublicEndpoint string
	AccessKey      string
	SecretKey      app.Sealed
	// Practice bounds every name. A gateway, which serves many, leaves it
	// empty and calls For.
	Practice app.Practice
	// Encrypt asks for SSE with S3's own keys (AES256) on every PUT. Left out
	// for stores that cannot.
	Encrypt bool
	// Way is how its connections leave this machine; nil is the system's own.
	Way *egress.Way
	// PageSize is how many names one list request asks for; 0 is 1000.
	PageSize int32
}

// Objects is one practice's part of the bucket. It implements app.Objects.
type Objects struct {
	cfg     Config
	client  *s3.Client
	presign *s3.PresignClient
}

// New checks the configuration and returns Objects. It does not connect:
// Ready does.
func New(cfg Config) (*Objects, error) {
	const op = "configure object store"
	if cfg.Region == "" || cfg.Bucket == "" || cfg.AccessKey == "" || cfg.SecretKey.IsZero() {
		return nil, app.E(op, app.KindBug, errors.New("region, bucket, access key and secret key are needed"))
	}
	if cfg.Practice != "" {
		if _, err := app.ParsePractice(string(cfg.Practice)); err != nil {
			return nil, app.E(op, app.KindBug, err)
		}
	}
	if cfg.PageSize == 0 {
		cfg.PageSize = 1000
	}
	if cfg.PublicEndpoint == "" {
		cfg.PublicEndpoint = cfg.Endpoint
	}
	httpClient := awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = 5 * time.Second }).
		WithTransportOptions(func(t *http.Transport) {
			// More than the engine's concurrency of 8, and kept for as long as
			// a consultation lasts: a new TLS handshake costs more than a photo.
			t.MaxIdleConns, t.MaxIdleConnsPerHost = 32, 16
			t.IdleConnTimeout = 15 * time.Minute
			t.ResponseHeaderTimeout = 10 * time.Second
			cfg.Way.Apply(t)
		})
	options := func(endpoint string) s3.Options {
		o := s3.Options{
			Region:      cfg.Region,
			Credentials: credentials.NewStaticCredentialsProvider(cfg.AccessKey, cfg.SecretKey.Reveal(), ""),
			HTTPClient:  httpClient,
			// Checksums are ours: the phone announces SHA-256, and Get compares
			// while it reads. The SDK's own CRC would hash everything again.
			RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
			ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
			Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.MaxBackoff = 3, time.Second
			}),
		}
		if endpoint != "" {
			o.BaseEndpoint, o.UsePathStyle = aws.String(strings.TrimRight(endpoint, "/")), true
		}
		return o
	}
	return &Objects{
		cfg:    cfg,
		client: s3.New(options(cfg.Endpoint)),
		presign: s3.NewPresignClient(s3.New(options(cfg.PublicEndpoint)), func(o *s3.PresignOptions) {
			o.Expires, o.Presigner = linkLife, newLinkSigner()
		}),
	}, nil
}

// For returns the same store bounded to another practice; connections are shared.
func (o *Objects) For(practice app.Practice) *Objects {
	other := *o
	other.cfg.Practice = practice
	return &other
}

// Get implements app.Objects: one request, hashed as it arrives.
func (o *Objects) Get(ctx context.Context, sid app.SessionID, id app.ImageID, into []byte) ([]byte, app.Digest, error) {
	const op = "fetch image"
	key, err := o.key(sid, id)
	if err != nil {
		return nil, "", app.E(op, app.KindBug, err)
	}
	ctx, cancel := context.WithTimeout(ctx, getDeadline)
	defer cancel()
	out, err := o.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.cfg.Bucket, Key: &key}, askChecksum)
	if err != nil {
		return nil, "", classify(op, err)
	}
	defer out.Body.Close()
	size := aws.ToInt64(out.ContentLength)
	if size < 0 || size > int64(len(into)) {
		return nil, "", app.E(op, app.KindTooLarge, fmt.Errorf("%d bytes, at most %d", size, len(into)))
	}
	sealed := into[:size]
	hash := sha256.New()
	if _, err := io.ReadFull(io.TeeReader(out.Body, hash), sealed); err != nil {
		return nil, "", classify(op, err)
	}
	sum := hash.Sum(nil)
	if want := aws.ToString(out.ChecksumSHA256); want != "" && want != base64.StdEncoding.EncodeToString(sum) {
		return nil, "", app.E(op, app.KindCorrupt, errors.New("the bytes differ from the stored checksum"))
	}
	return sealed, app.Digest(hex.EncodeToString(sum)), nil
}

// askChecksum asks for the stored checksum without the SDK's own validation,
// which would hash the body a second time.
func askChecksum(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, smithyhttp.AddHeaderValue("X-Amz-Checksum-Mode", "ENABLED"))
}

// List implements app.Objects. Names in the session's folder that are not an
// image's are passed over.
func (o *Objects) List(ctx context.Context, sid app.SessionID) ([]app.Object, error) {
	const op = "list images"
	prefix, err := o.prefix(sid)
	if err != nil {
		return nil, app.E(op, app.KindBug, err)
	}
	var found []app.Object
	pages := s3.NewListObjectsV2Paginator(o.client, &s3.ListObjectsV2Input{
		Bucket: &o.cfg.Bucket, Prefix: &prefix, MaxKeys: &o.cfg.PageSize,
	})
	for pages.HasMorePages() {
		page, err := nextPage(ctx, pages)
		if err != nil {
			return nil, classify(op, err)
		}
		for _, obj := range page {
			name, ok := strings.CutSuffix(strings.TrimPrefix(aws.ToString(obj.Key), prefix), suffix)
			id, err := app.ParseImageID(name)
			if !ok || err != nil {
				continue
			}
			found = append(found, app.Object{ID: id, Bytes: aws.ToInt64(obj.Size), Modified: aws.ToTime(obj.LastModified)})
		}
	}
	return found, nil
}

func nextPage(ctx context.Context, pages *s3.ListObjectsV2Paginator) ([]types.Object, error) {
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	out, err := pages.NextPage(ctx)
	if err != nil {
		return nil, err
	}
	return out.Contents, nil
}

// Delete implements app.Objects.
func (o *Objects) Delete(ctx context.Context, sid app.SessionID, id app.ImageID) error {
	const op = "delete image"
	key, err := o.key(sid, id)
	if err != nil {
		return app.E(op, app.KindBug, err)
	}
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	_, err = o.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &o.cfg.Bucket, Key: &key})
	if err = classify(op, err); app.KindOf(err) == app.KindNotFound {
		return nil
	}
	return err
}

// Head returns length and checksum of a stored object as S3 has them.
// KindCorrupt: it was stored without a SHA-256, so not through our links.
func (o *Objects) Head(ctx context.Context, sid app.SessionID, id app.ImageID) (int64, app.Digest, error) {
	const op = "check stored image"
	key, err := o.key(sid, id)
	if err != nil {
		return 0, "", app.E(op, app.KindBug, err)
	}
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	out, err := o.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &o.cfg.Bucket, Key: &key, ChecksumMode: types.ChecksumModeEnabled,
	})
	if codeOf(err) == "NotFound" { // an answer to HEAD has no body to say NoSuchKey in
		return 0, "", app.E(op, app.KindNotFound, err)
	}
	if err != nil {
		return 0, "", classify(op, err)
	}
	sum, err := base64.StdEncoding.DecodeString(aws.ToString(out.ChecksumSHA256))
	if err != nil || len(sum) != sha256.Size {
		return 0, "", app.E(op, app.KindCorrupt, errors.New("stored without a SHA-256"))
	}
	return aws.ToInt64(out.ContentLength), app.Digest(hex.EncodeToString(sum)), nil
}

// Ready reports whether the bucket answers and knows the key. It asks for a
// name that is never there: the gateway may not list, and S3 then answers
// AccessDenied instead of NoSuchKey; both are as good as a yes.
func (o *Objects) Ready(ctx context.Context) error {
	const op = "check object store"
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	key := "temp/.ready"
	out, err := o.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.cfg.Bucket, Key: &key})
	if err == nil {
		return out.Body.Close()
	}
	switch codeOf(err) {
	case "NoSuchKey", "AccessDenied":
		return nil
	}
	return classify(op, err)
}

// prefix and key refuse anything but well-formed ids: a slash in one would
// leave the practice's part of the bucket.
func (o *Objects) prefix(sid app.SessionID) (string, error) {
	if _, err := app.ParsePractice(string(o.cfg.Practice)); err != nil {
		return "", err
	}
	if _, err := app.ParseSessionID(string(sid)); err != nil {
		return "", err
	}
	return "temp/" + string(o.cfg.Practice) + "/" + string(sid) + "/", nil
}

func (o *Objects) key(sid app.SessionID, id app.ImageID) (string, error) {
	prefix, err := o.prefix(sid)
	if err != nil {
		return "", err
	}
	if _, err := app.ParseImageID(string(id)); err != nil {
		return "", err
	}
	return prefix + string(id) + suffix, nil
}
