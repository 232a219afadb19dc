package text

// FaultCode names one thing that keeps a workstation or a cloud from working,
// as the doctor finds it. The codes are part of the console's JSON: they stay.
type FaultCode string

const (
	FaultNameTaken      FaultCode = "bucket-name-taken"
	FaultDenied         FaultCode = "s3-access-denied"
	FaultCORS           FaultCode = "cors"
	FaultNoBucket       FaultCode = "bucket-not-found"
	FaultRegion         FaultCode = "wrong-region"
	FaultKeyUnknown     FaultCode = "s3-key-unknown"
	FaultKeySecret      FaultCode = "s3-secret-wrong"
	FaultNoS3           FaultCode = "s3-not-s3"
	FaultTooWide        FaultCode = "s3-rights-too-wide"
	FaultNotEncrypted   FaultCode = "not-encrypted"
	FaultNoLifecycle    FaultCode = "no-lifecycle"
	FaultDNS            FaultCode = "name-not-found"
	FaultProxyAway      FaultCode = "proxy-unreachable"
	FaultProxyRefuses   FaultCode = "proxy-refuses"
	FaultAuthority      FaultCode = "certificate-not-trusted"
	FaultExpired        FaultCode = "certificate-expired"
	FaultOtherName      FaultCode = "certificate-of-another-name"
	FaultClock          FaultCode = "clock"
	FaultAway           FaultCode = "no-answer"
	FaultRedisPassword  FaultCode = "redis-password"
	FaultRedisRights    FaultCode = "redis-rights"
	FaultRedisTooWide   FaultCode = "redis-rights-too-wide"
	FaultRedisPlain     FaultCode = "redis-without-tls"
	FaultAblyKey        FaultCode = "ably-key"
	FaultAblyCapability FaultCode = "ably-capability"
	FaultAblyTooWide    FaultCode = "ably-capability-too-wide"
	FaultNoGateway      FaultCode = "gateway-is-none"
	FaultNotReady       FaultCode = "gateway-not-ready"
	FaultOtherBucket    FaultCode = "gateway-has-another-bucket"
	FaultSettings       FaultCode = "settings"
	FaultNotEnrolled    FaultCode = "not-enrolled"
	FaultMoved          FaultCode = "enrolled-elsewhere"
	FaultKeyring        FaultCode = "keyring"
	FaultSpool          FaultCode = "spool-not-writable"
	FaultSpace          FaultCode = "disk-almost-full"
	FaultNoFolder       FaultCode = "folder-not-there"
	FaultFolder         FaultCode = "folder-not-writable"
	FaultNoOpenGL       FaultCode = "no-opengl"
	FaultNoURL          FaultCode = "url-protocol"
	FaultNoRecordKey    FaultCode = "record-key-missing"
	FaultRelayKey       FaultCode = "relay-key"
	FaultRelayOther     FaultCode = "relay-key-of-another-practice"
	FaultNoRelay        FaultCode = "gateway-has-no-relay"
	FaultRecordToken    FaultCode = "record-token-refused"
	FaultRecordAway     FaultCode = "record-no-answer"
	FaultSession        FaultCode = "session"
	FaultUnknown        FaultCode = "unknown"
)

// faults: what is wrong, and the step that puts it right.
var faults = map[FaultCode][2]string{
	FaultNameTaken:      {"Somebody else has a bucket of this name: bucket names are unique in the whole world.", "Choose another, and put it into S3_BUCKET_NAME everywhere."},
	FaultDenied:         {"S3 knows this key and does not allow it this.", "Give it exactly its policy: clinicproctl cloud credentials prints and applies it. AmazonS3FullAccess is never needed."},
	FaultCORS:           {"The bucket does not let the gateway's page upload: a phone's browser would refuse (CORS).", "Run clinicproctl cloud apply with CLINICPRO_GATEWAY set to the origin that phones open."},
	FaultNoBucket:       {"There is no bucket of this name.", "Look for a slip in S3_BUCKET_NAME or the setting bucket; or make it with clinicproctl cloud apply."},
	FaultRegion:         {"The bucket lies in another region than the one given.", "Correct AWS_REGION, or the setting region: the bucket's own page in the console shows it."},
	FaultKeyUnknown:     {"S3 does not know this access key.", "It was deleted, or belongs elsewhere: make a new one with clinicproctl cloud credentials, and enrol again."},
	FaultKeySecret:      {"The secret access key is not the one of this access key.", "Copy both again, from the same line: clinicproctl credentials rotate takes them."},
	FaultNoS3:           {"What answers at the store's address is no S3.", "A sign-in page of the network, or a wrong s3_endpoint: open the address in a browser and see."},
	FaultTooWide:        {"This workstation's S3 key may read other practices' images.", "Make it a key of its own: clinicproctl cloud credentials -practice NAME, then enrol again."},
	FaultNotEncrypted:   {"The store does not say that it encrypts what is uploaded.", "Run clinicproctl cloud apply. A store that cannot encrypt is set with s3_encrypts = false: images are sealed by the phone all the same."},
	FaultNoLifecycle:    {"Nothing deletes images that no workstation fetches.", "Run clinicproctl cloud apply; where the store knows no lifecycle, delete what is older than a day under temp/ by a job of your own."},
	FaultDNS:            {"This name is not known to the name server of this computer.", "Look for a slip in the address; then ask whoever runs the network whether it is blocked."},
	FaultProxyAway:      {"The proxy does not answer.", "Check the system's proxy setting, or the setting proxy; proxy = \"none\" goes straight out."},
	FaultProxyRefuses:   {"The proxy does not let this through.", "Ask whoever runs it to let the hosts above pass without signing in."},
	FaultAuthority:      {"The certificate comes from an authority that this computer does not trust.", "Something in between opens TLS: name its certificate in the setting ca_file, or have these hosts left alone."},
	FaultExpired:        {"The certificate is not valid today.", "Check this computer's date; if that is right, whoever hosts the service has to renew it."},
	FaultOtherName:      {"The certificate is for another name.", "Look for a slip in the address; a sign-in page of the network does this too."},
	FaultClock:          {"This computer's clock is wrong; S3 refuses what is more than 15 minutes off.", "Set the clock, and let Windows (or chrony) keep it."},
	FaultAway:           {"Nothing answers there.", "Check the address and port, and that the firewall lets this computer out to it."},
	FaultRedisPassword:  {"Redis does not accept this user and password.", "Make new ones with clinicproctl cloud credentials, then enrol again; with Upstash, copy the token again."},
	FaultRedisRights:    {"Redis knows this user, and does not allow it its practice's keys.", "Run clinicproctl cloud credentials -practice NAME: it gives the user its rights back."},
	FaultRedisTooWide:   {"This workstation's Redis user may read other practices' sessions.", "Make it a user of its own: clinicproctl cloud credentials -practice NAME, then enrol again."},
	FaultRedisPlain:     {"Redis is spoken with without TLS over a network.", "Use rediss:// and port 6379 of the service, or its TLS port."},
	FaultAblyKey:        {"Ably does not accept this key.", "It was revoked, or belongs to another app: copy it again, then clinicproctl credentials rotate."},
	FaultAblyCapability: {"This Ably key may not listen to this practice's channels.", "Its capability must be {\"cp:PRACTICE:*\":[\"subscribe\"]}: clinicproctl cloud credentials prints it."},
	FaultAblyTooWide:    {"This workstation's Ably key may do more than listen to its own practice.", "Give it the capability that clinicproctl cloud credentials prints."},
	FaultNoGateway:      {"What answers there is no ClinicPro gateway.", "Open the address in a browser: a sign-in page of the network, a wrong address, or a proxy that goes elsewhere."},
	FaultNotReady:       {"The gateway runs, and cannot reach Redis or S3.", "Its own log says which; look at its environment first."},
	FaultOtherBucket:    {"The gateway sends phones to another bucket than this workstation looks in.", "Make S3_BUCKET_NAME of the gateway and the setting bucket the same."},
	FaultSettings:       {"The settings cannot be used.", "Correct the line that is named."},
	FaultNotEnrolled:    {"This user is not enrolled: practice, gateway or a secret is missing.", "Run clinicproctl enrol apply with the practice's enrolment file."},
	FaultMoved:          {"The machine's policy names another practice than this user's enrolment.", "Run clinicproctl enrol apply with the new practice's enrolment file."},
	FaultKeyring:        {"The keyring of this user does not answer.", "Unlock it by signing out and in again; on Linux gnome-keyring or another Secret Service must run."},
	FaultSpool:          {"Photos cannot be kept on this disk.", "Check the right to write to the state folder, and that the disk works."},
	FaultSpace:          {"The disk is almost full.", "Make room: less than 1 GB is left for photos."},
	FaultNoFolder:       {"The folder for filed images is not there.", "Check the setting folder, and that the network drive is connected. It is never made for you."},
	FaultFolder:         {"Filed images cannot be written to their folder.", "Give this user the right to write there."},
	FaultNoOpenGL:       {"There is no OpenGL here.", "The windows are drawn without it. Nothing needs to be done."},
	FaultNoURL:          {"clinicpro-images: links do not open ClinicPro Images.", "Install the package again; until then use the tray."},
	FaultNoRecordKey:    {"The settings name Medtech, and its secret is missing: photos go into the folder only.", "Make the enrolment with CLINICPRO_RELAY_KEY (clinicproctl relay add; medtech-direct: ALEX_CLIENT_SECRET), then enrol again."},
	FaultRelayKey:       {"The gateway does not take this workstation's key to Medtech.", "It was revoked, or made for another gateway: clinicproctl relay add makes one; enrol again with it."},
	FaultRelayOther:     {"This workstation's key to Medtech belongs to another practice.", "Make the enrolment again with this practice's own key: clinicproctl relay list tells them apart."},
	FaultNoRelay:        {"The gateway has no relay to Medtech.", "Whoever hosts it sets ALEX_BASE_URL and the others of docs/medtech.md; or correct the setting record.relay."},
	FaultRecordToken:    {"Medtech refuses the credentials of the relay, or the practice's own.", "Whoever holds them checks client id, secret, scope and the tenant's token address with Medtech."},
	FaultRecordAway:     {"Medtech's service does not answer.", "If it never has: the outgoing address must be admitted by Medtech. Else wait, and run clinicproctl doctor again."},
	FaultSession:        {"A whole session in miniature did not come to its end.", "Put right what is named above first; if nothing is, run clinicproctl doctor again and send its answer to support."},
	FaultUnknown:        {"The service gave an answer that is not known here.", "Run the command again with -json and send its answer to support: it holds no secret."},
}

// Fault is what a fault means, and the step that puts it right.
func Fault(code FaultCode) (what, do string) {
	f, ok := faults[code]
	if !ok {
		f = faults[FaultUnknown]
	}
	return f[0], f[1]
}

// FaultCodes are all of them.
func FaultCodes() []FaultCode {
	var out []FaultCode
	for code := range faults {
		out = append(out, code)
	}
	return out
}
