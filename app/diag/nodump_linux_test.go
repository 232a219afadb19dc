package diag

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestACrashLeavesNoCore crashes this program with the runtime asked to dump its
// core.
func TestACrashLeavesNoCore(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		t.Fatal(err)
	}
	before := limit
	limit.Cur = limit.Max // and the system too
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &before) }()
	for _, mode := range []string{"crashes", "says"} {
		cmd := exec.Command(self, "-test.run=^TestCrashes$", "-test.v")
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), "DIAG_CRASH="+mode, "GOTRACEBACK=crash")
		out, err := cmd.CombinedOutput()
		if mode == "says" {
			if err != nil || !bytes.Contains(out, []byte("limit 0, filter 00000000")) {
				t.Errorf("%v\n%s", err, out)
			}
			continue
		}
		if err == nil {
			t.Fatalf("it did not crash:\n%s", out)
		}
		if cmd.ProcessState.Sys().(interface{ CoreDump() bool }).CoreDump() {
			t.Error("the kernel dumped its memory")
		}
		if cores, _ := filepath.Glob(filepath.Join(cmd.Dir, "core*")); len(cores) > 0 {
			t.Errorf("it left %s", strings.Join(cores, ", "))
		}
	}
}

// TestCrashes does nothing by itself: TestACrashLeavesNoCore runs it.
func TestCrashes(t *testing.T) {
	mode := os.Getenv("DIAG_CRASH")
	if mode == "" {
		return
	}
	NoDump()
	switch mode {
	case "says":
		var limit unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
			t.Fatal(err)
		}
		filter, err := os.ReadFile("/proc/self/coredump_filter")
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("limit %d, filter %s", limit.Cur, filter)
	case "crashes":
		panic("on purpose")
	}
}
