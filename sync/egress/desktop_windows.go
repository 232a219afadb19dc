package egress

import (
	"golang.org/x/net/http/httpproxy"
	"golang.org/x/sys/windows/registry"
)

// desktop is the proxy of Windows' Internet Settings: the user's, or the
// machine's where policy makes it per machine. An automatic configuration
// script is not run: IT names the proxy in the "proxy" setting then.
func desktop() *httpproxy.Config {
	const path = `Software\Microsoft\Windows\CurrentVersion\Internet Settings`
	for _, root := range []registry.Key{registry.CURRENT_USER, registry.LOCAL_MACHINE} {
		key, err := registry.OpenKey(root, path, registry.QUERY_VALUE)
		if err != nil {
			continue
		}
		on, _, err := key.GetIntegerValue("ProxyEnable")
		server, _, _ := key.GetStringValue("ProxyServer")
		override, _, _ := key.GetStringValue("ProxyOverride")
		_ = key.Close()
		if err == nil && on != 0 {
			if c := windowsProxy(server, override); c != nil {
				return c
			}
		}
	}
	return nil
}
