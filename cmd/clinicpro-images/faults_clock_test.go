//go:build linux

package main_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shiftClock moves the wall clock of one process, and of no other: programs
// ask the kernel's vDSO for the time, a page of code that every process has a
// copy of, and this rewrites the answer in that copy. by counts from the true
// time, whatever was set before.
func shiftClock(t testing.TB, pid int, by time.Duration) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Fatal("this test writes amd64 instructions")
	}
	base, image := vdso(t, pid)
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	symbols, err := file.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	seconds := make([]byte, 4)
	binary.LittleEndian.PutUint32(seconds, uint32(int32(by/time.Second)))
	// The system call itself, then the seconds of what it wrote moved.
	code := map[string][]byte{
		"__vdso_clock_gettime": append(append([]byte{
			0xb8, 228, 0, 0, 0, // mov eax, clock_gettime
			0x0f, 0x05, // syscall
			0x85, 0xff, // test edi, edi: CLOCK_REALTIME is 0
			0x75, 0x07, // jnz past the addition
			0x48, 0x81, 0x06}, seconds...), // add qword [rsi], seconds
			0xc3), // ret
		"__vdso_gettimeofday": append(append([]byte{
			0xb8, 96, 0, 0, 0, // mov eax, gettimeofday
			0x0f, 0x05, // syscall
			0x48, 0x81, 0x07}, seconds...), // add qword [rdi], seconds
			0xc3),
		"__vdso_time": append(append([]byte{
			0xb8, 201, 0, 0, 0, // mov eax, time
			0x31, 0xff, // xor edi, edi
			0x0f, 0x05, // syscall
			0x48, 0x05}, seconds...), // add rax, seconds
			0xc3),
	}
	syscallStop(t, pid, func() {
		mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer mem.Close()
		written := 0
		for _, s := range symbols {
			if text := code[s.Name]; text != nil {
				if _, err := mem.WriteAt(text, int64(base+s.Value)); err != nil {
					t.Fatalf("the clock cannot be moved: %v", err)
				}
				written++
			}
		}
		if written != len(code) {
			t.Fatalf("the vDSO has only %d of the clocks", written)
		}
	}, base, base+uint64(len(image)))
}

// vdso finds and reads a process's copy. A program that has only just been
// started has none yet: the kernel tells the parent that the new program runs
// before it has laid out all of its memory.
func vdso(t testing.TB, pid int) (base uint64, image []byte) {
	t.Helper()
	var end uint64
	eventually(t, 5*time.Second, func() bool {
		maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(maps)) {
			if strings.HasSuffix(strings.TrimSpace(line), "[vdso]") {
				_, err := fmt.Sscanf(line, "%x-%x", &base, &end)
				return err == nil
			}
		}
		return false
	}, func() string { return "the process has no vDSO" })
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	image = make([]byte, end-base)
	if _, err := mem.ReadAt(image, int64(base)); err != nil {
		t.Fatal(err)
	}
	return base, image
}

// syscallStop stops a process while do runs, with no thread between from and to.
func syscallStop(t testing.TB, pid int, do func(), from, to uint64) {
	t.Helper()
	was := stopped(pid)
	defer func() {
		if !was {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
	}()
	for range 100 {
		_ = syscall.Kill(pid, syscall.SIGSTOP)
		eventually(t, 5*time.Second, func() bool { return stopped(pid) }, func() string { return "it does not stop" })
		if !inside(pid, from, to) {
			do()
			return
		}
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}
	t.Fatal("it never leaves the vDSO")
}

// stopped reports that every thread has the state T.
func stopped(pid int) bool {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, task := range tasks {
		raw, err := os.ReadFile(task)
		if i := bytes.LastIndexByte(raw, ')'); err == nil && (i < 0 || len(raw) < i+3 || raw[i+2] != 'T') {
			return false
		}
	}
	return len(tasks) > 0
}

// inside reports that a thread stands between from and to.
func inside(pid int, from, to uint64) bool {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", pid))
	for _, task := range tasks {
		raw, err := os.ReadFile(task)
		fields := strings.Fields(string(raw))
		if err != nil || len(fields) == 0 {
			continue
		}
		pc, err := strconv.ParseUint(strings.TrimPrefix(fields[len(fields)-1], "0x"), 16, 64)
		if err == nil && pc >= from && pc < to {
			return true
		}
	}
	return false
}
