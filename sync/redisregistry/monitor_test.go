package redisregistry_test

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
)

// watch returns what clients ask of the server at addr, one command a call;
// nil for what scripts and new connections do.
func watch(t *testing.T, addr string) func() []string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, "MONITOR\r\n"); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(conn)
	next := func() string {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return line
	}
	next() // +OK
	return func() []string {
		_, rest, _ := strings.Cut(next(), "[")
		who, rest, _ := strings.Cut(rest, "] ")
		var words []string
		for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				t.Fatalf("%v in %q", err, rest)
			}
			word, err := strconv.Unquote(quoted)
			if err != nil {
				t.Fatal(err)
			}
			words, rest = append(words, word), rest[len(quoted):]
		}
		if strings.HasSuffix(who, " lua") || !strings.HasPrefix(strings.ToLower(words[0]), "eval") {
			return nil
		}
		return words
	}
}
