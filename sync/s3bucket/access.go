package s3bucket

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/clinicpro-nz/images/app"
)

const policyVersion = "2012-10-17"

type conditions map[string]map[string]string

type statement struct {
	Sid       string     `json:"Sid"`
	Effect    string     `json:"Effect"`
	Principal string     `json:"Principal,omitempty"`
	Action    []string   `json:"Action"`
	Resource  []string   `json:"Resource"`
	Condition conditions `json:"Condition,omitempty"`
}

type document struct {
	Version   string      `json:"Version"`
	Statement []statement `json:"Statement"`
}

// GatewayPolicy is the IAM policy of the gateway's key: it uploads (by its
// signed links) and looks at what was uploaded, which is ciphertext. It lists
// and deletes nothing.
func GatewayPolicy(bucket string) string {
	return text(document{policyVersion, []statement{
		{Sid: "SignUploadsAndCheckThem", Effect: "Allow", Action: []string{"s3:PutObject", "s3:GetObject"},
			Resource: []string{"arn:aws:s3:::" + bucket + "/temp/*"}},
	}})
}

// PracticePolicy is the IAM policy of one practice's workstations: they fetch,
// list and delete under temp/<practice>/, and write only what the doctor
// tries, under test/<practice>/.
func PracticePolicy(bucket string, p app.Practice) string {
	arn := "arn:aws:s3:::" + bucket
	temp, test := "temp/"+string(p)+"/", "test/"+string(p)+"/"
	return text(document{policyVersion, []statement{
		{Sid: "FetchAndDeleteOwnImages", Effect: "Allow", Action: []string{"s3:GetObject", "s3:DeleteObject"},
			Resource: []string{arn + "/" + temp + "*"}},
		{Sid: "ListOwnImages", Effect: "Allow", Action: []string{"s3:ListBucket"}, Resource: []string{arn},
			Condition: conditions{"StringLike": {"s3:prefix": temp + "*"}}},
		{Sid: "TryTheConnection", Effect: "Allow", Action: []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
			Resource: []string{arn + "/" + test + "*"}},
	}})
}

// Key is a fresh access key.
type Key struct {
	User   string
	ID     string
	Secret app.Sealed
	Policy string // "made", "changed" or "as it was"
	Older  int    // keys of the same user that still work
}

// Grant makes the IAM user if need be, gives it exactly this policy and a
// fresh access key beside the one it has: Finish takes the older away once the
// new one is in use. KindConflict: IAM keeps two keys a user, and both are
// there. KindNotFound: this store has no IAM.
func (b *Bucket) Grant(ctx context.Context, user, policy string) (Key, error) {
	out := Key{User: user, Policy: "as it was"}
	if b.cfg.Endpoint != "" && b.cfg.IAMEndpoint == "" {
		return out, app.E("reach IAM", app.KindNotFound, errNoIAM)
	}
	ctx, cancel := context.WithTimeout(ctx, 3*callDeadline)
	defer cancel()
	client := b.iam()
	_, err := client.CreateUser(ctx, &iam.CreateUserInput{UserName: &user})
	if err != nil && code(err) != "EntityAlreadyExists" {
		return out, classify("make IAM user", err)
	}
	const policyName = "clinicpro-images"
	has, err := client.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: &user, PolicyName: aws.String(policyName)})
	switch {
	case err == nil:
		doc, _ := url.QueryUnescape(aws.ToString(has.PolicyDocument))
		if canonical(doc) != canonical(policy) {
			out.Policy = "changed"
		}
	case code(err) == "NoSuchEntity":
		out.Policy = "made"
	default:
		return out, classify("read IAM policy", err)
	}
	if out.Policy != "as it was" {
		if _, err := client.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &user, PolicyName: aws.String(policyName), PolicyDocument: &policy}); err != nil {
			return out, classify("set IAM policy", err)
		}
	}
	old, err := client.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &user})
	if err != nil {
		return out, classify("list access keys", err)
	}
	if err := awaitNextSecond(ctx, old.AccessKeyMetadata); err != nil {
		return out, classify("make access key", err)
	}
	fresh, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &user})
	if code(err) == "LimitExceeded" {
		return out, app.E("make access key", app.KindConflict, err)
	}
	if err != nil {
		return out, classify("make access key", err)
	}
	out.ID, out.Secret = aws.ToString(fresh.AccessKey.AccessKeyId), app.Seal(aws.ToString(fresh.AccessKey.SecretAccessKey))
	out.Older = len(old.AccessKeyMetadata)
	return out, nil
}

// awaitNextSecond waits, a second at most, until a key made now is later than
// these: IAM tells their age in whole seconds, and Finish goes by it.
func awaitNextSecond(ctx context.Context, keys []iamtypes.AccessKeyMetadata) error {
	var newest time.Time
	for _, k := range keys {
		if made := aws.ToTime(k.CreateDate); made.After(newest) {
			newest = made
		}
	}
	wait := min(time.Until(newest.Truncate(time.Second).Add(time.Second)), time.Second)
	if wait <= 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

// Finish deletes every access key of an IAM user but the newest, and says how
// many it deleted. KindNotFound: this store has no IAM, or no such user;
// KindConflict: the newest cannot be told, so none was deleted.
func (b *Bucket) Finish(ctx context.Context, user string) (deleted int, err error) {
	if b.cfg.Endpoint != "" && b.cfg.IAMEndpoint == "" {
		return 0, app.E("reach IAM", app.KindNotFound, errNoIAM)
	}
	ctx, cancel := context.WithTimeout(ctx, 3*callDeadline)
	defer cancel()
	client := b.iam()
	out, err := client.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &user})
	if err != nil {
		return 0, classify("list access keys", err)
	}
	keys := slices.Clone(out.AccessKeyMetadata)
	slices.SortFunc(keys, func(x, y iamtypes.AccessKeyMetadata) int {
		return aws.ToTime(y.CreateDate).Compare(aws.ToTime(x.CreateDate))
	})
	if len(keys) > 1 && aws.ToTime(keys[0].CreateDate).Equal(aws.ToTime(keys[1].CreateDate)) {
		return 0, app.E("delete access key", app.KindConflict, errors.New("two were made in the same second"))
	}
	for _, k := range keys[min(1, len(keys)):] {
		if _, err := client.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &user, AccessKeyId: k.AccessKeyId}); err != nil {
			return deleted, classify("delete access key", err)
		}
		deleted++
	}
	return deleted, nil
}

// iam signs for us-east-1, where AWS has its IAM; versitygw's wants the same.
func (b *Bucket) iam() *iam.Client {
	o := iam.Options{
		Region:      "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(b.cfg.AccessKey, b.cfg.SecretKey.Reveal(), ""),
		HTTPClient:  &http.Client{Transport: b.cfg.Way.Transport()},
	}
	if b.cfg.IAMEndpoint != "" {
		o.BaseEndpoint = aws.String(strings.TrimRight(b.cfg.IAMEndpoint, "/"))
	}
	return iam.New(o)
}

type noIAM struct{}

func (noIAM) Error() string { return "this store has no IAM" }

var errNoIAM = noIAM{}
