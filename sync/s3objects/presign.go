package s3objects

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/clinicpro-nz/images/app"
)

// linkLife is design section 6's five minutes.
const linkLife = 5 * time.Minute

// Upload is one presigned PUT. Whoever holds it can store exactly the
// announced bytes under exactly this name, once.
type Upload struct {
	URL string
	// Headers must be sent as they are. Host and Content-Length are signed
	// too; a browser sets those itself and lets nobody else.
	Headers map[string]string
	Expires time.Time
}

// PresignPut signs a PUT of one sealed image for five minutes. It asks
// nobody: no request is sent. The link refuses other lengths and other bytes,
// and answers 412 when the object is there already.
func (o *Objects) PresignPut(ctx context.Context, sid app.SessionID, id app.ImageID, bytes int64, sum app.Digest) (Upload, error) {
	const op = "sign upload link"
	key, err := o.key(sid, id)
	if err != nil {
		return Upload{}, app.E(op, app.KindBug, err)
	}
	if bytes <= 0 {
		return Upload{}, app.E(op, app.KindBug, errors.New("an upload needs a length"))
	}
	if _, err := app.ParseDigest(string(sum)); err != nil {
		return Upload{}, app.E(op, app.KindBug, err)
	}
	raw, _ := hex.DecodeString(string(sum)) // ParseDigest proved it
	in := &s3.PutObjectInput{
		Bucket: &o.cfg.Bucket, Key: &key,
		ContentLength:  &bytes,
		ContentType:    aws.String("application/octet-stream"),
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(raw)),
		IfNoneMatch:    aws.String("*"),
	}
	if o.cfg.Encrypt {
		in.ServerSideEncryption = types.ServerSideEncryptionAes256
	}
	// Signature times have whole seconds and are cut, not rounded.
	expires := time.Now().Truncate(time.Second).Add(linkLife)
	signed, err := o.presign.PresignPutObject(ctx, in)
	if err != nil {
		return Upload{}, app.E(op, app.KindBug, err)
	}
	headers := make(map[string]string, len(signed.SignedHeader))
	for name := range signed.SignedHeader {
		if name != "Host" && name != "Content-Length" {
			headers[name] = signed.SignedHeader.Get(name)
		}
	}
	return Upload{URL: signed.URL, Headers: headers, Expires: expires}, nil
}

// linkSigner signs headers as headers. The SDK's default moves the checksum
// and the encryption header into the query, which not every server enforces.
type linkSigner struct{ signer *v4.Signer }

func newLinkSigner() linkSigner { return linkSigner{v4.NewSigner()} }

func (s linkSigner) PresignHTTP(ctx context.Context, creds aws.Credentials, r *http.Request,
	payloadHash, service, region string, at time.Time, opts ...func(*v4.SignerOptions),
) (string, http.Header, error) {
	return s.signer.PresignHTTP(ctx, creds, r, payloadHash, service, region, at, append(opts,
		func(o *v4.SignerOptions) { o.DisableHeaderHoisting, o.DisableURIPathEscaping = true, true })...)
}
