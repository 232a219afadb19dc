//go:build linux

package main_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
	"golang.org/x/sys/unix"

	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/app/picture"
	"github.com/clinicpro-nz/images/ui/link"
)

const (
	benchImages   = 20
	thumbBound    = 150 * time.Millisecond
	inputBound    = 100 * time.Millisecond
	windowBound   = 250 // MB resident
	agentBound    = 150
	restBound     = 50
	restAfterward = 75 * time.Second // a minute later, and what it takes to look
)

// screen is the display's own memory: Xvfb keeps it in a file, so that a
// pixel is seen the moment it is drawn, and looking costs nothing.
type screen struct {
	pixels        []byte
	width, stride int
	height        int
}

// look opens the desk's screen (the X Window Dump format, XWDFile.h).
func (d *desk) look() *screen {
	d.t.Helper()
	f, err := os.Open(filepath.Join(d.frame, "Xvfb_screen0"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		d.t.Fatal(err)
	}
	raw, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = unix.Munmap(raw) })
	field := func(n int) int { return int(binary.BigEndian.Uint32(raw[4*n:])) }
	header, colors := field(0), field(19)
	return &screen{pixels: raw[header+12*colors:], width: field(4), height: field(5), stride: field(12)}
}

// at is a pixel's red, green and blue.
func (s *screen) at(x, y int) (r, g, b int) {
	p := s.pixels[y*s.stride+4*x:]
	return int(p[2]), int(p[1]), int(p[0])
}

// skin counts the points of a grid that have a synthetic photo's colour.
func (s *screen) skin() (n int) {
	for y := 0; y < s.height; y += 12 {
		for x := 0; x < s.width; x += 12 {
			if r, g, b := s.at(x, y); r > b+25 && r > g+10 && g+10 > b {
				n++
			}
		}
	}
	return n
}

// print is the screen in short: it changes with what is drawn.
func (s *screen) print() uint64 {
	h := uint64(14695981039346656037)
	for y := 0; y < s.height; y += 3 {
		for x := y % 7; x < s.width; x += 7 {
			p := s.pixels[y*s.stride+4*x:]
			h = (h ^ uint64(p[0]) ^ uint64(p[1])<<8 ^ uint64(p[2])<<16) * 1099511628211
		}
	}
	return h
}

// still waits until what came before is drawn, or what comes next would be
// taken for it.
func (s *screen) still() {
	last, since := s.print(), time.Now()
	until(5*time.Second, func() bool {
		if now := s.print(); now != last {
			last, since = now, time.Now()
		}
		return time.Since(since) > 300*time.Millisecond
	})
}

// until waits for something on the screen; false when it does not come.
func until(within time.Duration, ok func() bool) bool {
	for end := time.Now().Add(within); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// benchPhoto is a 12-megapixel JPEG of skin with grain, of about a megabyte,
// as the page sends one.
func benchPhoto(seed uint64) []byte {
	const w, h = 4000, 3000
	img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	rnd := rand.New(rand.NewPCG(seed, 7))
	for y := range h {
		row := img.Y[y*img.YStride:][:w]
		for x := range row {
			row[x] = uint8(150+x*30/w+y*20/h) + uint8(rnd.Uint32()&7)
		}
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = 108, 152
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, &jpeg.Options{Quality: 82}) // to memory: cannot fail
	return b.Bytes()
}

// resident is a process's resident size now, in MB (a million bytes).
func resident(t testing.TB, pid int) int {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var kib int
			_, _ = fmt.Sscan(rest, &kib)
			return kib * 1024 / 1_000_000
		}
	}
	return 0
}

// worked is the processor time that a process has used. It says what an act
// costs, whatever else the machine does.
func worked(t testing.TB, pid int) time.Duration {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	var user, system int64 // in ticks of a hundredth of a second (proc(5), utime and stime)
	_, _ = fmt.Sscan(fields[11], &user)
	_, _ = fmt.Sscan(fields[12], &system)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// figures are printed beside their bounds.
type figures struct {
	b   *testing.B
	out strings.Builder
}

func (f *figures) line(what, value string, met bool) {
	verdict := ""
	if !met {
		verdict = "   MISSED"
		f.b.Fail()
	}
	fmt.Fprintf(&f.out, "  %-66s %s%s\n", what, value, verdict)
}

func median(took []time.Duration) time.Duration {
	took = slices.Sorted(slices.Values(took))
	return took[len(took)/2]
}

// BenchmarkWindow is the GP's window with twenty images of 12 megapixels: the
// built programs, a real window on Xvfb, driven by xdotool, a phone in Go.
func BenchmarkWindow(b *testing.B) {
	d := newDesk(b, true)
	w := newWorkstation(d, "-local", "-listen", apptest.FreeAddr(b), "-sink", d.sink, "-practice-name", "Kauri Test Practice")
	w.start()
	d.ready()
	d.window()
	_, address := w.session()
	c := newCamera(b, address, 1, nil)
	screen := d.look()
	f := &figures{b: b}
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Fprintf(&f.out, "the window: %d images of 12 megapixels, Xvfb, OpenGL in software; load before it %s\n", benchImages, strings.Join(strings.Fields(string(load))[:1], " "))
	w.see(time.Minute, "the phone", func(s link.Snapshot) bool { return s.Phase == link.PhasePaired }, nil)
	time.Sleep(2 * time.Second)

	photo := benchPhoto(1)
	decode, scale := decodeTimes(b, photo)
	agent, _ := w.process()
	window := windowProcess(d)
	var whole, told []time.Duration
	agentWorked, windowWorked := worked(b, agent), worked(b, window)
	for i := range benchImages {
		screen.still()
		before, files := screen.skin(), landedFiles(d)
		im, err := c.phone.Seal(benchPhoto(uint64(i+1)), time.Now())
		if err != nil {
			b.Fatal(err)
		}
		c.queue.Add(im)
		if !until(30*time.Second, func() bool { return landedFiles(d) > files }) {
			b.Fatal("the image did not land")
		}
		durable := time.Now()
		known := make(chan time.Duration, 1)
		go func() {
			w.see(30*time.Second, "the thumbnail", func(s link.Snapshot) bool {
				return slices.ContainsFunc(s.Images, func(v link.Image) bool { return v.ID == string(im.ID) && v.Thumb != "" })
			}, nil)
			known <- time.Since(durable)
		}()
		if i < 6 { // more do not fit on the screen without scrolling
			if !until(30*time.Second, func() bool { return screen.skin() > before+80 }) {
				d.screenshot(filepath.Join(artefacts(b), "bench-no-thumbnail.png"))
				b.Fatalf("the thumbnail of image %d is not drawn", i+1)
			}
			whole = append(whole, time.Since(durable))
		}
		took := <-known
		if i < 6 {
			told = append(told, took)
		}
		if i == 5 {
			agentWorked, windowWorked = worked(b, agent)-agentWorked, worked(b, window)-windowWorked
		}
	}
	f.line("thumbnail on the screen after the image is durable, of 6",
		fmt.Sprintf("median %d ms, worst %d ms; bound %d ms", median(whole).Milliseconds(), slices.Max(whole).Milliseconds(), thumbBound.Milliseconds()), median(whole) <= thumbBound)
	pipe := pipeTime(b)
	fmt.Fprintf(&f.out, "    of that: until the agent names it %d ms (the whole decode alone %d ms, the thumbnail made as it is %d ms), the pipe %.1f ms, the window %d ms\n",
		median(told).Milliseconds(), decode.Milliseconds(), scale.Milliseconds(), float64(pipe.Microseconds())/1000, max(0, median(whole)-median(told)).Milliseconds())
	fmt.Fprintf(&f.out, "    processor time for each of them, all told: agent %d ms (two decodes, the second after it is seen), window %d ms (every frame it drew meanwhile)\n",
		agentWorked.Milliseconds()/6, windowWorked.Milliseconds()/6)
	f.line(fmt.Sprintf("window with %d images", benchImages), fmt.Sprintf("%d MB; bound %d MB", resident(b, window), windowBound), resident(b, window) < windowBound)

	inputs(f, d, screen)
	f.line(fmt.Sprintf("window after scrolling, the review and zooming, %d images", benchImages), fmt.Sprintf("%d MB; bound %d MB", resident(b, window), windowBound), resident(b, window) < windowBound)
	f.line("agent, at its largest", fmt.Sprintf("%d MB; bound %d MB", w.peak()*1_048_576/1_000_000, agentBound), w.peak()*1_048_576/1_000_000 < agentBound)
	time.Sleep(restAfterward)
	f.line("agent a minute later", fmt.Sprintf("%d MB; bound %d MB", resident(b, agent), restBound), resident(b, agent) < restBound)
	fmt.Print(f.out.String())
}

// fingers are keyboard and mouse, through the X server's own test extension: an act
// is there the moment it is asked for.
type fingers struct {
	b    *testing.B
	conn *xgb.Conn
	root xproto.Window
	keys map[xproto.Keysym]byte
}

// Keysyms that the bench presses (X11/keysymdef.h).
const (
	keyReturn xproto.Keysym = 0xff0d
	keyLeft   xproto.Keysym = 0xff51
	keyRight  xproto.Keysym = 0xff53
	keySpace  xproto.Keysym = 0x20
	keyC      xproto.Keysym = 0x63
)

// The wheel's two directions, as buttons of the X protocol.
const (
	wheelUp   = 4
	wheelDown = 5
)

func (d *desk) fingers(b *testing.B) *fingers {
	b.Helper()
	xgb.Logger.SetOutput(io.Discard) // it misses a cookie file, which Xvfb does not ask for
	conn, err := xgb.NewConnDisplay(d.variable("DISPLAY"))
	if err == nil {
		err = xtest.Init(conn)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(conn.Close)
	setup := xproto.Setup(conn)
	least, most := setup.MinKeycode, setup.MaxKeycode
	table, err := xproto.GetKeyboardMapping(conn, least, byte(most-least)+1).Reply()
	if err != nil {
		b.Fatal(err)
	}
	h := &fingers{b, conn, setup.DefaultScreen(conn).Root, map[xproto.Keysym]byte{}}
	for i := 0; i < len(table.Keysyms); i += int(table.KeysymsPerKeycode) {
		h.keys[table.Keysyms[i]] = byte(int(least) + i/int(table.KeysymsPerKeycode))
	}
	return h
}

func (h *fingers) fake(kind, detail byte, x, y int16) {
	h.b.Helper()
	if err := xtest.FakeInputChecked(h.conn, kind, detail, 0, h.root, x, y, 0).Check(); err != nil {
		h.b.Fatal(err)
	}
}

func (h *fingers) key(sym xproto.Keysym) {
	h.b.Helper()
	h.fake(xproto.KeyPress, h.keys[sym], 0, 0)
	h.fake(xproto.KeyRelease, h.keys[sym], 0, 0)
}

func (h *fingers) wheel(way byte) {
	h.b.Helper()
	h.fake(xproto.ButtonPress, way, 0, 0)
	h.fake(xproto.ButtonRelease, way, 0, 0)
}

// inputs measures how long a key or a turn of the wheel takes to change the
// screen: the gallery scrolled, the review zoomed and moved, beside the floor
// of a key that changes next to nothing.
func inputs(f *figures, d *desk, screen *screen) {
	h := d.fingers(f.b)
	h.fake(xproto.MotionNotify, 0, 540, 450)
	window := windowProcess(d)
	cost := map[string]time.Duration{}
	measure := func(what string, times int, act func(i int)) (took []time.Duration) {
		start := worked(f.b, window)
		for i := range times {
			time.Sleep(200 * time.Millisecond) // what the act before it brought is drawn
			before := screen.print()
			began := time.Now()
			act(i)
			if !until(2*time.Second, func() bool { return screen.print() != before }) {
				f.b.Fatalf("%s, the %dth time: nothing changes on the screen", what, i+1)
			}
			took = append(took, time.Since(began))
		}
		cost[what] = (worked(f.b, window) - start) / time.Duration(times)
		return took
	}
	// towards goes n times one way, then n times the other, and so on.
	towards := func(i, n int) bool { return i/n%2 == 0 }
	names := []string{"scrolling the gallery", "going to the next photo", "zooming with the wheel", "moving within an enlarged photo"}
	took := map[string][]time.Duration{}
	took[names[0]] = measure(names[0], 30, func(i int) { h.wheel(map[bool]byte{true: wheelDown, false: wheelUp}[towards(i, 5)]) })
	h.key(keyReturn)
	time.Sleep(1500 * time.Millisecond)
	took[names[1]] = measure(names[1], 10, func(int) { h.key(keyRight) })
	time.Sleep(time.Second)
	took[names[2]] = measure(names[2], 30, func(i int) { h.wheel(map[bool]byte{true: wheelUp, false: wheelDown}[towards(i, 3)]) })
	time.Sleep(time.Second)
	h.key(keySpace)
	time.Sleep(time.Second)
	took[names[3]] = measure(names[3], 20, func(i int) { h.key(map[bool]xproto.Keysym{true: keyRight, false: keyLeft}[towards(i, 2)]) })
	floor := measure("floor", 10, func(int) { h.key(keyC) }) // a tool in the hand, out of the hand
	for _, name := range names {
		worst := slices.Max(took[name])
		f.line(name+", an act to its first change on the screen", fmt.Sprintf("median %d ms, worst %d ms of %d; bound %d ms; floor (a key that redraws) %d ms; processor time %d ms, floor %d ms",
			median(took[name]).Milliseconds(), worst.Milliseconds(), len(took[name]), inputBound.Milliseconds(), median(floor).Milliseconds(), cost[name].Milliseconds(), cost["floor"].Milliseconds()), worst <= inputBound)
	}
}

// landedFiles counts the sealed images on the disk.
func landedFiles(d *desk) (n int) {
	found, _ := filepath.Glob(filepath.Join(d.data, "spool", "*", "*.age"))
	more, _ := filepath.Glob(filepath.Join(d.data, "spool", "*", "*", "*.age"))
	return len(found) + len(more)
}

// decodeTimes are those of a whole decode, and of the thumbnail as the agent
// makes it.
func decodeTimes(b *testing.B, photo []byte) (decode, thumbnail time.Duration) {
	decoder := picture.NewDecoder()
	var whole, thumb []time.Duration
	for range 5 {
		began := time.Now()
		if _, err := decoder.Decode(b.Context(), photo); err != nil {
			b.Fatal(err)
		}
		whole = append(whole, time.Since(began))
		began = time.Now()
		if _, err := decoder.Thumbnail(b.Context(), photo, 480); err != nil {
			b.Fatal(err)
		}
		thumb = append(thumb, time.Since(began))
	}
	return median(whole), median(thumb)
}

// pipeTime is that of a thumbnail through a pipe of the pair's kind.
func pipeTime(b *testing.B) time.Duration {
	ar, ww, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	wr, aw, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	agent, window := link.NewAgent("b"), link.NewWindow("b")
	got := make(chan struct{}, 99)
	go func() { _ = agent.Serve(b.Context(), ar, aw, func(link.Input) {}) }()
	go func() {
		_ = window.Run(b.Context(), wr, ww, link.Hear{Show: func(link.Snapshot) {}, Raise: func() {}, Pixels: func(link.Pixels) { got <- struct{}{} }})
	}()
	img := image.NewNRGBA(image.Rect(0, 0, 480, 360))
	var took []time.Duration
	for i := range 9 {
		began := time.Now()
		agent.Send(link.PixelsOf(fmt.Sprint(i), img))
		<-got
		took = append(took, time.Since(began))
	}
	agent.Quit()
	return median(took)
}
