// Package clipboard puts a patient's picture, or a session's link, on the
// clipboard so that nobody keeps it: on Windows out of the clipboard's history,
// the cloud and whatever watches the clipboard, and off it again after a while.
//
// Only Windows has it: elsewhere a picture can be saved or dragged instead, and
// every function returns errors.ErrUnsupported.
package clipboard

import (
	"errors"
	"image"
	"sync"
	"time"
)

// KeepFor is how long a picture stays on the clipboard.
const KeepFor = 2 * time.Minute

// ErrBusy: another program has had the clipboard open for too long.
var ErrBusy = errors.New("another program is using the clipboard")

// CopyImage puts img on the clipboard, and jpeg (may be nil) beside it for
// programs that take the file as it is. It is gone after KeepFor, or at Forget,
// unless somebody has copied something else since. Any goroutine may call it.
func CopyImage(img image.Image, jpeg []byte) error {
	mine, err := putImage(img, jpeg)
	if err != nil {
		return err
	}
	kept.Lock()
	defer kept.Unlock()
	if kept.timer != nil {
		kept.timer.Stop()
	}
	kept.mine = mine
	kept.timer = time.AfterFunc(KeepFor, func() { clear(mine) })
	return nil
}

// Forget takes the picture off the clipboard now, if it is still there: before
// the program ends, or the workstation is locked.
func Forget() {
	kept.Lock()
	mine := kept.mine
	kept.mine = 0
	if kept.timer != nil {
		kept.timer.Stop()
	}
	kept.Unlock()
	if mine != 0 {
		clear(mine)
	}
}

// kept is what CopyImage has put there: the system's count of changes just
// after it; 0 is none.
var kept struct {
	sync.Mutex
	mine  uint32
	timer *time.Timer
}
