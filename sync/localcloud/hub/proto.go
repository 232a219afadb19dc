package hub

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/vmihailenco/msgpack/v5"
)

// Actions of a protocol message (Ably's client library specification, TR2).
const (
	actHeartbeat  = 0
	actAck        = 1
	actNack       = 2
	actConnected  = 4
	actDisconnect = 5
	actClose      = 7
	actClosed     = 8
	actError      = 9
	actAttach     = 10
	actAttached   = 11
	actDetach     = 12
	actDetached   = 13
	actPresence   = 14
	actMessage    = 15
	actAuth       = 17
)

// Flags (TR3). The modes that a client asks for, and is granted, are flags too.
const (
	flagResumed   = 1 << 2
	flagPublish   = 1 << 17
	flagSubscribe = 1 << 18
	flagModes     = 0xf << 16
)

// frame is a protocol message. Action has no omitempty: HEARTBEAT is 0, and
// npm ably wants to see it.
type frame struct {
	Action            int                `json:"action"`
	ID                string             `json:"id,omitempty"`
	Channel           string             `json:"channel,omitempty"`
	ChannelSerial     string             `json:"channelSerial,omitempty"`
	ConnectionID      string             `json:"connectionId,omitempty"`
	ConnectionKey     string             `json:"connectionKey,omitempty"`
	ConnectionDetails *connectionDetails `json:"connectionDetails,omitempty"`
	MsgSerial         *int64             `json:"msgSerial,omitempty"`
	Count             int                `json:"count,omitempty"`
	Flags             int64              `json:"flags,omitempty"`
	Timestamp         int64              `json:"timestamp,omitempty"`
	Error             *ErrorInfo         `json:"error,omitempty"`
	Messages          []*message         `json:"messages,omitempty"`
	Auth              *authDetails       `json:"auth,omitempty"`
	Params            map[string]string  `json:"params,omitempty"`
	Res               []ackResult        `json:"res,omitempty"`
}

type connectionDetails struct {
	ConnectionKey      string `json:"connectionKey"`
	ClientID           string `json:"clientId,omitempty"`
	MaxMessageSize     int64  `json:"maxMessageSize"`
	MaxFrameSize       int64  `json:"maxFrameSize"`
	MaxInboundRate     int64  `json:"maxInboundRate"`
	ConnectionStateTTL int64  `json:"connectionStateTtl"`
	MaxIdleInterval    int64  `json:"maxIdleInterval"`
	ServerID           string `json:"serverId,omitempty"`
}

type authDetails struct {
	AccessToken string `json:"accessToken,omitempty"`
}

type ackResult struct {
	Serials []string `json:"serials"`
}

// message is one message; Data is nil, a string or bytes once normalised.
type message struct {
	ID           string         `json:"id,omitempty"`
	Name         string         `json:"name,omitempty"`
	ClientID     string         `json:"clientId,omitempty"`
	ConnectionID string         `json:"connectionId,omitempty"`
	Data         any            `json:"data,omitempty"`
	Encoding     string         `json:"encoding,omitempty"`
	Extras       map[string]any `json:"extras,omitempty"`
	Timestamp    int64          `json:"timestamp,omitempty"`
	Serial       string         `json:"serial,omitempty"`
	Action       int            `json:"action"`
}

// ErrorInfo is Ably's error object.
type ErrorInfo struct {
	Code       int    `json:"code"`
	StatusCode int    `json:"statusCode"`
	Message    string `json:"message"`
	Href       string `json:"href,omitempty"`
}

func (e *ErrorInfo) Error() string { return fmt.Sprintf("%d: %s", e.Code, e.Message) }

func fault(status, code int, text string) *ErrorInfo {
	return &ErrorInfo{Code: code, StatusCode: status, Message: text,
		Href: fmt.Sprintf("https://help.ably.io/error/%d", code)}
}

// codec is one of the two wire formats.
type codec struct{ binary bool }

func (c codec) contentType() string {
	if c.binary {
		return "application/x-msgpack"
	}
	return "application/json"
}

func (c codec) marshal(v any) ([]byte, error) {
	if !c.binary {
		return json.Marshal(v)
	}
	var buf bytes.Buffer
	enc := msgpack.NewEncoder(&buf)
	enc.SetCustomStructTag("json")
	enc.UseCompactInts(true)
	err := enc.Encode(v)
	return buf.Bytes(), err
}

func (c codec) unmarshal(b []byte, v any) error {
	if !c.binary {
		return json.Unmarshal(b, v)
	}
	dec := msgpack.NewDecoder(bytes.NewReader(b))
	dec.SetCustomStructTag("json")
	return dec.Decode(v)
}

var errData = errors.New("data must be a string, bytes, an object or an array")

// normalise brings data into the one form that both formats can carry: an
// object or array becomes its JSON text, bytes stay bytes.
func (m *message) normalise() error {
	switch d := m.Data.(type) {
	case nil, string, []byte:
		return nil
	case map[string]any, []any:
		text, err := json.Marshal(d)
		if err != nil {
			return errData
		}
		m.Data = string(text)
		m.Encoding = addEncoding(m.Encoding, "json")
		return nil
	}
	return errData
}

// forJSON returns m with bytes as base64, which JSON needs.
func (m *message) forJSON() *message {
	b, ok := m.Data.([]byte)
	if !ok {
		return m
	}
	out := *m
	out.Data = base64.StdEncoding.EncodeToString(b)
	out.Encoding = addEncoding(m.Encoding, "base64")
	return &out
}

func addEncoding(list, one string) string {
	if list == "" {
		return one
	}
	return list + "/" + one
}

// size is what a message counts against the limit.
func (m *message) size() int {
	n := len(m.ID) + len(m.Name) + len(m.ClientID)
	switch d := m.Data.(type) {
	case string:
		n += len(d)
	case []byte:
		n += len(d)
	}
	if len(m.Extras) > 0 {
		text, _ := json.Marshal(m.Extras)
		n += len(text)
	}
	return n
}

func wantsBinary(accept string) bool { return strings.Contains(accept, "msgpack") }
