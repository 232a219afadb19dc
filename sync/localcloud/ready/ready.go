// Package ready is the one line clinicpro-localcloud prints on standard
// output when it serves: JSON, ended by a newline. It imports nothing, so that
// who reads the line links none of the servers.
//
//	{"ready":true, "base":"http://127.0.0.1:8787", "practice":"local",
//	 "practiceName":"…", "bucket":"clinicpro-images-temp",
//	 "region":"ap-southeast-2", "redis":"redis://:…@127.0.0.1:45123/0",
//	 "ably":{"endpoint":"http://127.0.0.1:8787","host":"127.0.0.1","port":8787,"plainText":true},
//	 "workstation":{"accessKey":"…","secretKey":"…","ablyKey":"name.id:secret"}}
//
// The line holds keys: it goes through a pipe, or to a file of mode 0600.
//
// For each line "counts" on its standard input it prints one more line: Counts.
// Only who started it can ask.
package ready

// Ready is the line.
type Ready struct {
	Ready bool `json:"ready"`
	// Base is the one origin of gateway, S3 (path-style) and hub; no trailing slash.
	Base         string `json:"base"`
	Practice     string `json:"practice"`
	PracticeName string `json:"practiceName"`
	Bucket       string `json:"bucket"`
	Region       string `json:"region"`
	// Redis is a redis:// address with its password, on a loopback port of its own.
	Redis       string      `json:"redis"`
	Ably        Ably        `json:"ably"`
	Workstation Workstation `json:"workstation"`
	// PublishKey is a gateway's key at the hub. Only -only hub prints it: else
	// the gateway is inside.
	PublishKey string `json:"publishKey,omitempty"`
}

// Counts are what the servers have been asked since the start. A part that is
// not run is nil, or zero.
type Counts struct {
	// Redis counts the commands of clients by redisregistry.Transition, and as
	// redisregistry.Inside those that scripts made.
	Redis map[string]int64 `json:"redis"`
	// S3 counts requests by operation: put, head, get, delete, list.
	S3   map[string]int64 `json:"s3"`
	Ably AblyCounts       `json:"ably"`
}

// AblyCounts are hub.Counts: messages as Ably bills them.
type AblyCounts struct {
	Published   int64 `json:"published"`
	Delivered   int64 `json:"delivered"`
	Repeated    int64 `json:"repeated"`
	Connections int64 `json:"connections"`
}

// Ably is where the hub speaks Ably's protocol: as an origin, and in the
// parts that Ably's own clients ask for.
type Ably struct {
	Endpoint  string `json:"endpoint"`
	Host      string `json:"host"`
	Port      int    `json:"port"`
	PlainText bool   `json:"plainText"` // no TLS
}

// Workstation holds the keys a workstation uses. The Ably key may only listen.
type Workstation struct {
	AccessKey string `json:"accessKey"`
	SecretKey string `json:"secretKey"`
	AblyKey   string `json:"ablyKey"`
}
