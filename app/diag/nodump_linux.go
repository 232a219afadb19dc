package diag

import (
	"os"

	"golang.org/x/sys/unix"
)

// noDump forbids core files. A program that the kernel hands cores to is not
// bound by that limit, so none of the process's own memory goes into one
// either (core(5)). PR_SET_DUMPABLE would say both at once, but would also hide
// the process from its own user: desktop portals and support look there.
func noDump() {
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	_ = os.WriteFile("/proc/self/coredump_filter", []byte("0"), 0)
}
