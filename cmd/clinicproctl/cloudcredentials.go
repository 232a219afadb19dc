package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/s3bucket"
	"github.com/clinicpro-nz/images/ui/text"
)

const cloudCredentialsAbout = `Without -out it prints what each service is to be given, ready to paste, and
changes nothing. With -out it makes the IAM user and the Redis user, gives each
exactly these rights and a fresh key, and writes the keys to that file, for
your eyes only. Ably makes keys in its own console: paste the capability there,
and put the key into the file.

Run again it makes a second key beside the first, so that nobody is cut off;
-finish ends every key but the newest once all workstations have it.

` + adminNames

// grants are what one role is to be given.
type grants struct {
	IAMUser    string          `json:"iamUser"`
	IAMPolicy  json.RawMessage `json:"iamPolicy"`
	RedisUser  string          `json:"redisUser"`
	RedisRules []string        `json:"redisRules"`
	Ably       json.RawMessage `json:"ablyCapability"`
}

// grantsOf are a practice's, or with "" the gateway's.
func grantsOf(bucket string, p app.Practice) grants {
	if p == "" {
		return grants{IAMUser: "clinicpro-images-gateway", IAMPolicy: json.RawMessage(s3bucket.GatewayPolicy(bucket)),
			RedisUser: "clinicpro-images-gateway", RedisRules: redisregistry.GatewayRules(),
			Ably: capability("cp:*", "publish")}
	}
	return grants{IAMUser: "clinicpro-images-" + string(p), IAMPolicy: json.RawMessage(s3bucket.PracticePolicy(bucket, p)),
		RedisUser: "clinicpro-images-" + string(p), RedisRules: redisregistry.PracticeRules(p),
		Ably: capability("cp:"+string(p)+":*", "subscribe")}
}

// capability is Ably's JSON for one operation on some channels.
func capability(channels, operation string) json.RawMessage {
	text, _ := json.Marshal(map[string][]string{channels: {operation}})
	return text
}

// cloudCredentials gives a practice's workstations, or the gateway, the least
// rights that work.
func cloudCredentials(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flagSet("cloud credentials", stderr)
	where := fs.String("from", "env", whereUsage)
	practice := fs.String("practice", "", "the practice's `slug`, 3 to 40 of a-z, 0-9 and -")
	gateway := fs.Bool("gateway", false, "for the gateway instead of a practice")
	out := fs.String("out", "", "make the keys and write them to this `file`; must not exist")
	finish := fs.Bool("finish", false, "end every key but the newest")
	asJSON := fs.Bool("json", false, "answer as JSON")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 {
		return exitUsage
	}
	p, err := app.ParsePractice(*practice)
	if *gateway == (*practice != "") || !*gateway && err != nil || *out != "" && *finish {
		fmt.Fprintln(stderr, "Wanted: either -practice, 3 to 40 of a-z, 0-9 and -, or -gateway; and at most one of -out and -finish.")
		return exitUsage
	}
	get, err := given(*where, stdin)
	if err != nil {
		return failed(stderr, err)
	}
	if *out == "" && !*finish {
		bucket := get("S3_BUCKET_NAME")
		if bucket == "" {
			bucket = "clinicpro-images-temp"
		}
		g := grantsOf(bucket, p)
		answer(stdout, *asJSON, g, g.print)
		return exitDone
	}
	admin, err := readAdministrator(get, "", 1)
	if err != nil {
		return failed(stderr, err)
	}
	g := grantsOf(admin.bucket.Bucket, p)
	if *finish {
		return g.finish(ctx, admin, *asJSON, stdout, stderr)
	}
	return g.give(ctx, admin, get, *out, *asJSON, stdout, stderr)
}

func (g grants) print(w io.Writer) {
	policy, _ := json.MarshalIndent(g.IAMPolicy, "", "  ")
	fmt.Fprintf(w, "IAM: a user %s, with this inline policy and nothing else:\n\n%s\n\n", g.IAMUser, policy)
	fmt.Fprintf(w, "Redis: PASSWORD is what the first line answers on Upstash, which takes no other, and the second on every other Redis:\n\nACL GENTOKEN %s\nACL GENPASS 256\nACL SETUSER %s %s >PASSWORD\n\n", g.RedisUser, g.RedisUser, strings.Join(g.RedisRules, " "))
	fmt.Fprintf(w, "Ably: a key with this capability (API Keys, Create new API key, then the resource and the operation):\n\n%s\n", g.Ably)
}

// give makes users and keys where there is an API for it.
func (g grants) give(ctx context.Context, admin administrator, get func(string) string, out string, asJSON bool, stdout, stderr io.Writer) int {
	if admin.redis.IsZero() {
		return failed(stderr, sentence("Not given: REDIS_URL, or UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, of an administrator. Nothing was done."))
	}
	if _, err := os.Lstat(out); err == nil {
		return failed(stderr, sentence(out+" is there already: choose another name. Nothing was made."))
	}
	redis, err := redisregistry.NewAdmin(admin.redis, admin.bucket.Way)
	if err != nil {
		return failed(stderr, sentence("REDIS_URL must be redis:// or rediss://. Nothing was made."))
	}
	defer redis.Shut()
	if _, err := redis.Eviction(ctx); err != nil { // before anything is made that would be lost with it
		return failed(stderr, explained(admin.redisAt(), err))
	}
	var file strings.Builder
	todo := []string{}
	fmt.Fprintf(&file, "# Keys of %s. Delete this file once they are where they belong.\n", g.IAMUser)
	fmt.Fprintf(&file, "AWS_REGION=%s\nS3_BUCKET_NAME=%s\n", admin.bucket.Region, admin.bucket.Bucket)
	for _, name := range []string{"CLINICPRO_GATEWAY", "CLINICPRO_S3_ENDPOINT", "CLINICPRO_S3_ENCRYPT", "CLINICPRO_ABLY_ENDPOINT", "CLINICPRO_PROXY", "CLINICPRO_CA_FILE"} {
		if v := get(name); v != "" {
			fmt.Fprintf(&file, "%s=%s\n", name, v)
		}
	}
	bucket, err := s3bucket.New(admin.bucket)
	if err != nil {
		return failed(stderr, err)
	}
	key, err := bucket.Grant(ctx, g.IAMUser, string(g.IAMPolicy))
	switch app.KindOf(err) {
	case "":
		fmt.Fprintf(&file, "AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n", key.ID, key.Secret.Reveal())
	case app.KindNotFound:
		todo = append(todo, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: this store has no IAM that is known here. Make a user with the policy that this command prints without -out, by the store's own tool")
		fmt.Fprint(&file, "AWS_ACCESS_KEY_ID=\nAWS_SECRET_ACCESS_KEY=\n")
	case app.KindConflict:
		return failed(stderr, sentence("The IAM user "+g.IAMUser+" has two keys already, and IAM keeps no third. End the older one with -finish, then run this again. Nothing was made."))
	default:
		return failed(stderr, explained(admin.iamAt(), err))
	}
	user, err := redis.Grant(ctx, g.RedisUser, g.RedisRules)
	if err != nil {
		return failed(stderr, explained(admin.redisAt(), err))
	}
	fmt.Fprintf(&file, "REDIS_URL=%s\n", user.URL.Reveal())
	ably := get("ABLY_API_KEY")
	fmt.Fprintf(&file, "ABLY_API_KEY=%s\n", ably)
	if ably == "" {
		todo = append(todo, "ABLY_API_KEY: make a key in Ably's console with the capability "+string(g.Ably))
	}
	if err := newFile(out, []byte(file.String())); err != nil {
		return failed(stderr, err)
	}
	answer(stdout, asJSON, map[string]any{"file": out, "iamUser": g.IAMUser, "iamPolicy": key.Policy, "redisUser": g.RedisUser,
		"olderKeys": key.Older, "olderPasswords": user.Older, "todo": todo}, func(w io.Writer) {
		fmt.Fprintf(w, "The keys are in %s, which only you can read. Nothing else has them.\n", out)
		for _, t := range todo {
			fmt.Fprintf(w, "Still to do, into that file: %s.\n", t)
		}
		if key.Older+user.Older > 0 {
			fmt.Fprintln(w, "The earlier keys still work. Once the new ones are everywhere, -finish ends them.")
		}
	})
	return exitDone
}

func (g grants) finish(ctx context.Context, admin administrator, asJSON bool, stdout, stderr io.Writer) int {
	bucket, err := s3bucket.New(admin.bucket)
	if err != nil {
		return failed(stderr, err)
	}
	keys, err := bucket.Finish(ctx, g.IAMUser)
	if app.KindOf(err) == app.KindConflict {
		return failed(stderr, sentence("Two access keys were made in the same second, so the older one cannot be told. Nothing was ended: delete it in the cloud's console."))
	}
	if err != nil && app.KindOf(err) != app.KindNotFound {
		return failed(stderr, explained(admin.iamAt(), err))
	}
	passwords := 0
	if !admin.redis.IsZero() {
		redis, err := redisregistry.NewAdmin(admin.redis, admin.bucket.Way)
		if err != nil {
			return failed(stderr, sentence("REDIS_URL must be redis:// or rediss://."))
		}
		defer redis.Shut()
		passwords, err = redis.Finish(ctx, g.RedisUser)
		if app.KindOf(err) == app.KindConflict {
			return failed(stderr, sentence(fmt.Sprintf("%d older access keys of %s were ended. This Redis does not end one password of a user by itself, so the older ones still work. Delete the user there (ACL DELUSER %s), make it anew with -out, and enrol again with what that wrote: until then the practice's sessions pause, and phones keep their photos.", keys, g.IAMUser, g.RedisUser)))
		}
		if err != nil && app.KindOf(err) != app.KindNotFound {
			return failed(stderr, explained(admin.redisAt(), err))
		}
	}
	answer(stdout, asJSON, map[string]any{"accessKeysEnded": keys, "passwordsEnded": passwords}, func(w io.Writer) {
		fmt.Fprintf(w, "%d older access keys and %d older Redis passwords of %s were ended. An older Ably key is revoked in Ably's console.\n", keys, passwords, g.IAMUser)
	})
	return exitDone
}

// explained is what a service answered, with the step that helps. Where says
// which service, and its address without a secret.
func explained(where string, err error) error {
	fault := faultOf(err)
	what, do := text.Fault(fault)
	if code := s3bucket.Code(err); fault == text.FaultUnknown && code != "" {
		what, do = "The service answered "+code+", which is not known here.", "Send this line to support: it holds no secret."
	}
	if e, is := errors.AsType[*app.Error](err); is {
		where += " (" + e.Op + ")"
	}
	return sentence(where + ": " + what + " " + do)
}

// s3At, iamAt and redisAt are the administrator's services, as explained names
// them.
func (a administrator) s3At() string {
	return "S3 at " + cmp.Or(a.bucket.Endpoint, "AWS, "+a.bucket.Region)
}

func (a administrator) iamAt() string {
	return "IAM at " + cmp.Or(a.bucket.IAMEndpoint, "AWS")
}

func (a administrator) redisAt() string {
	u, err := url.Parse(a.redis.Reveal())
	if err != nil {
		return "Redis"
	}
	return "Redis at " + u.Host
}
