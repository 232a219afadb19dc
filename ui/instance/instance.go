// Package instance makes the agent the only one of its state folder, and lets
// a second start, or the console, reach it.
package instance

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
)

// ErrRunning: another agent owns this state folder.
var ErrRunning = errors.New("another agent is running")

// Hello is the one line with which a caller opens the agent's socket.
type Hello struct {
	// Act is "raise" (bring the window forward), or "attach": what follows is
	// ui/link's protocol, with a terminal in the window's place.
	Act string `json:"act"`
}

const maxHello = 4 << 10

// ReadHello reads a caller's greeting, at most 4 KiB.
func ReadHello(r *bufio.Reader) (Hello, error) {
	line, err := r.ReadSlice('\n')
	if err != nil || len(line) > maxHello {
		return Hello{}, errors.New("no greeting")
	}
	var h Hello
	return h, json.Unmarshal(line, &h)
}

// WriteHello sends the greeting.
func WriteHello(w io.Writer, h Hello) error {
	line, err := json.Marshal(h)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// name is one name per state folder, for sockets and locks: paths
// may be longer than a socket's name can be.
func name(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	sum := sha256.Sum256([]byte(dir))
	return "clinicpro-images-" + hex.EncodeToString(sum[:6])
}
