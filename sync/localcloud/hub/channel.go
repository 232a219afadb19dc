package hub

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxMessageBytes = 64 << 10
	maxFrameBytes   = 512 << 10
	maxNameBytes    = 2 << 10
	maxRingBytes    = 256 << 10 // of one channel; hints are far smaller
)

// channel is one channel's ring and subscribers; the Hub's mutex guards it.
type channel struct {
	name  string
	epoch string // new whenever the channel is made: an older serial cannot match
	seq   int64
	ring  []entry // oldest first, at most RingSize and maxRingBytes
	bytes int
	subs  map[*conn]struct{}
	used  time.Time
}

// entry is one publication as it was sent.
type entry struct {
	seq  int64
	size int
	out  frame
}

func (ch *channel) serial(seq int64) string { return fmt.Sprintf("%s@%012d", ch.epoch, seq) }

// since returns what came after serial, and whether that is all of it.
func (ch *channel) since(serial string) ([]entry, bool) {
	epoch, num, ok := strings.Cut(serial, "@")
	seq, err := strconv.ParseInt(num, 10, 64)
	if !ok || err != nil || epoch != ch.epoch || seq > ch.seq {
		return nil, false
	}
	if seq == ch.seq {
		return nil, true
	}
	first := ch.seq - int64(len(ch.ring)) + 1
	if seq+1 < first {
		return nil, false
	}
	return slices.Clone(ch.ring[seq+1-first:]), true
}

// has reports whether a publication with the first message's id is in the ring.
func (ch *channel) has(id string) (entry, bool) {
	for i := len(ch.ring) - 1; i >= 0; i-- {
		for _, m := range ch.ring[i].out.Messages {
			if m.ID == id {
				return ch.ring[i], true
			}
		}
	}
	return entry{}, false
}

// channel returns the named channel, made on first use; h.mu is held.
func (h *Hub) channel(name string) (*channel, *ErrorInfo) {
	now := time.Now()
	h.sweep(now)
	ch := h.channels[name]
	if ch == nil {
		if name == "" || len(name) > maxNameBytes {
			return nil, fault(400, 40010, "invalid channel name")
		}
		if len(h.channels) >= h.cfg.MaxChannels {
			return nil, fault(429, 42910, "too many channels")
		}
		ch = &channel{name: name, epoch: random(9), subs: map[*conn]struct{}{}}
		h.channels[name] = ch
	}
	ch.used = now
	return ch, nil
}

// publish checks, stores and sends msgs as one publication, and returns the
// serials. A publication whose first message id is still in the ring is the
// same one again: acknowledged, not sent twice. from is nil for REST.
func (h *Hub) publish(key Key, from *conn, name string, msgs []*message, baseID string) ([]string, *ErrorInfo) {
	if !key.allows(name, opPublish) {
		return nil, refused(opPublish)
	}
	if len(msgs) == 0 {
		return nil, fault(400, 40013, "no message")
	}
	size := 0
	for _, m := range msgs {
		if m == nil {
			return nil, fault(400, 40013, "empty message")
		}
		if err := m.normalise(); err != nil {
			return nil, fault(400, 40013, err.Error())
		}
		size += m.size()
	}
	if size > maxMessageBytes {
		return nil, fault(413, 40009, "maximum message length exceeded")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	ch, info := h.channel(name)
	if info != nil {
		return nil, info
	}
	now := time.Now().UnixMilli()
	connID := ""
	if from != nil {
		connID = from.id
	}
	for i, m := range msgs {
		if m.ID == "" {
			m.ID = fmt.Sprintf("%s:%d", baseID, i)
		}
		m.ConnectionID, m.Timestamp, m.Action = connID, now, 0
	}
	if old, ok := ch.has(msgs[0].ID); ok {
		h.counts.Repeated++
		return serials(old.out), nil
	}
	ch.seq++
	serial := ch.serial(ch.seq)
	for i, m := range msgs {
		m.Serial = fmt.Sprintf("%s:%03d", serial, i)
	}
	e := entry{seq: ch.seq, size: size, out: frame{
		Action: actMessage, ID: baseID, Channel: name, ChannelSerial: serial,
		ConnectionID: connID, Timestamp: now, Messages: msgs,
	}}
	ch.ring = append(ch.ring, e)
	ch.bytes += size
	for len(ch.ring) > h.cfg.RingSize || ch.bytes > maxRingBytes {
		ch.bytes -= ch.ring[0].size
		ch.ring = slices.Delete(ch.ring, 0, 1)
	}
	h.counts.Published += int64(len(msgs))
	for c := range ch.subs {
		if c == from && c.noEcho {
			continue
		}
		h.deliver(c, e)
	}
	return serials(e.out), nil
}

func serials(f frame) []string {
	var out []string
	for _, m := range f.Messages {
		out = append(out, m.Serial)
	}
	return out
}

// attach subscribes c as far as its key allows and sends ATTACHED and, when
// the client's serial is continued, what it missed. One lock covers both, so
// no publication falls between.
func (h *Hub) attach(c *conn, in frame) {
	may := int64(0)
	if c.key.allows(in.Channel, opSubscribe) {
		may |= flagSubscribe
	}
	if c.key.allows(in.Channel, opPublish) {
		may |= flagPublish
	}
	if want := in.Flags & flagModes; want != 0 {
		may &= want
	}
	if may == 0 {
		c.send(frame{Action: actError, Channel: in.Channel, Error: refused(opSubscribe)})
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	ch, info := h.channel(in.Channel)
	if info == nil && c.attached[in.Channel] == 0 && len(c.attached) >= maxAttached {
		info = fault(400, 90021, "too many channels on one connection")
	}
	if info != nil {
		c.send(frame{Action: actError, Channel: in.Channel, Error: info})
		return
	}
	missed, resumed := ch.since(in.ChannelSerial)
	out := frame{
		Action: actAttached, Channel: in.Channel, ChannelSerial: ch.serial(ch.seq),
		Flags: may, Params: in.Params,
	}
	switch {
	case resumed:
		// The serial before what follows: a cut in between resumes from there.
		out.ChannelSerial = in.ChannelSerial
		out.Flags |= flagResumed
	case in.ChannelSerial != "":
		out.Error = fault(404, 80008, "unable to recover channel: messages are gone")
	}
	c.send(out)
	c.attached[in.Channel] = may
	if may&flagSubscribe != 0 {
		ch.subs[c] = struct{}{}
		for _, e := range missed {
			if e.out.ConnectionID != "" && e.out.ConnectionID == c.id && c.noEcho {
				continue
			}
			h.deliver(c, e)
		}
	}
}

// deliver sends one publication to one subscriber; h.mu is held.
func (h *Hub) deliver(c *conn, e entry) {
	h.counts.Delivered += int64(len(e.out.Messages))
	c.send(e.out)
}

func (h *Hub) detach(c *conn, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(c.attached, name)
	if ch := h.channels[name]; ch != nil {
		delete(ch.subs, c)
		ch.used = time.Now()
	}
	c.send(frame{Action: actDetached, Channel: name})
}
