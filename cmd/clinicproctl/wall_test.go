package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/redis/go-redis/v9"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/ablyfeed"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/s3objects"
)

// act is one thing that a role must not be able to do. try does it on a real
// server; refused says that the answer was the server's no, and not that
// nobody was there or the act was wrongly put.
type act struct {
	who, does string
	try       func(context.Context) error
	refused   func(error) bool
}

// wall is what the acts are tried on: the rig, each role's names, and a
// session of the other practice with an image in it.
type wall struct {
	*rig
	names  map[string]map[string]string // role → NAME → value
	bucket string
	object string // theirs
	own    string // ours
	row    string // their session's key in Redis
	mine   string // ours
	token  app.Token
	sid    app.SessionID
}

// TestCredentialWall: no role does what it need not. Each kind of act is also
// done by one who may, so that a refusal is known to be the rights' doing.
func TestCredentialWall(t *testing.T) {
	w := newWall(t)
	for _, a := range w.allowed() {
		if err := a.try(t.Context()); err != nil {
			t.Errorf("%s may %s, and cannot: %v", a.who, a.does, err)
		}
	}
	acts := 0
	for _, more := range [][]act{w.s3Acts(), w.iamActs(), w.redisActs(), w.ablyActs(), w.gatewayActs()} {
		for _, a := range more {
			acts++
			err := a.try(t.Context())
			switch {
			case err == nil:
				t.Errorf("%s can %s", a.who, a.does)
			case !a.refused(err):
				t.Errorf("%s: %s: not refused but %v", a.who, a.does, err)
			}
		}
	}
	t.Logf("%d forbidden acts", acts)
	if acts < 30 {
		t.Errorf("only %d acts", acts)
	}
}

func newWall(t *testing.T) *wall {
	t.Helper()
	w := &wall{rig: newRig(t), names: map[string]map[string]string{}, bucket: "clinicpro-images-temp"}
	w.ctl("", "cloud", "apply", "-from", w.admin).wants(t, exitDone)
	for _, role := range []string{"gateway", ours, theirs} {
		w.names[role] = w.readNames(w.keys(role))
	}
	w.names["administrator"] = w.readNames(w.admin)
	w.serveGateway(w.rig.dir + "/gateway.env")
	root := w.client("administrator")
	w.sid = app.NewSessionID()
	w.object, w.own = "temp/"+theirs+"/"+string(w.sid)+"/1.age", "temp/"+ours+"/"+string(w.sid)+"/1.age"
	for _, key := range []string{w.object, w.own, "test/" + theirs + "/x.txt"} {
		if _, err := root.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &w.bucket, Key: &key, Body: strings.NewReader("sealed")}); err != nil {
			t.Fatal(err)
		}
	}
	w.token = app.NewToken()
	for _, p := range []string{ours, theirs} {
		registry, err := redisregistry.New(redisregistry.Config{URL: app.Seal(w.names[p]["REDIS_URL"]), Practice: app.Practice(p), Way: w.way()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = registry.Shut() })
		if _, err := registry.Open(t.Context(), app.Opening{SID: w.sid, PracticeName: "Synthetic practice", TokenHash: w.token.Hash(), Limits: app.DefaultLimits}); err != nil {
			t.Fatal(err)
		}
	}
	w.row, w.mine = "cp:{"+theirs+"}:s:"+string(w.sid), "cp:{"+ours+"}:s:"+string(w.sid)
	return w
}

// client is S3 as a role; "nobody" signs nothing.
func (w *wall) client(role string) *s3.Client {
	o := s3.Options{Region: "ap-southeast-2", BaseEndpoint: aws.String("https://" + w.s3), UsePathStyle: true,
		HTTPClient: &http.Client{Transport: w.way().Transport()}, RetryMaxAttempts: 1,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired, ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired}
	o.Credentials = aws.AnonymousCredentials{}
	if n := w.names[role]; n != nil {
		o.Credentials = credentials.NewStaticCredentialsProvider(n["AWS_ACCESS_KEY_ID"], n["AWS_SECRET_ACCESS_KEY"], "")
	}
	return s3.New(o)
}

func s3Refused(err error) bool {
	code := s3objects.Code(err)
	// HEAD has no body to say AccessDenied in.
	return code == "AccessDenied" || code == "Forbidden" || strings.Contains(err.Error(), "StatusCode: 403")
}

func (w *wall) list(role, prefix string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := w.client(role).ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &w.bucket, Prefix: &prefix})
		return err
	}
}

func (w *wall) get(role, key string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := w.client(role).GetObject(ctx, &s3.GetObjectInput{Bucket: &w.bucket, Key: &key})
		return err
	}
}

func (w *wall) put(role, key string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := w.client(role).PutObject(ctx, &s3.PutObjectInput{Bucket: &w.bucket, Key: &key, Body: bytes.NewReader([]byte("x"))})
		return err
	}
}

func (w *wall) remove(role, key string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := w.client(role).DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &w.bucket, Key: &key})
		return err
	}
}

// allowed is each kind of act by one who may.
func (w *wall) allowed() []act {
	return []act{
		{who: theirs, does: "list its images", try: w.list(theirs, "temp/"+theirs+"/")},
		{who: theirs, does: "fetch its image", try: w.get(theirs, w.object)},
		{who: theirs, does: "write its test object", try: w.put(theirs, "test/"+theirs+"/y.txt")},
		{who: ours, does: "delete its image", try: w.remove(ours, w.own)},
		{who: "gateway", does: "put and look at an image", try: func(ctx context.Context) error {
			return errors.Join(w.put("gateway", w.own)(ctx), w.get("gateway", w.own)(ctx))
		}},
		{who: theirs, does: "read its session", try: w.redisDo(theirs, "HGETALL", w.row)},
		{who: "gateway", does: "read a session", try: w.redisDo("gateway", "HGETALL", w.row)},
		{who: theirs, does: "run a script on its session", try: w.redisDo(theirs, "EVAL", "return redis.call('EXISTS', KEYS[1])", "1", w.row)},
		{who: theirs, does: "listen to its session", try: w.listen(theirs, theirs)},
		{who: "gateway", does: "publish a hint", try: w.publish("gateway", theirs)},
	}
}

func (w *wall) s3Acts() []act {
	var out []act
	add := func(who, does string, try func(context.Context) error) {
		out = append(out, act{who, does, try, s3Refused})
	}
	on := func(role string, do func(context.Context, *s3.Client) error) func(context.Context) error {
		return func(ctx context.Context) error { return do(ctx, w.client(role)) }
	}
	add(ours, "list the other practice's images", w.list(ours, "temp/"+theirs+"/"))
	add(ours, "list every practice's images", w.list(ours, "temp/"))
	add(ours, "list the whole bucket", w.list(ours, ""))
	add(ours, "list practices whose names begin like its own", w.list(ours, "temp/"+ours))
	add(ours, "list the other practice's tests", w.list(ours, "test/"+theirs+"/"))
	add(ours, "fetch the other practice's image", w.get(ours, w.object))
	add(ours, "fetch the other practice's test object", w.get(ours, "test/"+theirs+"/x.txt"))
	add(ours, "delete the other practice's image", w.remove(ours, w.object))
	add(ours, "put an image among the other practice's", w.put(ours, w.object+"2"))
	add(ours, "put an image among its own, which only phones do", w.put(ours, w.own))
	add(ours, "write the other practice's test object", w.put(ours, "test/"+theirs+"/x.txt"))
	add(ours, "write anywhere else in the bucket", w.put(ours, "elsewhere.txt"))
	add(ours, "look at the other practice's image", on(ours, func(ctx context.Context, c *s3.Client) error {
		_, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &w.bucket, Key: &w.object})
		return err
	}))
	add(ours, "copy the other practice's image to itself", on(ours, func(ctx context.Context, c *s3.Client) error {
		_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &w.bucket, Key: aws.String("test/" + ours + "/stolen"),
			CopySource: aws.String(url.PathEscape(w.bucket + "/" + w.object))})
		return err
	}))
	add(ours, "begin an upload in parts among the other practice's", on(ours, func(ctx context.Context, c *s3.Client) error {
		_, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &w.bucket, Key: &w.object})
		return err
	}))
	add(ours, "make another bucket", on(ours, func(ctx context.Context, c *s3.Client) error {
		_, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("a-bucket-of-its-own")})
		return err
	}))
	for _, role := range []string{ours, "gateway"} {
		add(role, "read the bucket's policy", on(role, func(ctx context.Context, c *s3.Client) error {
			_, err := c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &w.bucket})
			return err
		}))
		add(role, "change the bucket's policy", on(role, func(ctx context.Context, c *s3.Client) error {
			_, err := c.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &w.bucket})
			return err
		}))
		add(role, "change who may upload from where", on(role, func(ctx context.Context, c *s3.Client) error {
			_, err := c.PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: &w.bucket, CORSConfiguration: &types.CORSConfiguration{
				CORSRules: []types.CORSRule{{AllowedOrigins: []string{"*"}, AllowedMethods: []string{"GET"}}}}})
			return err
		}))
		add(role, "delete the bucket", on(role, func(ctx context.Context, c *s3.Client) error {
			_, err := c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &w.bucket})
			return err
		}))
	}
	add("gateway", "list any practice's images", w.list("gateway", "temp/"+theirs+"/"))
	add("gateway", "list the whole bucket", w.list("gateway", ""))
	add("gateway", "delete an image", w.remove("gateway", w.object))
	add("gateway", "put outside temp/", w.put("gateway", "test/"+theirs+"/x.txt"))
	add("gateway", "fetch outside temp/", w.get("gateway", "test/"+theirs+"/x.txt"))
	add("nobody", "list the bucket", w.list("nobody", ""))
	add("nobody", "fetch an image", w.get("nobody", w.object))
	add("nobody", "put an image", w.put("nobody", w.object+"3"))
	add("nobody", "delete an image", w.remove("nobody", w.object))
	return out
}

func (w *wall) iamActs() []act {
	var out []act
	for _, role := range []string{ours, "gateway"} {
		client := func() *iam.Client {
			n := w.names[role]
			return iam.New(iam.Options{Region: "us-east-1", BaseEndpoint: aws.String("https://" + w.iam), RetryMaxAttempts: 1,
				HTTPClient:  &http.Client{Transport: w.way().Transport()},
				Credentials: credentials.NewStaticCredentialsProvider(n["AWS_ACCESS_KEY_ID"], n["AWS_SECRET_ACCESS_KEY"], "")})
		}
		user := grantsOf(w.bucket, theirs).IAMUser
		for does, try := range map[string]func(context.Context) error{
			"make itself a key of the other practice's user": func(ctx context.Context) error {
				_, err := client().CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &user})
				return err
			},
			"give itself more rights": func(ctx context.Context) error {
				_, err := client().PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: aws.String(grantsOf(w.bucket, ours).IAMUser), PolicyName: aws.String("more"),
					PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["*"]}]}`)})
				return err
			},
			"list who else there is": func(ctx context.Context) error {
				_, err := client().ListUsers(ctx, &iam.ListUsersInput{})
				return err
			},
		} {
			out = append(out, act{role, does, try, s3Refused})
		}
	}
	return out
}

func (w *wall) redisDo(role string, args ...any) func(context.Context) error {
	return func(ctx context.Context) error {
		opt, err := redis.ParseURL(w.names[role]["REDIS_URL"])
		if err != nil {
			return err
		}
		opt.TLSConfig.RootCAs, opt.DisableIdentity = w.way().TLS().RootCAs, true
		client := redis.NewClient(opt)
		defer client.Close()
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		return client.Do(ctx, args...).Err()
	}
}

// redisRefused is the rights' no, in a script as well.
func redisRefused(err error) bool {
	return redisregistry.Refused(err) == redisregistry.WhyRights
}

func (w *wall) redisActs() []act {
	var out []act
	add := func(who, does string, args ...any) {
		out = append(out, act{who, does, w.redisDo(who, args...), redisRefused})
	}
	add(ours, "read the other practice's session", "HGETALL", w.row)
	add(ours, "see whether the other practice has a session", "EXISTS", w.row)
	add(ours, "change the other practice's session", "HSET", w.row, "state", "closed")
	add(ours, "delete the other practice's session", "DEL", w.row)
	add(ours, "read a pairing token of the other practice", "GET", "cp:{"+theirs+"}:t:"+string(w.token.Hash()))
	add(ours, "put a kept phone into the other practice", "SET", "cp:{"+theirs+"}:k:0", "x")
	add(ours, "run a script on the other practice's session", "EVAL", "return redis.call('HGETALL', KEYS[1])", "1", w.row)
	add(ours, "reach the other practice's session from a script on its own", "EVAL", "return redis.call('HGETALL', ARGV[1])", "1", w.mine, w.row)
	add(ours, "write any other key", "SET", "elsewhere", "x")
	for _, role := range []string{ours, "gateway"} {
		add(role, "list every key", "KEYS", "*")
		add(role, "walk through the keys", "SCAN", "0")
		add(role, "empty the database", "FLUSHALL")
		add(role, "read the server's configuration", "CONFIG", "GET", "*")
		add(role, "list the users", "ACL", "LIST")
		add(role, "give itself more rights", "ACL", "SETUSER", grantsOf(w.bucket, ours).RedisUser, "allkeys")
		add(role, "watch what others do", "MONITOR")
		add(role, "throw away the scripts", "SCRIPT", "FLUSH")
		add(role, "see who is connected", "CLIENT", "LIST")
		add(role, "publish", "PUBLISH", "cp:"+theirs, "x")
	}
	add("gateway", "read a key that is no session", "GET", "elsewhere")
	out = append(out, act{ours, "claim the other practice's session", func(ctx context.Context) error {
		r, err := redisregistry.New(redisregistry.Config{URL: app.Seal(w.names[ours]["REDIS_URL"]), Practice: theirs, Way: w.way()})
		if err != nil {
			return err
		}
		defer r.Shut()
		_, err = r.Claim(ctx, w.token.Hash(), app.NewToken().Hash(), app.KeepOffer{})
		return err
	}, func(err error) bool { return app.KindOf(err) == app.KindAuth }})
	return out
}

// listen succeeds once the role is attached to a practice's channel.
func (w *wall) listen(role, practice string) func(context.Context) error {
	return func(ctx context.Context) error {
		cfg, err := ablyfeed.Config{Key: app.Seal(w.names[role]["ABLY_API_KEY"]), Practice: app.Practice(practice), Way: w.way()}.At(w.hub.URL)
		if err != nil {
			return err
		}
		ctx, stop := context.WithCancelCause(ctx)
		defer stop(nil)
		err = ablyfeed.New(cfg).Listen(ctx, w.sid, func(s app.Signal) {
			if s.Healthy {
				stop(errHealthy)
			}
		})
		return err
	}
}

func (w *wall) publish(role, practice string) func(context.Context) error {
	return func(ctx context.Context) error {
		cfg, err := ablyfeed.Config{Key: app.Seal(w.names[role]["ABLY_API_KEY"]), Practice: app.Practice(practice), Way: w.way()}.At(w.hub.URL)
		if err != nil {
			return err
		}
		p, err := ablyfeed.NewPublisher(cfg)
		if err != nil {
			return err
		}
		return p.Publish(ctx, w.sid, app.EventSessionClosed, "", 1)
	}
}

func (w *wall) ablyActs() []act {
	w.names["a stranger"] = map[string]string{"ABLY_API_KEY": strings.Replace(w.names[ours]["ABLY_API_KEY"], "secret", "guess", 1)}
	refused := func(err error) bool { return app.KindOf(err) == app.KindAuth }
	return []act{
		{ours, "listen to the other practice", w.listen(ours, theirs), refused},
		{ours, "say something to the other practice", w.publish(ours, theirs), refused},
		{ours, "say something to its own, which only the gateway does", w.publish(ours, ours), refused},
		{"gateway", "listen to a practice", w.listen("gateway", theirs), refused},
		{"a stranger", "listen with a guessed secret", w.listen("a stranger", ours), refused},
		{"a stranger", "publish with a guessed secret", w.publish("a stranger", ours), refused},
	}
}

// httpRefusal is a status that is a no.
type httpRefusal int

func (httpRefusal) Error() string { return "refused" }

func (w *wall) gatewayActs() []act {
	ask := func(method, path, bearer, body string) func(context.Context) error {
		return func(ctx context.Context) error {
			req, err := http.NewRequestWithContext(ctx, method, w.gateway.URL+path, strings.NewReader(body))
			if err != nil {
				return err
			}
			req.Header.Set("Content-Type", "application/json")
			if bearer != "" {
				req.Header.Set("Authorization", "Bearer "+bearer)
			}
			res, err := (&http.Client{Transport: w.way().Transport()}).Do(req)
			if err != nil {
				return err
			}
			_ = res.Body.Close()
			if res.StatusCode >= 400 && res.StatusCode < 500 {
				return httpRefusal(res.StatusCode)
			}
			return nil
		}
	}
	refused := func(err error) bool { _, is := errors.AsType[httpRefusal](err); return is }
	const guess = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	var out []act
	for _, e := range endpoints {
		out = append(out,
			act{"nobody", e[0] + " " + e[1] + " without a key", ask(e[0], "/api/medtech/session/"+e[1], "", "{}"), refused},
			act{"a stranger", e[0] + " " + e[1] + " with a guessed key", ask(e[0], "/api/medtech/session/"+e[1]+"?practice="+theirs+"&sid="+string(w.sid), guess, "{}"), refused})
	}
	return out
}
