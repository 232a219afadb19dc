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
// The pipe has as many instances as callers: one that stays (the console), or
// one that is slow to say what it wants, keeps nobody out, and is no reason
// for Accept to fail.
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
	l := &pipeListener{path: path, mutex: mutex}
	if err == nil {
		// First: nobody else may have made a pipe of this name to listen in on.
		l.next, err = newPipe(path, windows.FILE_FLAG_FIRST_PIPE_INSTANCE)
	}
	if err != nil {
		_ = windows.CloseHandle(mutex)
		return nil, err
	}
	return l, nil
}

// Dial reaches the agent of dir.
func Dial(dir string) (net.Conn, error) {
	path, err := pipePath(dir)
	if err != nil {
		return nil, err
	}
	for range 20 { // between two instances: it is a matter of milliseconds
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

// newPipe makes one more instance of the pipe, for one caller.
func newPipe(path string, flags uint32) (windows.Handle, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return 0, err
	}
	owner, err := windows.SecurityDescriptorFromString("D:P(A;;GA;;;" + user.User.Sid.String() + ")")
	if err != nil {
		return 0, err
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	const buffer = 16 << 10 // a greeting fits in, so that a caller need not wait to be read
	return windows.CreateNamedPipe(name, windows.PIPE_ACCESS_DUPLEX|flags,
		windows.PIPE_TYPE_BYTE|windows.PIPE_WAIT|windows.PIPE_REJECT_REMOTE_CLIENTS,
		windows.PIPE_UNLIMITED_INSTANCES, buffer, buffer, 0,
		&windows.SecurityAttributes{SecurityDescriptor: owner})
}

type pipeListener struct {
	path  string
	mutex windows.Handle
	next  windows.Handle // waits for the next caller; Accept's alone

	mu     sync.Mutex
	closed bool
}

// Accept returns the next caller, who may have left already: a second start
// says what it wants and goes. The instance for the caller after it is there
// before Accept returns.
func (l *pipeListener) Accept() (net.Conn, error) {
	for {
		pipe := l.next
		err := windows.ConnectNamedPipe(pipe, nil)
		if l.isClosed() {
			_ = windows.CloseHandle(pipe)
			return nil, net.ErrClosed
		}
		next, nextErr := newPipe(l.path, 0)
		if nextErr != nil { // too little memory, say: this one serves again
			_ = windows.DisconnectNamedPipe(pipe)
			time.Sleep(50 * time.Millisecond)
			continue
		}
		l.next = next
		switch {
		case err == nil, errors.Is(err, windows.ERROR_PIPE_CONNECTED),
			errors.Is(err, windows.ERROR_NO_DATA): // it has left, and its greeting can be read all the same
			return pipeConn{os.NewFile(uintptr(pipe), l.path)}, nil
		}
		_ = windows.CloseHandle(pipe)
		time.Sleep(50 * time.Millisecond)
	}
}

func (l *pipeListener) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
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
