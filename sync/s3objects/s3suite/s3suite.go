// Package s3suite holds what s3objects must do against any real server, for
// the tests of s3objects and of localcloud. Only tests import it.
package s3suite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/s3objects"
)

// Run runs the port's conformance suite, and the gateway's part, on a running
// versitygw whose buckets are folders under root.
func Run(t *testing.T, cfg s3objects.Config, root string) {
	cfg.PageSize = 10
	objects := open(t, cfg)
	t.Run("port", func(t *testing.T) {
		apptest.Objects(t, func(*testing.T) apptest.ObjectsRig {
			return apptest.ObjectsRig{
				Objects: objects, Other: objects.For("otherpractice"),
				Put: func(t *testing.T, sid app.SessionID, id app.ImageID, sealed []byte) {
					t.Helper()
					if status := Put(t, Link(t, objects, sid, id, sealed), sealed); status != http.StatusOK {
						t.Fatalf("PUT answered %d", status)
					}
				},
				Damage: func(t *testing.T, sid app.SessionID, id app.ImageID) {
					damage(t, filepath.Join(root, cfg.Bucket, "temp", string(cfg.Practice), string(sid), string(id)+".age"))
				},
			}
		})
	})
	t.Run("links", func(t *testing.T) { links(t, objects) })
	t.Run("expired link", func(t *testing.T) { expired(t, cfg) })
	t.Run("head", func(t *testing.T) { head(t, objects) })
	t.Run("ready", func(t *testing.T) { ready(t, cfg) })
}

func links(t *testing.T, objects *s3objects.Objects) {
	sealed := []byte("age-encryption.org/v1 synthetic")
	put := func(change func(*s3objects.Upload), body []byte) (int, func() error) {
		sid := app.NewSessionID()
		up := Link(t, objects, sid, imageID, sealed)
		change(&up)
		return Put(t, up, body), func() error {
			_, _, err := objects.Get(t.Context(), sid, imageID, make([]byte, 1<<20))
			return err
		}
	}
	replace := func(old, with string) func(*s3objects.Upload) {
		return func(u *s3objects.Upload) {
			changed := strings.Replace(u.URL, old, with, 1)
			if changed == u.URL {
				t.Fatalf("no %q in the link", old)
			}
			u.URL = changed
		}
	}
	for _, c := range []struct {
		name   string
		change func(*s3objects.Upload)
		body   []byte
	}{
		{"longer", func(*s3objects.Upload) {}, append(bytes.Clone(sealed), 'x')},
		{"shorter", func(*s3objects.Upload) {}, sealed[1:]},
		{"other bytes of the same length", func(*s3objects.Upload) {}, bytes.ToUpper(sealed)},
		{"other bytes and their checksum", func(u *s3objects.Upload) {
			u.Headers[header(t, *u, "X-Amz-Checksum-Sha256")] = base64sum(bytes.ToUpper(sealed))
		}, bytes.ToUpper(sealed)},
		{"without the checksum", func(u *s3objects.Upload) {
			delete(u.Headers, header(t, *u, "X-Amz-Checksum-Sha256"))
		}, sealed},
		{"without If-None-Match", func(u *s3objects.Upload) {
			delete(u.Headers, header(t, *u, "If-None-Match"))
		}, sealed},
		{"altered signature", replace("X-Amz-Signature=", "X-Amz-Signature=0"), sealed},
		{"another session's name", replace("/temp/", "/temp/x"), sealed},
		{"a longer life", replace("X-Amz-Expires=300", "X-Amz-Expires=3000"), sealed},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, get := put(c.change, c.body)
			if status < 400 || status >= 500 {
				t.Errorf("PUT answered %d", status)
			}
			if err := get(); app.KindOf(err) != app.KindNotFound {
				t.Errorf("something was stored: %v", err)
			}
		})
	}
	t.Run("a second time", func(t *testing.T) {
		sid := app.NewSessionID()
		up := Link(t, objects, sid, imageID, sealed)
		if first, second := Put(t, up, sealed), Put(t, up, sealed); first != 200 || second != 412 {
			t.Errorf("PUT answered %d, then %d", first, second)
		}
		again := Link(t, objects, sid, imageID, sealed)
		if status := Put(t, again, sealed); status != 412 {
			t.Errorf("PUT through a new link answered %d", status)
		}
	})
	t.Run("again after a delete", func(t *testing.T) {
		sid := app.NewSessionID()
		up := Link(t, objects, sid, imageID, sealed)
		first := Put(t, up, sealed)
		if err := objects.Delete(t.Context(), sid, imageID); err != nil {
			t.Fatal(err)
		}
		// The link outlives the deletion: why the agent lists once more.
		if second := Put(t, up, sealed); first != 200 || second != 200 {
			t.Errorf("PUT answered %d, then %d", first, second)
		}
	})
	t.Run("life", func(t *testing.T) {
		up := Link(t, objects, app.NewSessionID(), imageID, sealed)
		if left := time.Until(up.Expires); left < 4*time.Minute+55*time.Second || left > 5*time.Minute {
			t.Errorf("expires in %v", left)
		}
	})
	t.Run("nonsense", func(t *testing.T) {
		sum := app.Digest(strings.Repeat("0", 64))
		for name, try := range map[string]func() error{
			"no bytes":   func() error { return signs(t.Context(), objects, app.NewSessionID(), imageID, 0, sum) },
			"no session": func() error { return signs(t.Context(), objects, "../x", imageID, 1, sum) },
			"no image":   func() error { return signs(t.Context(), objects, app.NewSessionID(), "x", 1, sum) },
			"no digest":  func() error { return signs(t.Context(), objects, app.NewSessionID(), imageID, 1, "x") },
		} {
			if err := try(); app.KindOf(err) != app.KindBug {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// expired PUTs through a link of the same form, signed ten minutes ago.
func expired(t *testing.T, cfg s3objects.Config) {
	sid, sealed := app.NewSessionID(), []byte("sealed")
	key := "temp/" + string(cfg.Practice) + "/" + string(sid) + "/" + string(imageID) + ".age"
	client := s3.New(s3.Options{
		Region: cfg.Region, BaseEndpoint: &cfg.Endpoint, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(cfg.AccessKey, cfg.SecretKey.Reveal(), ""),
	})
	sign := func(age time.Duration) s3objects.Upload {
		signed, err := s3.NewPresignClient(client).PresignPutObject(t.Context(),
			&s3.PutObjectInput{Bucket: &cfg.Bucket, Key: &key, ContentLength: aws.Int64(int64(len(sealed)))},
			func(o *s3.PresignOptions) { o.Expires, o.Presigner = 5*time.Minute, pastSigner{age} })
		if err != nil {
			t.Fatal(err)
		}
		return s3objects.Upload{URL: signed.URL}
	}
	if status := Put(t, sign(10*time.Minute), sealed); status != http.StatusForbidden {
		t.Errorf("ten minutes old: PUT answered %d", status)
	}
	if status := Put(t, sign(4*time.Minute), sealed); status != http.StatusOK {
		t.Errorf("four minutes old: PUT answered %d", status)
	}
}

type pastSigner struct{ age time.Duration }

func (s pastSigner) PresignHTTP(ctx context.Context, creds aws.Credentials, r *http.Request,
	payloadHash, service, region string, at time.Time, opts ...func(*v4.SignerOptions),
) (string, http.Header, error) {
	return v4.NewSigner().PresignHTTP(ctx, creds, r, payloadHash, service, region, at.Add(-s.age), opts...)
}

func head(t *testing.T, objects *s3objects.Objects) {
	sid, sealed := app.NewSessionID(), bytes.Repeat([]byte("sealed"), 1000)
	if _, _, err := objects.Head(t.Context(), sid, imageID); app.KindOf(err) != app.KindNotFound {
		t.Errorf("before the PUT: %v", err)
	}
	Put(t, Link(t, objects, sid, imageID, sealed), sealed)
	size, sum, err := objects.Head(t.Context(), sid, imageID)
	if want := sha256.Sum256(sealed); err != nil || size != int64(len(sealed)) || sum != app.Digest(hex.EncodeToString(want[:])) {
		t.Errorf("%d bytes, %s, %v", size, sum, err)
	}
}

func ready(t *testing.T, cfg s3objects.Config) {
	if err := open(t, cfg).Ready(t.Context()); err != nil {
		t.Error(err)
	}
	wrongKey, wrongName, noBucket, away := cfg, cfg, cfg, cfg
	wrongKey.SecretKey = app.Seal("not the secret")
	wrongName.AccessKey = "nobody"
	noBucket.Bucket = "no-such-bucket"
	away.Endpoint = "http://127.0.0.1:1"
	for name, c := range map[string]struct {
		cfg  s3objects.Config
		kind app.Kind
	}{
		"wrong secret": {wrongKey, app.KindAuth}, "unknown key": {wrongName, app.KindAuth},
		"no bucket": {noBucket, app.KindAuth}, "nobody there": {away, app.KindOffline},
	} {
		o := open(t, c.cfg)
		if err := o.Ready(t.Context()); app.KindOf(err) != c.kind {
			t.Errorf("%s: ready says %v, want %s", name, err, c.kind)
		}
		if _, err := o.List(t.Context(), app.NewSessionID()); app.KindOf(err) != c.kind {
			t.Errorf("%s: list says %v, want %s", name, err, c.kind)
		}
	}
}

const imageID = app.ImageID("01932e9a-0000-7000-8000-000000000001")

// Link presigns a PUT of sealed.
func Link(t *testing.T, objects *s3objects.Objects, sid app.SessionID, id app.ImageID, sealed []byte) s3objects.Upload {
	t.Helper()
	sum := sha256.Sum256(sealed)
	up, err := objects.PresignPut(t.Context(), sid, id, int64(len(sealed)), app.Digest(hex.EncodeToString(sum[:])))
	if err != nil {
		t.Fatal(err)
	}
	return up
}

// Put does what the phone does, and returns the status. Like the phone it sends
// again what is answered 500: versitygw gives that to a PUT that meets its own
// removal of the folder that a DELETE has just emptied.
func Put(t *testing.T, up s3objects.Upload, body []byte) int {
	t.Helper()
	const tries = 5
	for try := 1; ; try++ {
		status := putOnce(t, up, body)
		if status != http.StatusInternalServerError || try == tries {
			return status
		}
		time.Sleep(time.Duration(try) * 50 * time.Millisecond)
	}
}

func putOnce(t *testing.T, up s3objects.Upload, body []byte) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, up.URL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range up.Headers {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(res.Body)
	t.Logf("PUT of %d bytes: %d %.120s", len(body), res.StatusCode, answer)
	return res.StatusCode
}

func open(t *testing.T, cfg s3objects.Config) *s3objects.Objects {
	t.Helper()
	objects, err := s3objects.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func signs(ctx context.Context, o *s3objects.Objects, sid app.SessionID, id app.ImageID, size int64, sum app.Digest) error {
	_, err := o.PresignPut(ctx, sid, id, size, sum)
	return err
}

// header finds a header that must be among those the phone sends.
func header(t *testing.T, up s3objects.Upload, name string) string {
	t.Helper()
	for have := range up.Headers {
		if strings.EqualFold(have, name) {
			return have
		}
	}
	u, _ := url.Parse(up.URL)
	t.Fatalf("no header %s in %v (query %v)", name, up.Headers, u.Query())
	return ""
}

func base64sum(b []byte) string {
	sum := sha256.Sum256(b)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func damage(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
