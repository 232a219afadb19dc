// Package link is the pipe between the agent and the process that shows its
// windows: snapshots and pixels one way, what the GP did the other way.
//
// Frames are a four-byte length, one byte that says what it is, and the body;
// each kind has its own bound, checked before anything is read. The first
// frame each way is the build id. The pipe is the only place where patient
// values lie in the clear as JSON: app's own types are sealed and refuse to be
// marshalled, so the types here hold plain strings. They exist between the two
// ends of this pipe and are never written, logged or kept.
package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/clinicpro-nz/images/app"
)

type frameKind byte

const (
	frameBuild    frameKind = 'B'
	frameSnapshot frameKind = 'S'
	framePixels   frameKind = 'P'
	frameRaise    frameKind = 'R'
	frameHelp     frameKind = 'H'
	frameQuit     frameKind = 'Q'
	frameInput    frameKind = 'I'
)

// bound is the longest body of a kind in bytes, and false for a kind that
// does not exist.
func (k frameKind) bound() (int, bool) {
	switch k {
	case frameBuild:
		return 256, true
	case frameSnapshot:
		return 1 << 20, true
	case framePixels:
		return 40 << 20, true // a 4K screen of RGBA, and room
	case frameRaise, frameHelp, frameQuit:
		return 0, true
	case frameInput:
		return 64 << 10, true
	}
	return 0, false
}

var errFrame = errors.New("not a frame of this pipe")

// writeFrame writes one frame with a single Write, so that frames of two
// writers could never interleave inside one.
func writeFrame(w io.Writer, kind frameKind, body []byte) error {
	if limit, known := kind.bound(); !known || len(body) > limit {
		return app.E("write to the window", app.KindTooLarge, fmt.Errorf("%d bytes of %q", len(body), string(kind)))
	}
	buf := make([]byte, 0, 5+len(body))
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(body)))
	buf = append(buf, byte(kind))
	buf = append(buf, body...)
	if _, err := w.Write(buf); err != nil {
		return app.E("write to the pipe", app.KindOffline, err)
	}
	return nil
}

// readFrame returns the next frame. io.EOF, bare, is the other end leaving
// between frames; a frame cut short or malformed is KindCorrupt.
func readFrame(r io.Reader) (frameKind, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return 0, nil, io.EOF
		}
		return 0, nil, app.E("read from the pipe", app.KindCorrupt, err)
	}
	kind, size := frameKind(head[4]), binary.BigEndian.Uint32(head[:4])
	limit, known := kind.bound()
	if !known || uint64(size) > uint64(limit) {
		return 0, nil, app.E("read from the pipe", app.KindCorrupt, errFrame)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return 0, nil, app.E("read from the pipe", app.KindCorrupt, err)
	}
	return kind, body, nil
}

// BuildMismatch is the error of either end when the other was built from
// something else: the agent replaces itself, or starts the window that
// belongs to it. It is wrapped in a KindConflict error.
type BuildMismatch struct{ Ours, Theirs string }

func (e *BuildMismatch) Error() string {
	return fmt.Sprintf("built as %q, other end as %q", e.Ours, e.Theirs)
}

// greet swaps build ids. Writing does not wait for reading: both ends may
// speak first.
func greet(r io.Reader, w io.Writer, build string) error {
	wrote := make(chan error, 1)
	go func() { wrote <- writeFrame(w, frameBuild, []byte(build)) }()
	kind, body, err := readFrame(r)
	if err != nil {
		return app.E("greet the other end", app.KindOffline, err)
	}
	if kind != frameBuild {
		return app.E("greet the other end", app.KindCorrupt, errFrame)
	}
	wroteErr := <-wrote // also before a refusal: the other end is to learn why
	if theirs := string(body); theirs != build {
		return app.E("greet the other end", app.KindConflict, &BuildMismatch{Ours: build, Theirs: theirs})
	}
	return wroteErr
}
