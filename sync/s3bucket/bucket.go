// Package s3bucket keeps the temp bucket, and who may use it, as
// docs/operations.md describes: it reads every setting, says what differs, and
// puts right what does. It works with an administrator's key; workstations and
// gateway never do.
package s3bucket

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/egress"
)

const callDeadline = 20 * time.Second

// Config says which bucket, how it has to be, and who asks.
type Config struct {
	Region, Bucket string
	Endpoint       string // another S3 server's origin; "" is AWS
	IAMEndpoint    string // another IAM server's origin; "" is AWS, or none where Endpoint is given
	AccessKey      string
	SecretKey      app.Sealed
	Gateway        string // origin that may PUT, besides the seed's; "" for none
	Encrypt        bool   // the store can encrypt with its own keys (SSE-S3)
	LifeDays       int32  // how long an object under temp/ lives at most; 0 is 1
	Way            *egress.Way
}

// Verdict is what there is to say of one setting.
type Verdict string

const (
	AsWanted Verdict = "as wanted"
	Differs  Verdict = "differs"
	NotHere  Verdict = "not known to this store" // it answers "not implemented"
	Waits    Verdict = "waits"                   // for the bucket, which is not there yet
)

// State is one setting: what it is, and what it has to be.
type State struct {
	Setting string  `json:"setting"`
	Has     string  `json:"has"`
	Wants   string  `json:"wants"`
	Verdict Verdict `json:"verdict"`
}

// Bucket is the temp bucket under an administrator's key.
type Bucket struct {
	cfg    Config
	client *s3.Client
}

// New checks the configuration; it does not connect.
func New(cfg Config) (*Bucket, error) {
	if cfg.Region == "" || cfg.Bucket == "" || cfg.AccessKey == "" || cfg.SecretKey.IsZero() {
		return nil, app.E("configure bucket", app.KindBug, errors.New("region, bucket, access key and secret key are needed"))
	}
	if cfg.LifeDays == 0 {
		cfg.LifeDays = 1
	}
	return &Bucket{cfg, cfg.client(credentials.NewStaticCredentialsProvider(cfg.AccessKey, cfg.SecretKey.Reveal(), ""))}, nil
}

// client is the store as one caller reaches it.
func (cfg Config) client(as aws.CredentialsProvider) *s3.Client {
	o := s3.Options{
		Region:                     cfg.Region,
		Credentials:                as,
		HTTPClient:                 &http.Client{Transport: cfg.Way.Transport()},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		Retryer:                    retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 3 }),
	}
	if cfg.Endpoint != "" {
		o.BaseEndpoint, o.UsePathStyle = aws.String(strings.TrimRight(cfg.Endpoint, "/")), true
	}
	return s3.New(o)
}

// Plan reads every setting and changes nothing.
func (b *Bucket) Plan(ctx context.Context) ([]State, error) {
	return b.walk(ctx, false, func(State) {})
}

// Apply puts right what differs, one setting after another, and reads each
// back. say is told every setting as it was found. What is returned is how
// they are now. A setting that a store does not know is passed over.
func (b *Bucket) Apply(ctx context.Context, say func(State)) ([]State, error) {
	return b.walk(ctx, true, say)
}

func (b *Bucket) walk(ctx context.Context, apply bool, say func(State)) ([]State, error) {
	var out []State
	there := true
	for n := range b.settings() {
		s := b.settings()[n] // anew: what is wanted may hang on what was found
		if !there {
			out = append(out, State{s.name, "", s.wants, Waits})
			continue
		}
		found, err := s.state(ctx)
		if err != nil {
			return out, classify("read "+s.name, err)
		}
		say(found)
		if apply && found.Verdict == Differs {
			switch err := s.put(ctx); {
			case code(err) == "NotImplemented":
				found.Verdict = NotHere
			case err != nil:
				return out, classify("set "+s.name, err)
			default:
				if found, err = s.state(ctx); err != nil {
					return out, classify("read back "+s.name, err)
				}
			}
		}
		out = append(out, found)
		if s.name == SettingEncryption && found.Verdict == NotHere {
			b.cfg.Encrypt = false // a policy that asks for it would refuse every upload
		}
		there = there && (s.name != settingBucket || found.Verdict == AsWanted)
	}
	return out, nil
}

// Clean reports that nothing differs.
func Clean(states []State) bool {
	for _, s := range states {
		if s.Verdict == Differs || s.Verdict == Waits {
			return false
		}
	}
	return true
}

// setting is one thing that a bucket has to be.
type setting struct {
	name, wants string
	read        func(context.Context) (string, error)
	unset       string // the error code that means "nothing is set"
	fits        func(has string) bool
	put         func(context.Context) error
}

func (s setting) state(ctx context.Context) (State, error) {
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	has, err := s.read(ctx)
	out := State{s.name, has, s.wants, Differs}
	switch {
	case err != nil && code(err) == "NotImplemented":
		out.Verdict = NotHere
		return out, nil
	case err != nil && s.unset != "" && code(err) == s.unset:
		out.Has, err = None, nil
	}
	if out.Has == s.wants || s.fits != nil && s.fits(out.Has) {
		out.Verdict = AsWanted
	}
	return out, err
}

// Free reports whether nobody has a bucket of that name.
func (b *Bucket) Free(ctx context.Context, name string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	_, err := b.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
	switch status(err) {
	case http.StatusNotFound:
		return true, nil
	case http.StatusOK, http.StatusForbidden, http.StatusMovedPermanently, http.StatusBadRequest:
		return false, nil
	}
	return false, classify("look for a free name", err)
}

// Alternatives are the seed's suggestions for a name that is taken, and one a
// year.
func Alternatives(name string, year string) []string {
	return []string{name + "-nz", name + "-" + year, name + "-nz-" + year}
}

// DestroyTemp deletes every object under temp/ and test/, and tells how many.
func (b *Bucket) DestroyTemp(ctx context.Context, dry bool) (objects int, bytes int64, err error) {
	for _, prefix := range []string{"temp/", "test/"} {
		pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.cfg.Bucket, Prefix: &prefix})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return objects, bytes, classify("list temp objects", err)
			}
			var batch []types.ObjectIdentifier
			for _, o := range page.Contents {
				objects++
				bytes += aws.ToInt64(o.Size)
				batch = append(batch, types.ObjectIdentifier{Key: o.Key})
			}
			if dry || len(batch) == 0 {
				continue
			}
			out, err := b.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &b.cfg.Bucket,
				Delete: &types.Delete{Objects: batch, Quiet: aws.Bool(true)}})
			if err != nil {
				return objects, bytes, classify("delete temp objects", err)
			}
			if len(out.Errors) > 0 {
				return objects, bytes, app.E("delete temp objects", app.KindAuth, errors.New(aws.ToString(out.Errors[0].Code)))
			}
		}
	}
	return objects, bytes, nil
}

// Code is the service's own code of an error: "BucketAlreadyExists",
// "AccessDenied". "" when it gave none.
func Code(err error) string { return code(err) }

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

func classify(op string, err error) error {
	if err == nil {
		return nil
	}
	switch s := status(err); {
	case errors.Is(err, context.Canceled):
		return app.E(op, app.KindCanceled, err)
	case s == http.StatusConflict:
		return app.E(op, app.KindConflict, err)
	case s == 0 || s >= 500:
		return app.E(op, app.KindOffline, err)
	case s == http.StatusNotFound:
		return app.E(op, app.KindNotFound, err)
	case s >= 300 && s < 400, s == http.StatusForbidden, s == http.StatusUnauthorized, s == http.StatusBadRequest:
		return app.E(op, app.KindAuth, err)
	}
	return app.E(op, app.KindBug, err)
}
