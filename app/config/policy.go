package config

import (
	"fmt"
	"strings"
)

// ValueKind is the form of a policy's value outside TOML.
type ValueKind string

const (
	KindText ValueKind = "text" // REG_SZ
	KindBool ValueKind = "bool" // REG_DWORD 0 or 1, or REG_SZ 0, 1, true, false
	KindNum  ValueKind = "num"  // REG_DWORD, or REG_SZ of digits
	KindList ValueKind = "list" // REG_SZ with commas between
)

// PolicyKey is a setting that IT can give a whole machine: its name in TOML
// and in the registry, its form, and what it does.
type PolicyKey struct {
	Name string
	Kind ValueKind
	What string
}

// PolicyKeys are all of them, in the order that the documents list them. A
// test holds them against Config.
var PolicyKeys = []PolicyKey{
	{"practice", KindText, "the practice's short name: 3 to 40 of a-z, 0-9 and -"},
	{"practice_name", KindText, "the practice's name as the phone shows it"},
	{"gateway", KindText, "the origin that phones open, https://images.example.nz"},
	{"enrol_file", KindText, "where the practice's enrolment file lies"},
	{"autostart", KindBool, "whether ClinicPro Images starts when its user signs in; not given: as the user likes"},
	{"local_mode", KindBool, "the whole cloud on this machine; without effect where gateway or enrol_file is given"},
	{"local_listen", KindText, "where local mode is reached: network (this machine's own address on the practice's network, port 8787), or one address of it with a port; not given: from this machine alone"},
	{"support", KindText, "whom a GP calls: a name and a number"},
	{"folder", KindText, "where filed images go"},
	{"name_template", KindText, "the names of filed images"},
	{"retention_days", KindNum, "how long a finished session stays, 1 to 90"},
	{"time_zone", KindText, "the practice's, like Pacific/Auckland"},
	{"recovery_recipient", KindText, "the public half of the practice's recovery key, age1…"},
	{"proxy", KindText, "http://host:port, socks5://host:port or none; not given: the system's"},
	{"ca_file", KindText, "PEM certificates to trust besides the system's"},
	{"region", KindText, "S3 region"},
	{"bucket", KindText, "S3 bucket"},
	{"s3_endpoint", KindText, "another S3 server's origin; not given: AWS"},
	{"s3_encrypts", KindBool, "whether the store encrypts at rest (SSE-S3)"},
	{"ably_endpoint", KindText, "another hub's origin; not given: Ably"},
	{"update_check", KindBool, "whether it asks once a day if a newer version is out; it never installs one"},
	{"ui", KindText, "how the window is painted: auto, gl or software; for support"},
	{"phone.consent", KindBool, "the phone asks who agrees to the photos"},
	{"phone.require", KindList, "of site, side, view, type: what the phone asks for once"},
	{"filing.as", KindText, "images (a JPEG each), pdf (one of the session) or both"},
	{"filing.size", KindText, "original, 1MB or 500KB: what a filed photo may take"},
	{"filing.sidecar", KindBool, "a JSON file beside each filed photo"},
	{"phone.target_kb", KindNum, "a photo is made smaller than this, 200 to 10000"},
	{"desktop.sound", KindBool, "a quiet sound when a photo lands"},
	{"desktop.language", KindText, "the windows' language: en or mi; not given: the system's"},
	{"desktop.set_up", KindBool, "true: no user is shown the first run"},
	{"record.system", KindText, "how Medtech is reached: medtech-relay or medtech-direct; not given: not at all"},
	{"record.relay", KindText, "the relay's origin; not given: the gateway"},
	{"record.sinks", KindList, "of folder, alex-scan, alex-media: where photos are filed unless the GP chooses"},
	{"record.document", KindText, "session: one document for all photos; image: one for each"},
	{"record.format", KindText, "pdf or tiff: the form of documents in Inbox Scan"},
	{"record.alex_base", KindText, "medtech-direct: ALEX's address"},
	{"record.alex_token_url", KindText, "medtech-direct: where its tokens come from"},
	{"record.alex_client_id", KindText, "medtech-direct: the practice's own client"},
	{"record.alex_scope", KindText, "medtech-direct: the scope asked for"},
}

// valueLayer turns values that are not TOML (the registry's) into a layer.
// values come by the names of PolicyKeys; an unknown name is an error.
func valueLayer(where string, values map[string]string) (layer, error) {
	l := layer{name: where}
	known := map[string]bool{}
	for _, k := range PolicyKeys {
		known[k.Name] = true
		v, given := values[k.Name]
		if !given {
			continue
		}
		text, ok := k.Kind.toml(strings.TrimSpace(v))
		if !ok {
			return l, fmt.Errorf("%s: %s: want %s", where, k.Name, k.Kind.wanted())
		}
		// A dotted key is TOML's own way into a table.
		l.text = append(l.text, k.Name+" = "+text+"\n"...)
	}
	for name := range values {
		if !known[name] {
			return l, fmt.Errorf("%s: unknown setting %q", where, name)
		}
	}
	return l, nil
}

func (k ValueKind) toml(v string) (string, bool) {
	switch k {
	case KindBool:
		switch strings.ToLower(v) {
		case "1", "true":
			return "true", true
		case "0", "false":
			return "false", true
		}
		return "", false
	case KindNum:
		return v, v != "" && len(v) < 10 && strings.Trim(v, "0123456789") == ""
	case KindList:
		out := []string{}
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, quoted(part))
			}
		}
		return "[" + strings.Join(out, ", ") + "]", true
	}
	return quoted(v), true
}

func (k ValueKind) wanted() string {
	if k == KindBool {
		return "0 or 1"
	}
	return "a whole number"
}

// quoted is a TOML basic string: backslashes of Windows paths and all.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
