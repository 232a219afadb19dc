package s3objects

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/clinicpro-nz/images/app"
)

// Trial is one thing that a workstation's key was tried with.
type Trial struct {
	What string // "list", "put", "read back", "delete"
	Took time.Duration
	Err  error
}

// Try does what the seed's connection test does, within this practice's part
// of the bucket: list its images, then put, read back and delete
// test/<practice>/connection-test.txt. It ends with the first that fails.
func (o *Objects) Try(ctx context.Context) []Trial {
	temp, key := "temp/"+string(o.cfg.Practice)+"/", "test/"+string(o.cfg.Practice)+"/connection-test.txt"
	text := []byte("ClinicPro Images connection test")
	var out []Trial
	for _, try := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"list", func(ctx context.Context) error {
			_, err := o.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &o.cfg.Bucket, Prefix: &temp, MaxKeys: aws.Int32(1)})
			return err
		}},
		{"put", func(ctx context.Context) error {
			in := &s3.PutObjectInput{Bucket: &o.cfg.Bucket, Key: &key, Body: bytes.NewReader(text)}
			if o.cfg.Encrypt {
				in.ServerSideEncryption = types.ServerSideEncryptionAes256
			}
			_, err := o.client.PutObject(ctx, in)
			return err
		}},
		{"read back", func(ctx context.Context) error {
			got, err := o.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.cfg.Bucket, Key: &key})
			if err != nil {
				return err
			}
			defer got.Body.Close()
			back, err := io.ReadAll(io.LimitReader(got.Body, int64(len(text))+1))
			if err == nil && !bytes.Equal(back, text) {
				err = errors.New("other bytes came back")
			}
			return err
		}},
		{"delete", func(ctx context.Context) error {
			_, err := o.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &o.cfg.Bucket, Key: &key})
			return err
		}},
	} {
		began := time.Now()
		tryCtx, cancel := context.WithTimeout(ctx, callDeadline)
		err := classify(try.what, try.do(tryCtx))
		cancel()
		out = append(out, Trial{try.what, time.Since(began), err})
		if err != nil {
			break
		}
	}
	return out
}

// SeesOthers reports whether this key may list what is not its practice's, as
// no workstation's should.
func (o *Objects) SeesOthers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	_, err := o.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &o.cfg.Bucket, Prefix: aws.String("temp/"), MaxKeys: aws.Int32(1)})
	return err == nil
}

// Code is S3's own code of an error, "AccessDenied"; "" when it gave none.
func Code(err error) string { return codeOf(err) }

// UploadLink signs a link as a phone would be given, for a preflight to ask
// about: its address, and the headers that go with it.
func (o *Objects) UploadLink(ctx context.Context) (url string, headers map[string]string, err error) {
	const anyImage = app.ImageID("00000000-0000-7000-8000-000000000000")
	up, err := o.PresignPut(ctx, app.NewSessionID(), anyImage, 1, emptyDigest)
	return up.URL, up.Headers, err
}

// emptyDigest is the SHA-256 of nothing.
const emptyDigest = app.Digest("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

// Preflight asks the bucket what a phone's browser asks before it uploads from
// a page of origin: may it PUT with these headers (Fetch standard, CORS
// preflight). It reports the answer's Access-Control-Allow-Origin and status.
func (o *Objects) Preflight(ctx context.Context, origin string) (allowed string, status int, err error) {
	const op = "ask as a browser"
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	link, headers, err := o.UploadLink(ctx)
	if err != nil {
		return "", 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodOptions, link, nil)
	if err != nil {
		return "", 0, app.E(op, app.KindBug, err)
	}
	req.Header.Set("Origin", origin)
	req.Header.Set("Access-Control-Request-Method", http.MethodPut)
	req.Header.Set("Access-Control-Request-Headers", wanted(headers))
	res, err := (&http.Client{Transport: o.cfg.Way.Transport()}).Do(req)
	if err != nil {
		return "", 0, app.E(op, app.KindOffline, err)
	}
	_ = res.Body.Close()
	return res.Header.Get("Access-Control-Allow-Origin"), res.StatusCode, nil
}

// wanted are the header names as a browser asks for them: lower case, in
// order, without those that need no leave.
func wanted(headers map[string]string) string {
	var names []string
	for name := range headers {
		switch lower := strings.ToLower(name); lower {
		case "host", "content-length":
		default:
			names = append(names, lower)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}
