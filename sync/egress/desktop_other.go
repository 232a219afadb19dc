//go:build !windows

package egress

import "golang.org/x/net/http/httpproxy"

// desktop is nil: the environment is the system's setting here.
func desktop() *httpproxy.Config { return nil }
