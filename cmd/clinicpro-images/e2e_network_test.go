//go:build linux

package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// namespaces makes two network namespaces joined by a cable, 192.0.2.1 the
// office and 192.0.2.2 the street (RFC 5737 addresses: nobody else's), and
// returns the command that runs a program in each. They go with the test.
func namespaces(t testing.TB) (office, street []string) {
	t.Helper()
	// An ordinary user owns networks only inside a user namespace.
	private, join := []string{"unshare", "--net"}, []string{"nsenter", "--net"}
	if os.Getuid() != 0 {
		private = []string{"unshare", "--user", "--map-root-user", "--net"}
		join = []string{"nsenter", "--user", "--preserve-credentials", "--net"}
	}
	first := hold(t, "net", private)
	office = append(join[:len(join):len(join)], "--target", strconv.Itoa(first))
	second := hold(t, "net", append(office[:len(office):len(office)], "unshare", "--net"))
	street = append(join[:len(join):len(join)], "--target", strconv.Itoa(second))

	for _, step := range []struct {
		where []string
		args  []string
	}{
		{office, []string{"link", "set", "lo", "up"}},
		{office, []string{"link", "add", "cable0", "type", "veth", "peer", "name", "cable1", "netns", strconv.Itoa(second)}},
		{office, []string{"address", "add", "192.0.2.1/24", "dev", "cable0"}},
		{office, []string{"link", "set", "cable0", "up"}},
		{street, []string{"link", "set", "lo", "up"}},
		{street, []string{"address", "add", "192.0.2.2/24", "dev", "cable1"}},
		{street, []string{"link", "set", "cable1", "up"}},
	} {
		argv := append(append(step.where[:len(step.where):len(step.where)], "ip"), step.args...)
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v\n%s", step.args, err, out)
		}
	}
	return office, street
}

// hold starts a process that keeps a new namespace of a kind (net, mnt)
// alive, and returns its id once it is in it.
func hold(t testing.TB, kind string, enter []string) int {
	t.Helper()
	argv := append(enter[:len(enter):len(enter)], "sleep", "infinity")
	cmd := exec.Command(argv[0], argv[1:]...)
	log := filepath.Join(t.TempDir(), "namespace.log")
	start(t, cmd, log)
	ours, err := os.Readlink("/proc/self/ns/" + kind)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, 10*time.Second, func() bool {
		name, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "comm"))
		theirs, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "ns", kind))
		return err == nil && theirs != ours && string(name) == "sleep\n"
	}, func() string {
		said, _ := os.ReadFile(log)
		return "no namespace can be made here (it needs the right to make one): " + string(said)
	})
	return cmd.Process.Pid
}
