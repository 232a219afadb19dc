//go:build unix

package instance

import (
	"fmt"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Claim makes this process the one agent of dir: an flock that the
// kernel drops with the process, and a socket for whoever comes second.
// Another agent there already: ErrRunning.
func Claim(dir string) (net.Listener, error) {
	lock, err := os.OpenFile(filepath.Join(dir, "agent.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = lock.Close()
		return nil, ErrRunning
	}
	path := socketPath(dir)
	_ = os.Remove(path) // of an agent that was killed: the lock proves that nobody listens
	listener, err := net.Listen("unix", path)
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, err
	}
	return &lockedListener{listener, lock}, nil
}

type lockedListener struct {
	net.Listener
	lock *os.File
}

func (l *lockedListener) Close() error {
	err := l.Listener.Close()
	_ = l.lock.Close()
	return err
}

// Dial reaches the agent of dir.
func Dial(dir string) (net.Conn, error) { return net.Dial("unix", socketPath(dir)) }

func socketPath(dir string) string {
	runtime := os.Getenv("XDG_RUNTIME_DIR")
	if info, err := os.Stat(runtime); runtime == "" || err != nil || !info.IsDir() {
		runtime = filepath.Join(os.TempDir(), fmt.Sprintf("clinicpro-images-%d", os.Getuid()))
		_ = os.MkdirAll(runtime, 0o700)
	}
	return filepath.Join(runtime, name(dir)+".sock")
}
