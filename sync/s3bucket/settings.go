package s3bucket

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	settingBucket = "bucket"
	// SettingEncryption is the store's own encryption. Where it is not known,
	// gateway and workstations have to go without it too.
	SettingEncryption = "encryption"
	// None is a setting that is not there.
	None = "none"
)

// Origins that the seed's set-up page lets upload.
var seedOrigins = []string{"https://app.clinicpro.co.nz", "https://*.clinicpro.co.nz", "https://*.vercel.app", "http://localhost:3000"}

// signedHeaders are what a phone's upload carries (sync/s3objects' links);
// "content-type" is the browser's own addition.
var signedHeaders = []string{"content-type", "if-none-match", "x-amz-checksum-sha256", "x-amz-server-side-encryption"}

const corsAge = 3600 // seconds

// settings are in the order that they are shown and applied in: the bucket,
// then what closes it, then what it needs to work.
func (b *Bucket) settings() []setting {
	name := &b.cfg.Bucket
	return []setting{
		{name: settingBucket, wants: "in " + b.cfg.Region, read: b.region, put: b.create},
		{
			name: "public access", wants: "all four blocked", unset: "NoSuchPublicAccessBlockConfiguration",
			read: func(ctx context.Context) (string, error) {
				out, err := b.client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: name})
				if err != nil {
					return "", err
				}
				return publicAccess(out.PublicAccessBlockConfiguration), nil
			},
			put: func(ctx context.Context) error {
				yes := aws.Bool(true)
				_, err := b.client.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: name,
					PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
						BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes}})
				return err
			},
		},
		{
			name: "access lists", wants: string(types.ObjectOwnershipBucketOwnerEnforced), unset: "OwnershipControlsNotFoundError",
			read: func(ctx context.Context) (string, error) {
				out, err := b.client.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: name})
				if err != nil || out.OwnershipControls == nil || len(out.OwnershipControls.Rules) == 0 {
					return None, err
				}
				return string(out.OwnershipControls.Rules[0].ObjectOwnership), nil
			},
			put: func(ctx context.Context) error {
				_, err := b.client.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{Bucket: name,
					OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{
						{ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}}}})
				return err
			},
		},
		{
			name: SettingEncryption, wants: string(types.ServerSideEncryptionAes256), unset: "ServerSideEncryptionConfigurationNotFoundError",
			read: func(ctx context.Context) (string, error) {
				out, err := b.client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: name})
				if err != nil || out.ServerSideEncryptionConfiguration == nil {
					return None, err
				}
				for _, r := range out.ServerSideEncryptionConfiguration.Rules {
					if d := r.ApplyServerSideEncryptionByDefault; d != nil {
						return string(d.SSEAlgorithm), nil
					}
				}
				return None, nil
			},
			put: func(ctx context.Context) error {
				_, err := b.client.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: name,
					ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
						Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{
							SSEAlgorithm: types.ServerSideEncryptionAes256}}}}})
				return err
			},
		},
		{
			// A store that cannot keep versions answers with an error of its own.
			name: "versions", wants: "off", fits: func(has string) bool { return has == string(types.BucketVersioningStatusSuspended) },
			read: func(ctx context.Context) (string, error) {
				out, err := b.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: name})
				if code(err) == "VersioningNotConfigured" {
					return "off", nil
				}
				if err != nil {
					return "", err
				}
				return cmp.Or(string(out.Status), "off"), nil
			},
			put: func(ctx context.Context) error {
				_, err := b.client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: name,
					VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusSuspended}})
				return err
			},
		},
		b.cors(), b.lifecycle(), b.policy(),
	}
}

func (b *Bucket) region(ctx context.Context) (string, error) {
	out, err := b.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &b.cfg.Bucket})
	switch {
	case status(err) == http.StatusNotFound:
		return None, nil
	case err != nil:
		return "", err
	}
	return "in " + cmp.Or(aws.ToString(out.BucketRegion), b.cfg.Region), nil
}

func (b *Bucket) create(ctx context.Context) error {
	in := &s3.CreateBucketInput{Bucket: &b.cfg.Bucket, ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}
	if b.cfg.Region != "us-east-1" { // which S3 wants left out
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(b.cfg.Region)}
	}
	_, err := b.client.CreateBucket(ctx, in)
	if code(err) == "BucketAlreadyOwnedByYou" {
		return nil
	}
	return err
}

func publicAccess(c *types.PublicAccessBlockConfiguration) string {
	if c == nil {
		return None
	}
	var open []string
	for name, blocked := range map[string]*bool{"BlockPublicAcls": c.BlockPublicAcls, "BlockPublicPolicy": c.BlockPublicPolicy,
		"IgnorePublicAcls": c.IgnorePublicAcls, "RestrictPublicBuckets": c.RestrictPublicBuckets} {
		if !aws.ToBool(blocked) {
			open = append(open, name)
		}
	}
	if len(open) == 0 {
		return "all four blocked"
	}
	slices.Sort(open)
	return "not blocked: " + strings.Join(open, ", ")
}

// rule is a CORS rule as it is compared and shown.
type rule struct {
	Origins []string `json:"origins"`
	Methods []string `json:"methods"`
	Headers []string `json:"headers"`
	Expose  []string `json:"expose"`
	MaxAge  int32    `json:"maxAgeSeconds"`
}

func (b *Bucket) corsRule() rule {
	r := rule{Origins: slices.Clone(seedOrigins), Methods: []string{"GET", "PUT"}, Headers: signedHeaders, Expose: []string{"ETag"}, MaxAge: corsAge}
	if g := b.cfg.Gateway; g != "" && !slices.Contains(r.Origins, g) {
		r.Origins = append(r.Origins, g)
	}
	slices.Sort(r.Origins)
	return r
}

func (b *Bucket) cors() setting {
	want := b.corsRule()
	return setting{
		name: "CORS", wants: text([]rule{want}), unset: "NoSuchCORSConfiguration",
		read: func(ctx context.Context) (string, error) {
			out, err := b.client.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: &b.cfg.Bucket})
			if err != nil {
				return "", err
			}
			var has []rule
			for _, r := range out.CORSRules {
				headers := slices.Clone(r.AllowedHeaders)
				for i := range headers {
					headers[i] = strings.ToLower(headers[i])
				}
				has = append(has, rule{sorted(r.AllowedOrigins), sorted(r.AllowedMethods), sorted(headers), sorted(r.ExposeHeaders), aws.ToInt32(r.MaxAgeSeconds)})
			}
			return text(has), nil
		},
		put: func(ctx context.Context) error {
			_, err := b.client.PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: &b.cfg.Bucket,
				CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{{
					ID: aws.String("clinicpro-images-phones"), AllowedOrigins: want.Origins, AllowedMethods: want.Methods,
					AllowedHeaders: want.Headers, ExposeHeaders: want.Expose, MaxAgeSeconds: aws.Int32(want.MaxAge)}}}})
			return err
		},
	}
}

// lifecycle is the seed's rule, and one that ends uploads in parts that nobody
// finished.
func (b *Bucket) lifecycle() setting {
	days := b.cfg.LifeDays
	id := fmt.Sprintf("delete-temp-images-after-%d-day", days)
	if days > 1 {
		id += "s"
	}
	const parts = "abort-incomplete-uploads"
	rules := []types.LifecycleRule{
		{ID: aws.String(parts), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")},
			AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(1)}},
		{ID: aws.String(id), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("temp/")},
			Expiration: &types.LifecycleExpiration{Days: aws.Int32(days)}},
	}
	set := func(ctx context.Context, rules []types.LifecycleRule) error {
		_, err := b.client.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: &b.cfg.Bucket,
			LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: rules}})
		return err
	}
	return setting{
		name: "lifecycle", wants: lifecycleText(rules), unset: "NoSuchLifecycleConfiguration",
		// MinIO ends unfinished uploads by itself, and refuses a rule about it.
		fits: func(has string) bool { return b.cfg.Endpoint != "" && has == lifecycleText(rules[1:]) },
		read: func(ctx context.Context) (string, error) {
			out, err := b.client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &b.cfg.Bucket})
			if err != nil {
				return "", err
			}
			return lifecycleText(out.Rules), nil
		},
		put: func(ctx context.Context) error {
			err := set(ctx, rules)
			if c := code(err); b.cfg.Endpoint != "" && (c == "InvalidArgument" || c == "MalformedXML") {
				return set(ctx, rules[1:])
			}
			return err
		},
	}
}

func lifecycleText(rules []types.LifecycleRule) string {
	out := []string{}
	for _, r := range rules {
		prefix := ""
		if r.Filter != nil {
			prefix = aws.ToString(r.Filter.Prefix)
		}
		does := []string{}
		if r.Expiration != nil && aws.ToInt32(r.Expiration.Days) > 0 {
			does = append(does, fmt.Sprintf("expire after %d d", aws.ToInt32(r.Expiration.Days)))
		}
		if a := r.AbortIncompleteMultipartUpload; a != nil {
			does = append(does, fmt.Sprintf("abort incomplete uploads after %d d", aws.ToInt32(a.DaysAfterInitiation)))
		}
		if n := len(r.Transitions); n > 0 {
			does = append(does, fmt.Sprintf("%d transitions", n))
		}
		line := fmt.Sprintf("%s: %q %s", aws.ToString(r.ID), prefix, strings.Join(does, ", "))
		if r.Status != types.ExpirationStatusEnabled {
			line += " (disabled)"
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// policyDocument refuses plain HTTP and uploads without encryption. A store
// that is reached over plain HTTP, or cannot encrypt, goes without that half.
func (b *Bucket) policyDocument() document {
	resource := []string{"arn:aws:s3:::" + b.cfg.Bucket, "arn:aws:s3:::" + b.cfg.Bucket + "/*"}
	doc := document{Version: policyVersion}
	if !strings.HasPrefix(b.cfg.Endpoint, "http://") {
		doc.Statement = append(doc.Statement, statement{Sid: "RefusePlainHTTP", Effect: "Deny", Principal: "*", Action: []string{"s3:*"},
			Resource: resource, Condition: conditions{"Bool": {"aws:SecureTransport": "false"}}})
	}
	if b.cfg.Encrypt {
		doc.Statement = append(doc.Statement,
			statement{Sid: "RefuseUploadsWithoutEncryption", Effect: "Deny", Principal: "*", Action: []string{"s3:PutObject"},
				Resource: resource[1:], Condition: conditions{"Null": {"s3:x-amz-server-side-encryption": "true"}}},
			statement{Sid: "RefuseOtherEncryption", Effect: "Deny", Principal: "*", Action: []string{"s3:PutObject"},
				Resource: resource[1:], Condition: conditions{"StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"}}})
	}
	return doc
}

// policy is the bucket's own; none where there is nothing to refuse.
func (b *Bucket) policy() setting {
	doc := b.policyDocument()
	s := setting{
		name: "bucket policy", wants: None, unset: "NoSuchBucketPolicy",
		read: func(ctx context.Context) (string, error) {
			out, err := b.client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &b.cfg.Bucket})
			if err != nil {
				return "", err
			}
			return canonical(aws.ToString(out.Policy)), nil
		},
		put: func(ctx context.Context) error {
			if len(doc.Statement) == 0 {
				_, err := b.client.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &b.cfg.Bucket})
				return err
			}
			_, err := b.client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &b.cfg.Bucket, Policy: aws.String(text(doc))})
			return err
		},
	}
	if len(doc.Statement) > 0 {
		s.wants = canonical(text(doc))
	}
	return s
}

func sorted(in []string) []string {
	out := append([]string{}, in...)
	slices.Sort(out)
	return out
}

func text(v any) string {
	b, _ := json.Marshal(v) // plain structs of text
	return string(b)
}

// canonical is JSON with its keys and its lists in order (a policy's lists are
// sets, which a store may tell otherwise each time), lists of one told as their
// value and truth as text, as stores keep policies either way; as it came when
// it is no JSON.
func canonical(in string) string {
	var v any
	if json.Unmarshal([]byte(in), &v) != nil {
		return in
	}
	return text(simplest(v))
}

func simplest(v any) any {
	switch v := v.(type) {
	case bool:
		return fmt.Sprint(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = simplest(v[i])
		}
		if len(out) == 1 {
			return out[0]
		}
		slices.SortFunc(out, func(a, b any) int { return strings.Compare(text(a), text(b)) })
		return out
	case map[string]any:
		out := map[string]any{}
		for k := range v {
			out[k] = simplest(v[k])
		}
		if aws, only := out["AWS"]; only && len(out) == 1 && aws == "*" { // a principal
			return "*"
		}
		return out
	}
	return v
}
