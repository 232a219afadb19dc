package hub

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

func (h *Hub) serveREST(w http.ResponseWriter, r *http.Request) {
	// npm ably sends credentials, so "*" would not do.
	if origin := r.Header.Get("Origin"); origin != "" {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		w.Header().Add("Vary", "Origin")
		w.Header().Set("Access-Control-Expose-Headers", "X-Ably-Errorcode, X-Ably-Errormessage")
	}
	if r.Method == http.MethodOptions {
		w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
		w.Header().Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
		w.WriteHeader(http.StatusNoContent)
		return
	}
	out := codec{binary: wantsBinary(r.Header.Get("Accept")) || r.URL.Query().Get("format") == "msgpack"}
	parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	switch {
	case len(parts) == 1 && parts[0] == "time" && r.Method == http.MethodGet:
		answer(w, out, http.StatusOK, []int64{time.Now().UnixMilli()})
	case len(parts) == 3 && parts[0] == "channels" && parts[2] == "messages" && r.Method == http.MethodPost:
		name, err := url.PathUnescape(parts[1])
		if err != nil {
			refuse(w, out, fault(400, 40010, "invalid channel name"))
			return
		}
		h.restPublish(w, r, out, name)
	case len(parts) == 3 && parts[0] == "keys" && parts[2] == "requestToken":
		refuse(w, out, noTokens())
	default:
		refuse(w, out, fault(404, 40400, "no such path"))
	}
}

func (h *Hub) restPublish(w http.ResponseWriter, r *http.Request, out codec, name string) {
	key, info := h.authenticate(r)
	if info != nil {
		refuse(w, out, info)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFrameBytes))
	if err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			refuse(w, out, fault(413, 40009, "maximum message length exceeded"))
			return
		}
		refuse(w, out, fault(400, 40000, "body not readable"))
		return
	}
	msgs, err := decodeMessages(r.Header.Get("Content-Type"), body)
	if err != nil {
		refuse(w, out, fault(400, 40000, "body is not a message or an array of messages"))
		return
	}
	base := random(12)
	serials, info := h.publish(key, nil, name, msgs, base)
	if info != nil {
		refuse(w, out, info)
		return
	}
	id, _, _ := strings.Cut(msgs[0].ID, ":")
	answer(w, out, http.StatusCreated, map[string]any{"channel": name, "messageId": id, "serials": serials})
}

// decodeMessages reads one message or an array of them.
func decodeMessages(contentType string, body []byte) ([]*message, error) {
	kind, _, _ := mime.ParseMediaType(contentType)
	in := codec{binary: strings.HasSuffix(kind, "msgpack")}
	var many []*message
	if isArray(in, body) {
		err := in.unmarshal(body, &many)
		return many, err
	}
	one := &message{}
	err := in.unmarshal(body, one)
	return []*message{one}, err
}

func isArray(in codec, body []byte) bool {
	if !in.binary {
		return bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("["))
	}
	// msgpack: fixarray, array 16, array 32
	return len(body) > 0 && (body[0]&0xf0 == 0x90 || body[0] == 0xdc || body[0] == 0xdd)
}

func refuse(w http.ResponseWriter, out codec, info *ErrorInfo) {
	answer(w, out, info.StatusCode, map[string]any{"error": info})
}

func answer(w http.ResponseWriter, out codec, status int, v any) {
	b, err := out.marshal(v)
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", out.contentType())
	w.WriteHeader(status)
	_, _ = w.Write(b)
}
