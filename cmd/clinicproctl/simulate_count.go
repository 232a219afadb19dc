package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/redisregistry"
)

// redisConn is the little of the Redis protocol that counting needs: inline
// commands over one connection without TLS.
type redisConn struct {
	net.Conn
	lines *bufio.Reader
}

// redisAddress is host:port of a redis:// address.
func redisAddress(redis app.Sealed) string {
	u, err := url.Parse(redis.Reveal())
	if err != nil {
		return ""
	}
	return u.Host
}

// dialRedis connects to a server of our own and logs in.
func dialRedis(ctx context.Context, redis app.Sealed) (*redisConn, error) {
	u, err := url.Parse(redis.Reveal())
	if err != nil {
		return nil, errors.New("the Redis address cannot be read")
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	c := &redisConn{conn, bufio.NewReaderSize(conn, 1<<20)}
	if password, has := u.User.Password(); has {
		if err := c.say("AUTH " + password); err != nil {
			_ = conn.Close()
			return nil, err
		}
	}
	return c, nil
}

// say sends one inline command and reads its one-line answer.
func (c *redisConn) say(command string) error {
	if _, err := io.WriteString(c, command+"\r\n"); err != nil {
		return err
	}
	line, err := c.lines.ReadString('\n')
	if err == nil && strings.HasPrefix(line, "-") {
		err = errors.New("redis refuses a command")
	}
	return err
}

// flushRedis empties a Redis of our own.
func flushRedis(ctx context.Context, redis app.Sealed) error {
	c, err := dialRedis(ctx, redis)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.say("FLUSHALL")
}

// redisMonitor counts, with MONITOR, every command that reaches a Redis.
type redisMonitor struct {
	redis app.Sealed
	conn  *redisConn
	done  chan struct{}

	mu    sync.Mutex
	n     map[string]int64
	marks map[string]chan struct{}
}

func (m *redisMonitor) start(ctx context.Context, redis app.Sealed) error {
	conn, err := dialRedis(ctx, redis)
	if err == nil {
		err = conn.say("MONITOR")
	}
	if err != nil {
		return err
	}
	m.redis, m.conn, m.done = redis, conn, make(chan struct{})
	m.n, m.marks = map[string]int64{}, map[string]chan struct{}{}
	go m.read()
	return nil
}

func (m *redisMonitor) stop() {
	if m.conn != nil {
		_ = m.conn.Close()
		<-m.done
	}
}

func (m *redisMonitor) read() {
	defer close(m.done)
	for {
		line, err := m.conn.lines.ReadString('\n')
		if err != nil {
			return
		}
		inside, words := monitorLine(line)
		if len(words) == 0 {
			continue
		}
		m.mu.Lock()
		switch mark, ours := m.marks[words[len(words)-1]]; {
		case ours:
			close(mark)
			delete(m.marks, words[len(words)-1])
		case inside:
			m.n[redisregistry.Inside]++
		default:
			m.n[redisregistry.Transition(words[0], words[1:]...)]++
		}
		m.mu.Unlock()
	}
}

// monitorLine takes apart a line like
//
//	+1339518083.107412 [0 127.0.0.1:60866] "evalsha" "…" "1"
//
// where "lua" in place of the address says that a script made the call. Only
// the first two words and the last are needed: a script's text can be long.
func monitorLine(line string) (inside bool, words []string) {
	_, rest, ok := strings.Cut(line, "[")
	who, rest, ok2 := strings.Cut(rest, "] ")
	if !ok || !ok2 {
		return false, nil
	}
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			break
		}
		word, err := strconv.Unquote(quoted)
		if err != nil {
			break
		}
		words, rest = append(words, word), rest[len(quoted):]
	}
	return strings.HasSuffix(who, " lua"), words
}

// counts waits until the monitor has seen everything up to now, which a
// command of its own proves, and returns the counts.
func (m *redisMonitor) counts(ctx context.Context) (map[string]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	name, mark := rand.Text(), make(chan struct{})
	m.mu.Lock()
	m.marks[name] = mark
	m.mu.Unlock()
	c, err := dialRedis(ctx, m.redis)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.say("PING " + name); err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-mark:
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.n), nil
}

// s3Operations are versitygw's names in its access log.
var s3Operations = map[string]string{
	"s3_PutObject": "put", "s3_HeadObject": "head", "s3_GetObject": "get",
	"s3_DeleteObject": "delete", "s3_ListObjectsV2": "list",
}

// countAccessLog counts the requests of versitygw's access log by operation,
// the gateway's readiness question left out.
func countAccessLog(path string) (map[string]int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	n := map[string]int64{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		for _, word := range strings.Fields(lines.Text()) {
			if name, known := s3Operations[word]; known && !strings.Contains(lines.Text(), "/temp/.ready") {
				n[name]++
				break
			}
		}
	}
	return n, nil
}

// minus is the difference of two counts.
func minus(after, before map[string]int64) map[string]int64 {
	out := map[string]int64{}
	for name, n := range after {
		if n -= before[name]; n != 0 {
			out[name] = n
		}
	}
	return out
}

// settled waits until nothing is counted any more: what is under way beside
// the answers, like hints, has then arrived.
func (s *servers) settled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	last := ""
	for {
		c, err := s.counted()
		if err != nil || c == nil {
			return err
		}
		delete(c.Redis, redisregistry.Handshake) // asking is one
		now := fmt.Sprint(*c)
		if now == last {
			return nil
		}
		last = now
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}
