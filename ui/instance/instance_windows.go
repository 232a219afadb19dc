package instance

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/windows"
)

// Claim makes this process the one agent of dir in this Windows session: a
// mutex of the session's own namespace, and a pipe that only this user may
// open. Another agent there already: ErrRunning.
//
// The pipe is synchronous and serves one caller at a time, for a greeting:
// what is attached for longer (the console) is not offered on Windows yet.
func Claim(dir string) (net.Listener, error) {
	mutexName, err := windows.UTF16PtrFromString(`Local\` + name(dir))
	if err != nil {
		return nil, err
	}
	mutex, err := windows.CreateMutex(nil, true, mutexName)
	if errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		_ = windows.CloseHandle(mutex)
		return nil, ErrRunning
	}
	if err != nil {
		return nil, err
	}
	path, err := pipePath(dir)
	if err != nil {
		_ = windows.CloseHandle(mutex)
		return nil, err
	}
	return &pipeListener{path: path, mutex: mutex}, nil
}

// Dial reaches the agent of dir.
func Dial(dir string) (net.Conn, error) {
	path, err := pipePath(dir)
	if err != nil {
		return nil, err
	}
	for range 20 { // busy with another caller: it is a matter of milliseconds
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err == nil {
			return pipeConn{f}, nil
		}
		if !errors.Is(err, windows.ERROR_PIPE_BUSY) {
			return nil, err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, windows.ERROR_PIPE_BUSY
}

// pipePath names the pipe by state folder, user and Windows session, so that
// twenty users of a terminal server never meet.
func pipePath(dir string) (string, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return "", err
	}
	var session uint32
	if err := windows.ProcessIdToSessionId(windows.GetCurrentProcessId(), &session); err != nil {
		return "", err
	}
	return fmt.Sprintf(`\\.\pipe\%s-%s-%d`, name(dir), user.User.Sid, session), nil
}

type pipeListener struct {
	path  string
	mutex windows.Handle

	mu     sync.Mutex
	closed bool
}

func (l *pipeListener) Accept() (net.Conn, error) {
	l.mu.Lock()
	closed := l.closed
	l.mu.Unlock()
	if closed {
		return nil, net.ErrClosed
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, err
	}
	owner, err := windows.SecurityDescriptorFromString("D:P(A;;GA;;;" + user.User.Sid.String() + ")")
	if err != nil {
		return nil, err
	}
	path, err := windows.UTF16PtrFromString(l.path)
	if err != nil {
		return nil, err
	}
	const buffer = 4 << 10
	pipe, err := windows.CreateNamedPipe(path, windows.PIPE_ACCESS_DUPLEX,
		windows.PIPE_TYPE_BYTE|windows.PIPE_WAIT|windows.PIPE_REJECT_REMOTE_CLIENTS,
		1, buffer, buffer, 0, &windows.SecurityAttributes{SecurityDescriptor: owner})
	if err != nil {
		return nil, err
	}
	if err := windows.ConnectNamedPipe(pipe, nil); err != nil && !errors.Is(err, windows.ERROR_PIPE_CONNECTED) {
		_ = windows.CloseHandle(pipe)
		return nil, err
	}
	return pipeConn{os.NewFile(uintptr(pipe), l.path)}, nil
}

// Close ends Accept by being the last caller itself.
func (l *pipeListener) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	if f, err := os.OpenFile(l.path, os.O_RDWR, 0); err == nil {
		_ = f.Close()
	}
	return windows.CloseHandle(l.mutex)
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr(l.path) }

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }

// pipeConn is a file with a net.Conn's shape; it has no deadlines.
type pipeConn struct{ *os.File }

var _ io.ReadWriteCloser = pipeConn{}

func (c pipeConn) LocalAddr() net.Addr  { return pipeAddr(c.Name()) }
func (c pipeConn) RemoteAddr() net.Addr { return pipeAddr(c.Name()) }
