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
	// Act is ActRaise, ActLaunch, ActPatient or ActAttach.
	Act string `json:"act"`
	// Context and Signature are ActLaunch's: app.Launch's two values.
	Context   string `json:"context,omitempty"`
	Signature string `json:"signature,omitempty"`
	// Patient is ActPatient's.
	Patient *Patient `json:"patient,omitempty"`
}

// What a caller wants.
const (
	ActRaise   = "raise"   // bring the window forward
	ActLaunch  = "launch"  // a record system's button was pressed
	ActPatient = "patient" // another system hands a patient over; the GP has to confirm
	ActAttach  = "attach"  // what follows is ui/link's protocol, with a terminal in the window's place
)

// Patient is one handed over by another system, unchecked and in the clear:
// the socket is the user's own, and nothing of it is kept.
type Patient struct {
	Name      string `json:"name"`
	NHI       string `json:"nhi"`
	BirthDate string `json:"birthDate"` // 2006-01-02
}

// maxHello bounds a greeting, in bytes: a launch's two values and room.
const maxHello = 8 << 10

// HelloReader is a reader that a greeting of any allowed length fits into.
func HelloReader(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, maxHello) }

// ReadHello reads a caller's greeting, at most 8 KiB, from a HelloReader.
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
