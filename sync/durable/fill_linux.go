package durable

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// block is what direct writes are whole multiples of, in memory and in the
	// file: the largest that Linux's file systems ask for on common disks.
	block = 4096
	// directFrom is the size from which a direct write is the cheaper one.
	directFrom = 16 * block
)

// fillDirect writes past the page cache. What is synced at once gains nothing
// from a copy in the cache, and making that copy is most of what a landing
// costs the processor. Where it cannot be done, f is empty again and the error
// ErrUnsupported.
func fillDirect(f *os.File, b []byte) error {
	if len(b) < directFrom || uintptr(unsafe.Pointer(unsafe.SliceData(b)))%block != 0 {
		return errors.ErrUnsupported
	}
	if setDirect(f, true) != nil {
		return errors.ErrUnsupported
	}
	whole := len(b) / block * block
	_, err := f.Write(b[:whole])
	if rest := b[whole:]; err == nil && len(rest) > 0 {
		last := alignedBlock()
		copy(last, rest)
		if _, err = f.Write(last); err == nil {
			err = f.Truncate(int64(len(b)))
		}
	}
	if err = errors.Join(err, setDirect(f, false)); err == nil {
		return nil
	}
	// A disk that is full in the middle of a block answers "invalid": the plain
	// way says what is wrong.
	if _, err := f.Seek(0, 0); err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	return errors.ErrUnsupported
}

// alignedBlock is one block of zeroes at a multiple of its size.
func alignedBlock() []byte {
	b := make([]byte, 2*block)
	skip := (block - int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))%block)) % block
	return b[skip : skip+block]
}

func setDirect(f *os.File, on bool) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
		if err == nil {
			flags &^= unix.O_DIRECT
			if on {
				flags |= unix.O_DIRECT
			}
			_, err = unix.FcntlInt(fd, unix.F_SETFL, flags)
		}
		failed = err
	})
	return errors.Join(err, failed)
}
