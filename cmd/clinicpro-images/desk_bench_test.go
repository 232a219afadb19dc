//go:build linux

package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/ui/instance"
	"github.com/clinicpro-nz/images/ui/link"
)

// eye looks at a desk's screen, as fast as the X server answers.
type eye struct {
	b    *testing.B
	conn *xgb.Conn
	root xproto.Drawable
}

func (d *desk) eye(b *testing.B) *eye {
	b.Helper()
	conn, err := xgb.NewConnDisplay(d.variable("DISPLAY"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(conn.Close)
	return &eye{b, conn, xproto.Drawable(xproto.Setup(conn).DefaultScreen(conn).Root)}
}

// area is a part of the screen, in pixels.
type area struct {
	x, y          int16
	width, height uint16
}

func (e *eye) look(a area) []byte {
	e.b.Helper()
	shot, err := xproto.GetImage(e.conn, xproto.ImageFormatZPixmap, e.root, a.x, a.y, a.width, a.height, ^uint32(0)).Reply()
	if err != nil {
		e.b.Fatal(err)
	}
	return shot.Data
}

// until looks at an area until it is as wanted, and returns the moment.
func (e *eye) until(what string, a area, ok func(pixels []byte) bool) time.Time {
	e.b.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		if ok(e.look(a)) {
			return time.Now()
		}
		if time.Now().After(deadline) {
			e.b.Fatalf("never seen: %s", what)
		}
	}
}

// The parts of the desk's screen of 1280 by 900 that the window of 1080 by 780
// in its middle shows: an inner part, the patient's name (as many pixels, since
// looking costs the X server as well), and the middle of the code's frame.
var (
	inner   = area{300, 300, 64, 64}
	card    = area{130, 100, 164, 25}
	frame   = area{330, 400, 160, 160}
	corner  = area{272, 272, 54, 54} // the code's finder pattern, the same in every code of one size
	benchOf = 21                     // times each is measured; the median counts
)

// secondStart brings the window forward, as another start of the program does.
func (d *desk) secondStart(b *testing.B) {
	b.Helper()
	conn, err := instance.Dial(d.data)
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(instance.WriteHello(conn, instance.Hello{Act: instance.ActRaise}), conn.Close()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkDeskOpen measures from "New session" to the named patient card with
// the code's frame in a window that was not there, beside the first paint of
// an empty Fyne window in the same run, one after the other; and to the code.
func BenchmarkDeskOpen(b *testing.B) {
	d := newDesk(b, true)
	b.Setenv("XDG_RUNTIME_DIR", d.variable("XDG_RUNTIME_DIR"))
	empty := filepath.Join(d.bin, "empty") // made beside the window, with the same flags
	d.startAgent(apptest.FreeAddr(b), "-hidden")
	d.ready()
	xgb.Logger.SetOutput(io.Discard) // it misses a cookie file, which Xvfb does not ask for
	at := d.attach()
	e := d.eye(b)
	var floor, named, coded, trips []time.Duration
	var last map[string][]byte
	patients := []link.Patient{{Name: patientName, NHI: patientNHI, BirthDate: "1979-05-17"}, {Name: "Wiremu Testcase", NHI: "ZZZ0024", BirthDate: "1975-04-03"}}
	open := func(n int) {
		blank := e.look(inner)
		began := time.Now()
		at.do(link.Input{Kind: link.InputNewSession, Patient: patients[n%2]})
		d.secondStart(b)
		key := fmt.Sprint("named", n%2)
		if want, known := last[key]; known {
			named = append(named, e.until("the patient", card, func(p []byte) bool { return bytes.Equal(p, want) }).Sub(began))
			if bytes.Equal(e.look(frame), make([]byte, len(e.look(frame)))) {
				b.Fatal("no frame beside the patient")
			}
			coded = append(coded, e.until("the code", corner, func(p []byte) bool { return bytes.Equal(p, last[key+"'s code"]) }).Sub(began))
		} else {
			e.until("a window", inner, func(p []byte) bool { return !bytes.Equal(p, blank) })
			d.scan()
			d.settle()
			last[key], last[key+"'s code"] = e.look(card), e.look(corner)
		}
		window := d.process(windowProgram)
		d.window() // the window manager has given it the focus
		d.xdotool("key", "--clearmodifiers", "alt+F4")
		eventually(b, 20*time.Second, func() bool { return syscall.Kill(window, 0) != nil && bytes.Equal(e.look(inner), blank) },
			func() string { return "the window does not close" })
	}
	last = map[string][]byte{}
	open(0)
	open(1)
	for n := range benchOf {
		blank := e.look(inner)
		began := time.Now()
		cmd := d.command(empty)
		exited := start(b, cmd, filepath.Join(d.scratch, "empty.log"))
		floor = append(floor, e.until("the empty window", inner, func(p []byte) bool { return !bytes.Equal(p, blank) }).Sub(began))
		_ = cmd.Process.Kill()
		<-exited
		eventually(b, 20*time.Second, func() bool { return bytes.Equal(e.look(inner), blank) }, func() string { return "the empty window stays" })
		open(n)
		trips = append(trips, d.redisTrip(b))
	}
	// Each is held against the empty window just before it: the machine's pace
	// changes within a run.
	beside := make([]float64, benchOf)
	for n := range beside {
		beside[n] = float64(named[n]) / float64(floor[n])
	}
	slices.Sort(beside)
	ratio := beside[benchOf/2]
	fmt.Printf("%-58s %5.2f x (%.2f to %.2f in %d pairs; %.0f ms beside %.0f ms)   bound 1.3 x\n", "New session to the named card with the code's frame",
		ratio, beside[0], beside[benchOf-1], benchOf, millis(median(named)), millis(median(floor)))
	fmt.Printf("%-58s %5.0f ms (of it Redis: one command, a round trip is %.2f ms)\n", "New session to the code", millis(median(coded)), millis(median(trips)))
	if ratio > 1.3 {
		b.Errorf("%.2f times an empty window's first paint", ratio)
	}
	b.ReportMetric(ratio, "x-empty")
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// redisTrip is one round trip to the local cloud's Redis.
func (d *desk) redisTrip(b *testing.B) time.Duration {
	b.Helper()
	at, err := url.Parse(d.ready().Redis)
	if err != nil {
		b.Fatal(err)
	}
	conn, err := net.Dial("tcp", at.Host)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	password, _ := at.User.Password()
	ask := func(words ...string) time.Duration {
		command := fmt.Sprintf("*%d\r\n", len(words))
		for _, w := range words {
			command += fmt.Sprintf("$%d\r\n%s\r\n", len(w), w)
		}
		began := time.Now()
		if _, err := conn.Write([]byte(command)); err != nil {
			b.Fatal(err)
		}
		if line, err := r.ReadString('\n'); err != nil || line[0] != '+' {
			b.Fatalf("Redis answered %q, %v", line, err)
		}
		return time.Since(began)
	}
	sign := []string{"AUTH", at.User.Username(), password}
	if at.User.Username() == "" {
		sign = []string{"AUTH", password}
	}
	ask(sign...)
	ask("PING")
	return ask("PING")
}

// BenchmarkDeskIdle measures the agent that has nothing to do, and what a
// window leaves behind.
func BenchmarkDeskIdle(b *testing.B) {
	d := newDesk(b, true)
	b.Setenv("XDG_RUNTIME_DIR", d.variable("XDG_RUNTIME_DIR"))
	d.startAgent(apptest.FreeAddr(b), "-hidden")
	d.ready()
	p := d.panel()
	eventually(b, 30*time.Second, func() bool { return p.object() != nil }, func() string { return "no icon" })
	agent := d.agent()
	time.Sleep(20 * time.Second) // its start is over
	const watched = time.Minute
	before := cpu(b, agent)
	time.Sleep(watched)
	used := cpu(b, agent) - before
	mb := resident(b, agent)
	fmt.Printf("%-58s %5d MB   bound 40 MB\n", "agent idle, resident", mb)
	fmt.Printf("%-58s %5.1f ms   bound 10 ms\n", "agent idle, processor time a minute", millis(used))
	open := connections(b, agent)
	fmt.Printf("%-58s %5d      bound 0\n", "agent idle, network connections", open)
	if mb > 40 || used > 10*time.Millisecond || open > 0 {
		b.Errorf("idle: %d MB, %v, %d connections", mb, used, open)
	}

	d.secondStart(b)
	d.window()
	d.settle()
	window := d.process(windowProgram)
	held := resident(b, window)
	began := time.Now()
	d.xdotool("key", "--clearmodifiers", "alt+F4")
	eventually(b, 20*time.Second, func() bool { return syscall.Kill(window, 0) != nil }, func() string { return "the window stays" })
	gone := time.Since(began)
	fmt.Printf("%-58s %5.2f s (%d MB given back)   bound 1 s\n", "the window's memory, gone after it closes", gone.Seconds(), held)
	if gone > time.Second {
		b.Errorf("the window's process stayed for %v", gone)
	}
	b.ReportMetric(float64(mb), "MB")
}

// cpu is the processor time of a process, of all its threads that live.
func cpu(b *testing.B, pid int) time.Duration {
	b.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(tasks) == 0 {
		b.Fatalf("process %d: %v", pid, err)
	}
	var total time.Duration
	for _, t := range tasks {
		raw, err := os.ReadFile(t)
		if err != nil {
			continue
		}
		ns, err := strconv.ParseInt(strings.Fields(string(raw))[0], 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		total += time.Duration(ns)
	}
	return total
}

// connections counts a process's TCP sockets, listening ones too.
func connections(b *testing.B, pid int) int {
	b.Helper()
	sockets := map[string]bool{}
	for _, table := range []string{"tcp", "tcp6"} {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if err != nil {
			b.Fatal(err)
		}
		for _, line := range strings.Split(string(raw), "\n")[1:] {
			if f := strings.Fields(line); len(f) > 9 {
				sockets["socket:["+f[9]+"]"] = true
			}
		}
	}
	n := 0
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		b.Fatal(err)
	}
	for _, fd := range fds {
		if target, err := os.Readlink(fd); err == nil && sockets[target] {
			n++
		}
	}
	return n
}
