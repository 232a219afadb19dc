package main

import (
	"crypto/x509"
	"errors"
	"net"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/ablyfeed"
	"github.com/clinicpro-nz/images/sync/egress"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/s3objects"
	"github.com/clinicpro-nz/images/ui/text"
)

// s3Faults are S3's own codes (Amazon S3 API Reference, "List of error codes").
var s3Faults = map[string]text.FaultCode{
	"BucketAlreadyExists":                text.FaultNameTaken,
	"NoSuchBucket":                       text.FaultNoBucket,
	"AccessDenied":                       text.FaultDenied,
	"AllAccessDisabled":                  text.FaultDenied,
	"InvalidAccessKeyId":                 text.FaultKeyUnknown,
	"InvalidClientTokenId":               text.FaultKeyUnknown, // IAM's
	"SignatureDoesNotMatch":              text.FaultKeySecret,
	"AuthorizationHeaderMalformed":       text.FaultRegion,
	"PermanentRedirect":                  text.FaultRegion,
	"IllegalLocationConstraintException": text.FaultRegion,
	"InvalidLocationConstraint":          text.FaultRegion,
	"RequestTimeTooSkewed":               text.FaultClock,
}

// faultOf names what a service, or the way to it, answered.
func faultOf(err error) text.FaultCode {
	if code, known := s3Faults[s3objects.Code(err)]; known {
		return code
	}
	if code := wayFault(err); code != "" {
		return code
	}
	switch redisregistry.Refused(err) {
	case redisregistry.WhyPassword:
		return text.FaultRedisPassword
	case redisregistry.WhyRights:
		return text.FaultRedisRights
	}
	switch code := ablyfeed.Code(err); {
	case code == 40160:
		return text.FaultAblyCapability
	case code >= 40000 && code < 40500:
		return text.FaultAblyKey
	}
	switch app.KindOf(err) {
	case app.KindNotFound:
		return text.FaultNoBucket // HEAD has no code
	case app.KindOffline:
		return text.FaultAway
	}
	return text.FaultUnknown
}

// wayFault names what is wrong between here and a service; "" when it is the
// service that answered.
func wayFault(err error) text.FaultCode {
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var refused *egress.Refused
	var away *egress.Unreachable
	switch {
	case errors.As(err, &refused):
		return text.FaultProxyRefuses
	case errors.As(err, &away):
		return text.FaultProxyAway
	case errors.As(err, &dns):
		return text.FaultDNS
	case errors.As(err, &authority):
		return text.FaultAuthority
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return text.FaultExpired
	case errors.As(err, &invalid):
		return text.FaultAuthority
	case errors.As(err, &host):
		return text.FaultOtherName
	}
	return ""
}
