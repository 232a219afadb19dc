package clipboard

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"testing"
	"unsafe"
)

// on returns what the clipboard has in a format; nil is nothing.
func on(t *testing.T, format uintptr) (data []byte) {
	t.Helper()
	if err := open(func() error {
		handle, _, _ := getClipboardData.Call(format)
		if handle == 0 {
			return nil
		}
		size, _, _ := globalSize.Call(handle)
		from, _, _ := globalLock.Call(handle)
		data = make([]byte, size)
		_, _, _ = rtlMoveMemory.Call(uintptr(unsafe.Pointer(&data[0])), from, size)
		_, _, _ = globalUnlock.Call(handle)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return data
}

func isKeptOut(t *testing.T) {
	t.Helper()
	for name, want := range keepOut {
		got := on(t, registered(name))
		if len(got) < 4 || binary.LittleEndian.Uint32(got) != want {
			t.Errorf("%s is %v, want %d", name, got, want)
		}
	}
}

func TestACopiedPictureIsKeptOutOfHistoryAndCloud(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 3, 2))
	img.Set(0, 0, color.RGBA{R: 200, G: 100, B: 50, A: 255})
	if err := CopyImage(img, []byte("the file")); err != nil {
		t.Fatal(err)
	}
	isKeptOut(t)
	dib := on(t, formatDIB)
	if len(dib) < 40+2*12 {
		t.Fatalf("the picture is %d bytes", len(dib))
	}
	if w, h := binary.LittleEndian.Uint32(dib[4:]), binary.LittleEndian.Uint32(dib[8:]); w != 3 || h != 2 {
		t.Errorf("the picture is %d by %d", w, h)
	}
	if top := dib[40+12 : 40+15]; !bytes.Equal(top, []byte{50, 100, 200}) { // the last row is the top one
		t.Errorf("its first pixel is %v", top)
	}
	if got := on(t, registered("JFIF")); !bytes.HasPrefix(got, []byte("the file")) {
		t.Errorf("the file is %q", got)
	}
	Forget()
	if got := on(t, formatDIB); got != nil {
		t.Errorf("after Forget %d bytes are left", len(got))
	}
}

func TestWhatSomebodyElseHasCopiedStays(t *testing.T) {
	if err := CopyImage(image.NewRGBA(image.Rect(0, 0, 1, 1)), nil); err != nil {
		t.Fatal(err)
	}
	if err := SetText("Ārohā 👍"); err != nil {
		t.Fatal(err)
	}
	isKeptOut(t)
	Forget()
	if got, err := Text(); err != nil || got != "Ārohā 👍" {
		t.Errorf("the text is %q, %v", got, err)
	}
}
