//go:build !linux && !windows

package diag

import "golang.org/x/sys/unix"

// noDump forbids core files.
func noDump() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }
