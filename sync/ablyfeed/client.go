package ablyfeed

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ably/ably-go/ably"

	"github.com/clinicpro-nz/images/app"
)

const (
	inboxSize  = 256
	closeGrace = 2 * time.Second
)

// happening is one thing a handler of ably-go saw.
type happening struct {
	conn    *ably.ConnectionStateChange
	channel *ably.ChannelStateChange
	message *ably.Message
}

// client is one use of one ably-go client, never a second.
type client struct {
	rt        *ably.Realtime
	ch        *ably.RealtimeChannel
	inbox     chan happening
	overflow  atomic.Bool
	discarded atomic.Bool
	over      chan struct{} // closed when the connection is CLOSED or FAILED
	ended     atomic.Bool
}

// put never blocks: a slow reader would make ably-go's own queue grow without
// bound. What does not fit counts as lost continuity.
func (c *client) put(h happening) {
	if c.discarded.Load() {
		return
	}
	select {
	case c.inbox <- h:
	default:
		c.overflow.Store(true)
	}
}

// onConn also finishes a Close that ably-go ignored because it was dialling.
func (c *client) onConn(change ably.ConnectionStateChange) {
	switch change.Current {
	case ably.ConnectionStateClosed, ably.ConnectionStateFailed:
		if c.ended.CompareAndSwap(false, true) {
			close(c.over)
		}
	case ably.ConnectionStateConnected, ably.ConnectionStateDisconnected, ably.ConnectionStateSuspended:
		if c.discarded.Load() {
			c.rt.Close()
		}
	}
	c.put(happening{conn: &change})
}

// discard closes the client for good and waits a moment for it; what is left
// of it then closes itself through onConn.
func (c *client) discard() {
	c.discarded.Store(true)
	c.rt.Close()
	select {
	case <-c.over:
	case <-time.After(closeGrace):
	}
}

// listenOnce runs one client until ctx ends, it is refused, or the watchdog
// gives it up.
func (f *Feed) listenOnce(ctx context.Context, sid app.SessionID, n *notifier) error {
	rt, err := ably.NewRealtime(f.cfg.options()...)
	if err != nil { // the options alone: the key has no key's form
		return app.E("open feed", app.KindAuth, errors.New("the Ably key cannot be used"))
	}
	c := &client{rt: rt, inbox: make(chan happening, inboxSize), over: make(chan struct{})}
	c.ch = rt.Channels.Get(f.cfg.channel(sid), ably.ChannelWithModes(ably.ChannelModeSubscribe))
	rt.Connection.OnAll(c.onConn)
	c.ch.OnAll(func(change ably.ChannelStateChange) { c.put(happening{channel: &change}) })
	defer c.discard()
	rt.Connect()

	// SubscribeAll waits for ATTACHED, and takes its handler away when
	// something else comes first: that client would be deaf.
	subCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	deaf := make(chan error, 1)
	go func() {
		_, err := c.ch.SubscribeAll(subCtx, func(m *ably.Message) { c.put(happening{message: m}) })
		if err != nil {
			deaf <- err
		}
	}()

	watchdog := time.NewTimer(f.cfg.ConnectWithin)
	defer watchdog.Stop()
	attached := false
	for {
		var h happening
		select {
		case <-ctx.Done():
			return nil
		case <-watchdog.C:
			return app.E("connect feed", app.KindOffline, errors.New("not attached in time"))
		case err := <-deaf:
			return classify(ctx, "attach feed", err)
		case h = <-c.inbox:
		}
		was := attached
		switch {
		case h.conn != nil:
			if err := refusal(ctx, h.conn); err != nil {
				return err
			}
			// While the connection is away the channel may still say ATTACHED.
			if h.conn.Current != ably.ConnectionStateConnected {
				attached = false
				n.health(false)
			}
		case h.channel != nil:
			if h.channel.Current == ably.ChannelStateFailed {
				return classify(ctx, "attach feed", info(h.channel.Reason))
			}
			attached = h.channel.Current == ably.ChannelStateAttached &&
				rt.Connection.State() == ably.ConnectionStateConnected
			if !attached || !h.channel.Resumed {
				n.health(false) // something may have been missed
			}
			n.health(attached)
		case h.message != nil:
			if ev, image, ok := hint(h.message); ok {
				n.event(ev, image)
			}
		}
		if c.overflow.Swap(false) {
			n.health(false)
			n.health(attached)
		}
		switch {
		case attached:
			watchdog.Stop()
		case was:
			watchdog.Reset(f.cfg.ConnectWithin)
		}
	}
}

// refusal is the error of a connection that FAILED, which ably-go never leaves.
func refusal(ctx context.Context, change *ably.ConnectionStateChange) error {
	if change.Current != ably.ConnectionStateFailed {
		return nil
	}
	return classify(ctx, "connect feed", info(change.Reason))
}

// info avoids an error interface that holds a nil pointer.
func info(e *ably.ErrorInfo) error {
	if e == nil {
		return nil
	}
	return e
}

// hintData is the data of a hint (docs/contracts.md).
type hintData struct {
	V       int         `json:"v"`
	ImageID app.ImageID `json:"imageId,omitempty"`
	Seq     int64       `json:"seq"`
}

func knownEvents() []app.Event {
	return []app.Event{app.EventPhonePaired, app.EventImageStored, app.EventImageRetracted,
		app.EventDetails, app.EventPhoneLeft, app.EventPhoneDone, app.EventSessionClosed}
}

// hint reads a message. ably-go leaves realtime data encoded: a JSON object
// comes as its text. Data that cannot be read costs the image id only: the
// event alone is a reason to look.
func hint(m *ably.Message) (app.Event, app.ImageID, bool) {
	ev := app.Event(m.Name)
	if !slices.Contains(knownEvents(), ev) {
		return "", "", false
	}
	var text []byte
	switch d := m.Data.(type) {
	case string:
		text = []byte(d)
	case []byte:
		text = d
	default:
		text, _ = json.Marshal(d)
	}
	var data hintData
	if err := json.Unmarshal(text, &data); err != nil || data.ImageID == "" {
		return ev, "", true
	}
	image, err := app.ParseImageID(string(data.ImageID))
	if err != nil {
		return ev, "", true
	}
	return ev, image, true
}
