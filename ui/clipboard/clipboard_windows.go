package clipboard

import (
	"encoding/binary"
	"image"
	"image/draw"
	"runtime"
	"time"
	"unicode/utf16"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	user32   = windows.NewLazySystemDLL("user32.dll")
	kernel32 = windows.NewLazySystemDLL("kernel32.dll")

	closeClipboard             = user32.NewProc("CloseClipboard")
	createWindowEx             = user32.NewProc("CreateWindowExW")
	destroyWindow              = user32.NewProc("DestroyWindow")
	emptyClipboard             = user32.NewProc("EmptyClipboard")
	getClipboardData           = user32.NewProc("GetClipboardData")
	getClipboardSequenceNumber = user32.NewProc("GetClipboardSequenceNumber")
	openClipboard              = user32.NewProc("OpenClipboard")
	registerClipboardFormat    = user32.NewProc("RegisterClipboardFormatW")
	setClipboardData           = user32.NewProc("SetClipboardData")

	globalAlloc   = kernel32.NewProc("GlobalAlloc")
	globalFree    = kernel32.NewProc("GlobalFree")
	globalLock    = kernel32.NewProc("GlobalLock")
	globalSize    = kernel32.NewProc("GlobalSize")
	globalUnlock  = kernel32.NewProc("GlobalUnlock")
	rtlMoveMemory = kernel32.NewProc("RtlMoveMemory")
)

const (
	formatDIB  = 8
	formatText = 13 // CF_UNICODETEXT
)

// keepOut are the formats by which a program asks Windows to keep what it
// copies out of other places: a "1" stands for presence, a 0 for no.
// (learn.microsoft.com, "Clipboard Formats": Cloud Clipboard and Clipboard
// History Formats.)
var keepOut = map[string]uint32{
	"ExcludeClipboardContentFromMonitorProcessing": 1,
	"CanIncludeInClipboardHistory":                 0,
	"CanUploadToCloudClipboard":                    0,
}

// TakesPictures: CopyImage works here.
const TakesPictures = true

type entry struct {
	format uintptr
	data   []byte
}

func putImage(img image.Image, jpeg []byte) (uint32, error) {
	entries := []entry{{formatDIB, dib(img)}}
	if len(jpeg) > 0 {
		entries = append(entries, entry{registered("JFIF"), jpeg})
	}
	return put(entries)
}

// SetText puts text on the clipboard, out of its history and the cloud too: it
// may be a session's link.
func SetText(text string) error {
	units := append(utf16.Encode([]rune(text)), 0)
	data := make([]byte, 0, 2*len(units))
	for _, u := range units {
		data = binary.LittleEndian.AppendUint16(data, u)
	}
	_, err := put([]entry{{formatText, data}})
	return err
}

// Text returns the text on the clipboard; "" when what is there is none.
func Text() (text string, err error) {
	err = open(func() error {
		handle, _, _ := getClipboardData.Call(formatText)
		if handle == 0 {
			return nil
		}
		size, _, _ := globalSize.Call(handle)
		from, _, _ := globalLock.Call(handle)
		if from == 0 || size < 2 {
			return nil
		}
		defer func() { _, _, _ = globalUnlock.Call(handle) }()
		units := make([]uint16, size/2)
		_, _, _ = rtlMoveMemory.Call(uintptr(unsafe.Pointer(&units[0])), from, size/2*2)
		text = windows.UTF16ToString(units)
		return nil
	})
	return text, err
}

// clear empties the clipboard, if nobody has changed it since it was mine.
func clear(mine uint32) {
	_ = open(func() error {
		if now, _, _ := getClipboardSequenceNumber.Call(); uint32(now) == mine {
			_, _, _ = emptyClipboard.Call()
		}
		return nil
	})
}

// put replaces what is on the clipboard and returns the count of changes after it.
func put(entries []entry) (mine uint32, err error) {
	for name, value := range keepOut {
		entries = append(entries, entry{registered(name), binary.LittleEndian.AppendUint32(nil, value)})
	}
	err = open(func() error {
		if done, _, err := emptyClipboard.Call(); done == 0 {
			return err
		}
		for _, e := range entries {
			if err := set(e); err != nil {
				_, _, _ = emptyClipboard.Call() // all of it or nothing: not without what keeps it out
				return err
			}
		}
		return nil
	})
	now, _, _ := getClipboardSequenceNumber.Call()
	return uint32(now), err
}

func set(e entry) error {
	const moveable = 2
	handle, _, err := globalAlloc.Call(moveable, uintptr(len(e.data)))
	if handle == 0 {
		return err
	}
	to, _, err := globalLock.Call(handle)
	if to == 0 {
		_, _, _ = globalFree.Call(handle)
		return err
	}
	_, _, _ = rtlMoveMemory.Call(to, uintptr(unsafe.Pointer(&e.data[0])), uintptr(len(e.data)))
	_, _, _ = globalUnlock.Call(handle)
	if done, _, err := setClipboardData.Call(e.format, handle); done == 0 { // else it is the clipboard's now
		_, _, _ = globalFree.Call(handle)
		return err
	}
	return nil
}

// open does f with the clipboard open, which one program at a time may have:
// it waits for others up to half a second.
//
// The clipboard wants a window for its owner. This one is gone again before
// anybody can wait for its answer; what was copied stays.
func open(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const messageOnly = ^uintptr(2)
	owner, _, err := createWindowEx.Call(0, uintptr(unsafe.Pointer(wide("STATIC"))), uintptr(unsafe.Pointer(wide(""))), 0, 0, 0, 0, 0, messageOnly, 0, 0, 0)
	if owner == 0 {
		return err
	}
	defer func() { _, _, _ = destroyWindow.Call(owner) }()
	for range 25 {
		if done, _, _ := openClipboard.Call(owner); done != 0 {
			defer func() { _, _, _ = closeClipboard.Call() }()
			return f()
		}
		time.Sleep(20 * time.Millisecond)
	}
	return ErrBusy
}

func registered(name string) uintptr {
	format, _, _ := registerClipboardFormat.Call(uintptr(unsafe.Pointer(wide(name))))
	return format
}

func wide(s string) *uint16 {
	p, err := windows.UTF16PtrFromString(s)
	if err != nil { // never: all are ours
		return new(uint16)
	}
	return p
}

// dib is a BITMAPINFOHEADER and the rows from the bottom up, 24 bits a pixel
// (wingdi.h): every Windows program takes that, and Windows makes the other
// forms of it.
func dib(img image.Image) []byte {
	flat := image.NewRGBA(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(flat, flat.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(flat, flat.Rect, img, img.Bounds().Min, draw.Over)
	w, h := flat.Rect.Dx(), flat.Rect.Dy()
	row := (3*w + 3) &^ 3
	const header = 40
	out := make([]byte, header, header+row*h)
	binary.LittleEndian.PutUint32(out, header)
	binary.LittleEndian.PutUint32(out[4:], uint32(w))
	binary.LittleEndian.PutUint32(out[8:], uint32(h))
	binary.LittleEndian.PutUint16(out[12:], 1)
	binary.LittleEndian.PutUint16(out[14:], 24)
	for y := h - 1; y >= 0; y-- {
		from := flat.Pix[y*flat.Stride:]
		for x := range w {
			out = append(out, from[4*x+2], from[4*x+1], from[4*x])
		}
		out = append(out, make([]byte, row-3*w)...)
	}
	return out
}
