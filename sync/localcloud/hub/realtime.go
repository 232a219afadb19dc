package hub

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	maxAttached  = 200
	outQueue     = 512
	writeTimeout = 10 * time.Second
)

// conn is one websocket. One goroutine reads, one writes; send only queues.
type conn struct {
	h          *Hub
	ws         *websocket.Conn
	codec      codec
	key        Key
	clientID   string
	noEcho     bool
	heartbeats bool

	// Guarded by the Hub's mutex.
	id, connKey string
	attached    map[string]int64 // channel → modes granted
	superseded  bool

	out    chan frame
	cancel context.CancelFunc
	once   sync.Once
}

// send queues f. A client that does not keep up is cut off and resumes later:
// memory stays bounded and nothing is skipped silently.
func (c *conn) send(f frame) {
	select {
	case c.out <- f:
	default:
		go c.drop()
	}
}

func (c *conn) drop() {
	c.once.Do(func() {
		c.cancel()
		_ = c.ws.CloseNow()
	})
}

func (h *Hub) serveRealtime(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	// Any origin: authentication is the key, never a cookie.
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	ws.SetReadLimit(maxFrameBytes)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	c := &conn{
		h: h, ws: ws, codec: codec{binary: q.Get("format") == "msgpack"},
		clientID: q.Get("clientId"), noEcho: q.Get("echo") == "false",
		heartbeats: q.Get("heartbeats") == "true",
		attached:   map[string]int64{}, out: make(chan frame, outQueue), cancel: cancel,
	}
	defer c.drop()
	key, info := h.authenticate(r)
	if info == nil {
		info = checkVersion(q.Get("v"))
	}
	if info != nil {
		c.refuse(ctx, info)
		return
	}
	c.key = key
	resumeKey := q.Get("resume")
	if resumeKey == "" {
		resumeKey = q.Get("recover")
	}
	resumed, ok := h.register(c, resumeKey)
	if !ok {
		c.refuse(ctx, fault(503, 50003, "the hub takes no more connections"))
		return
	}
	var lost *ErrorInfo
	if resumeKey != "" && !resumed {
		lost = fault(400, 80018, "unable to recover connection: its state is gone")
	}
	c.send(c.connected(lost))
	go c.write(ctx)
	forget := c.read(ctx)
	h.unregister(c, forget)
}

func checkVersion(v string) *ErrorInfo {
	n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
	if err != nil || n < 2 {
		return fault(400, 40000, "protocol version 2 or later is needed")
	}
	return nil
}

// refuse says why in a protocol message: a client sees no HTTP status of a
// failed upgrade in a browser.
func (c *conn) refuse(ctx context.Context, info *ErrorInfo) {
	c.h.log.Info("hub: connection refused", "code", info.Code)
	if c.writeFrame(ctx, frame{Action: actError, Error: info}) == nil {
		_ = c.ws.Close(websocket.StatusNormalClosure, "")
	}
}

func (c *conn) connected(info *ErrorInfo) frame {
	return frame{
		Action: actConnected, ConnectionID: c.id, ConnectionKey: c.connKey, Error: info,
		Timestamp: time.Now().UnixMilli(),
		ConnectionDetails: &connectionDetails{
			ConnectionKey: c.connKey, ClientID: c.clientID,
			MaxMessageSize: maxMessageBytes, MaxFrameSize: maxFrameBytes, MaxInboundRate: 250,
			ConnectionStateTTL: c.h.cfg.ConnState.Milliseconds(),
			MaxIdleInterval:    c.h.cfg.Heartbeat.Milliseconds(),
			ServerID:           "local",
		},
	}
}

// write is the one writer. When idle it says HEARTBEAT to who asked for it,
// and pings the websocket: that finds a dead peer, and npm ably under Node
// watches pings instead of HEARTBEAT.
func (c *conn) write(ctx context.Context) {
	defer c.drop()
	beat := time.NewTicker(c.h.cfg.Heartbeat * 2 / 3)
	defer beat.Stop()
	for {
		var f frame
		select {
		case <-ctx.Done():
			return
		case f = <-c.out:
		case <-beat.C:
			go c.ping(ctx)
			if !c.heartbeats {
				continue
			}
			f = frame{Action: actHeartbeat}
		}
		if err := c.writeFrame(ctx, f); err != nil {
			return
		}
		if f.Action == actClosed {
			_ = c.ws.Close(websocket.StatusNormalClosure, "")
			return
		}
	}
}

func (c *conn) ping(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := c.ws.Ping(ctx); err != nil {
		c.drop()
	}
}

func (c *conn) writeFrame(ctx context.Context, f frame) error {
	kind := websocket.MessageBinary
	if !c.codec.binary {
		kind = websocket.MessageText
		if len(f.Messages) > 0 {
			msgs := make([]*message, len(f.Messages))
			for i, m := range f.Messages {
				msgs[i] = m.forJSON()
			}
			f.Messages = msgs
		}
	}
	b, err := c.codec.marshal(f)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return c.ws.Write(ctx, kind, b)
}

// read handles frames until the connection ends, and reports whether the
// client said CLOSE.
func (c *conn) read(ctx context.Context) (closed bool) {
	for {
		_, b, err := c.ws.Read(ctx)
		if err != nil {
			return closed
		}
		var f frame
		if err := c.codec.unmarshal(b, &f); err != nil {
			c.send(frame{Action: actError, Error: fault(400, 40000, "malformed frame")})
			return false
		}
		switch f.Action {
		case actHeartbeat: // the id is how a client's ping knows its answer
			c.send(frame{Action: actHeartbeat, ID: f.ID})
		case actAttach:
			c.h.attach(c, f)
		case actDetach:
			c.h.detach(c, f.Channel)
		case actMessage:
			c.publish(f)
		case actPresence:
			c.nack(f, fault(400, 40000, "presence is not part of this service"))
		case actAuth:
			c.send(frame{Action: actError, Error: noTokens()})
		case actClose:
			closed = true
			c.send(frame{Action: actClosed})
		case actDisconnect:
			return false
		}
	}
}

// publish answers with ACK or NACK; count is of protocol messages, so 1. The
// connection's id and msgSerial make the message ids, so that a frame sent
// again after a resume is the same message.
func (c *conn) publish(f frame) {
	serial := int64(0)
	if f.MsgSerial != nil {
		serial = *f.MsgSerial
	}
	serials, info := c.h.publish(c.key, c, f.Channel, f.Messages, c.id+":"+strconv.FormatInt(serial, 10))
	if info != nil {
		c.nack(f, info)
		return
	}
	c.send(frame{Action: actAck, MsgSerial: &serial, Count: 1, Res: []ackResult{{Serials: serials}}})
}

func (c *conn) nack(f frame, info *ErrorInfo) {
	serial := int64(0)
	if f.MsgSerial != nil {
		serial = *f.MsgSerial
	}
	c.send(frame{Action: actNack, MsgSerial: &serial, Count: 1, Error: info, Res: []ackResult{}})
}
