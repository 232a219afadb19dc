package apptest

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// upstash is a front before a real redis-server that holds to what Upstash
// documents of its own ACL commands (its pages "ACL GENTOKEN", "ACL SETUSER",
// "ACL GENPASS"); every other command is redis-server's.
type upstash struct {
	server string
	not    []string // beginnings of rules that are refused besides
	mu     sync.Mutex
	tokens map[string]string // token → the user it was made for
}

// Upstash starts one over TLS and returns host:port; token is the password of
// the user default, as Upstash's console shows it. Rules that begin with one of
// not are refused besides those that Upstash says it refuses. It ends with the
// test.
func Upstash(t testing.TB, cert, key, token string, not ...string) string {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	u := &upstash{server: RedisServer(t, "--requirepass", token), not: not, tokens: map[string]string{}}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go u.serve(conn)
		}
	}()
	return l.Addr().String()
}

// serve answers one client, one command after another, as they came.
func (u *upstash) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", u.server)
	if err != nil {
		return
	}
	defer server.Close()
	asks, answers := bufio.NewReader(client), bufio.NewReader(server)
	for {
		command, err := reply(asks)
		if err != nil {
			return
		}
		answer := u.own(wordsOf(command))
		if answer == nil {
			if _, err := server.Write(command); err != nil {
				return
			}
			if answer, err = reply(answers); err != nil {
				return
			}
		}
		if _, err := client.Write(answer); err != nil {
			return
		}
	}
}

// own is the answer to what Upstash treats in its own way; nil for the rest.
func (u *upstash) own(words []string) []byte {
	no := func(format string, a ...any) []byte { return fmt.Appendf(nil, "-ERR "+format+"\r\n", a...) }
	if strings.EqualFold(words[0], "CONFIG") {
		return no("unknown command 'CONFIG'")
	}
	if len(words) < 2 || !strings.EqualFold(words[0], "ACL") {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	switch what := strings.ToUpper(words[1]); {
	case what == "GENTOKEN" && len(words) == 3:
		token := base64.StdEncoding.EncodeToString([]byte("synthetic:" + words[2] + ":" + rand.Text()))
		u.tokens[token] = words[2]
		return fmt.Appendf(nil, "$%d\r\n%s\r\n", len(token), token)
	case what == "GENTOKEN":
		return no("wrong number of arguments for 'acl|gentoken' command")
	case what == "SAVE":
		return []byte("+OK\r\n")
	case what == "SETUSER" && len(words) > 2:
		if words[2] == "default" {
			return no("The 'default' user cannot be modified")
		}
		for _, rule := range words[3:] {
			password, is := strings.CutPrefix(rule, ">")
			if is && u.tokens[password] != words[2] || rule == "nopass" || strings.HasPrefix(rule, "#") || strings.Contains(rule, "|") ||
				slices.ContainsFunc(u.not, func(begins string) bool { return strings.HasPrefix(rule, begins) }) {
				return no("Error in ACL SETUSER modifier: not supported")
			}
		}
	}
	return nil
}

// reply reads one value of the Redis protocol, whole, in the bytes it came in.
func reply(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	out := bytes.Clone(line)
	n, _ := strconv.Atoi(strings.TrimSpace(string(line[1:])))
	switch line[0] {
	case '$', '=', '!':
		if n >= 0 {
			body := make([]byte, n+2)
			if _, err := io.ReadFull(r, body); err != nil {
				return nil, err
			}
			out = append(out, body...)
		}
		return out, nil
	case '*', '~', '>':
	case '%':
		n *= 2
	default: // one line
		return out, nil
	}
	for range n {
		more, err := reply(r)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// wordsOf are the words of a command, which is a list of texts.
func wordsOf(command []byte) []string {
	words := []string{}
	r := bufio.NewReader(bytes.NewReader(command))
	_, _ = r.ReadString('\n')
	for {
		text, err := reply(r)
		if err != nil {
			break
		}
		_, word, _ := bytes.Cut(bytes.TrimSuffix(text, []byte("\r\n")), []byte("\r\n"))
		words = append(words, string(word))
	}
	if len(words) == 0 {
		words = append(words, "")
	}
	return words
}
