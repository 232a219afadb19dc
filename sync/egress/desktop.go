package egress

import (
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// windowsProxy reads the values of Windows' Internet Settings: ProxyServer is
// "host:port" or "http=host:port;https=host:port;socks=host:port", and
// ProxyOverride lists hosts to reach directly with ";" between, "<local>" for
// names without a dot. Nil when there is no proxy in it.
func windowsProxy(server, override string) *httpproxy.Config {
	c := &httpproxy.Config{}
	for part := range strings.FieldsFuncSeq(server, func(r rune) bool { return r == ';' || r == ' ' }) {
		kind, at, apart := strings.Cut(part, "=")
		switch {
		case !apart:
			c.HTTPProxy, c.HTTPSProxy = withScheme("http", kind), withScheme("http", kind)
		case kind == "http":
			c.HTTPProxy = withScheme("http", at)
		case kind == "https":
			c.HTTPSProxy = withScheme("http", at)
		case kind == "socks" && c.HTTPSProxy == "":
			c.HTTPSProxy = withScheme("socks5", at)
		}
	}
	if c.HTTPProxy == "" && c.HTTPSProxy == "" {
		return nil
	}
	var direct []string
	for part := range strings.SplitSeq(override, ";") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "*")
		if part != "" && part != "<local>" { // a name without a dot is none of ours
			direct = append(direct, part)
		}
	}
	c.NoProxy = strings.Join(direct, ",")
	return c
}

func withScheme(scheme, at string) string {
	if strings.Contains(at, "://") {
		return at
	}
	return scheme + "://" + at
}
