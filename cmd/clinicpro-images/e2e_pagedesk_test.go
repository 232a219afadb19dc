//go:build linux

package main_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/picture"
	"github.com/clinicpro-nz/images/ui/link"
)

// surgery is one cloud and one browser for many workstations and phones at a
// time. What befalls a phone's requests befalls no other's.
type surgery struct {
	scratch string
	cloud   *cloud
	browser string

	mu                sync.Mutex
	uploaded, fetched map[app.SessionID]bend // what befalls the objects of a session
}

func newSurgery(t *testing.T) *surgery {
	t.Helper()
	scratch, err := os.MkdirTemp("", "cps")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(scratch) })
	c := newCloud(t, filepath.Join(scratch, "cloud"))
	s := &surgery{scratch: scratch, cloud: c, browser: newBrowser(t, scratch),
		uploaded: map[app.SessionID]bend{}, fetched: map[app.SessionID]bend{}}
	c.uploaded.with(s.bySession(s.uploaded))
	c.fetched.with(s.bySession(s.fetched))
	return s
}

// bySession bends the requests for a session's objects as that session's test
// has asked for.
func (s *surgery) bySession(bends map[app.SessionID]bend) bend {
	return func(out http.ResponseWriter, in *http.Request, pass http.Handler) {
		s.mu.Lock()
		var b bend
		if parts := strings.Split(in.URL.Path, "/"); len(parts) == 6 { // /bucket/temp/practice/sid/id.age
			b = bends[app.SessionID(parts[4])]
		}
		s.mu.Unlock()
		if b == nil {
			pass.ServeHTTP(out, in)
			return
		}
		b(out, in, pass)
	}
}

// visit is a workstation with a session, and a phone with a way to the gateway
// of its own.
type visit struct {
	*phone
	*workstation
	t       *testing.T
	s       *surgery
	sid     app.SessionID
	link    string
	gateway *bender
	rnd     *rand.Rand
	shots   []shot // those that were promised to arrive
}

// visit starts a workstation, a session, and a phone that comes to it by this
// gateway.
func (s *surgery) visit(t *testing.T, gateway *program, options string) *visit {
	t.Helper()
	d := newDesk(t, false)
	d.enrol(s.cloud)
	v := &visit{t: t, s: s, workstation: newWorkstation(d, "-no-window"), gateway: newBender(t, gateway.addr), rnd: rand.New(rand.NewPCG(1, 5))}
	v.workstation.start()
	v.phone = v.another(options)
	sid, address := v.workstation.session()
	v.sid, v.link = sid, strings.Replace(address.Reveal(), s.cloud.phoneGateway.addr(), v.gateway.addr, 1)
	return v
}

// another is one more phone in the same room.
func (v *visit) another(options string) *phone {
	v.t.Helper()
	return phoneOn(v.t, v.scratch, v.s.browser, options)
}

// scan opens the link until the shutter is there.
func (v *visit) scan() {
	v.t.Helper()
	v.phone.open(v.link)
	v.until("document.getElementById('take-input') !== null")
}

// killed ends the tab as a phone short of memory does, and scans the code again.
func (v *visit) killed() {
	v.t.Helper()
	v.do("kill", nil)
	v.phone.open(v.link)
}

// shoot takes n photos that are to arrive.
func (v *visit) shoot(n int) {
	v.t.Helper()
	var paths []string
	for range n {
		paths = append(paths, v.promised(plainJPEG(v.rnd, 640, 480)))
	}
	v.choose(paths...)
}

// promised is a photo on the phone that is to arrive as it is.
func (v *visit) promised(raw []byte) (path string) {
	v.t.Helper()
	clean, err := picture.Strip(raw)
	if err != nil {
		v.t.Fatal(err)
	}
	v.shots = append(v.shots, shot{jpeg: raw, file: hexSum(clean)})
	return v.picture(fmt.Sprintf("IMG_%d.jpg", len(v.shots)), raw)
}

// picture is a file on the phone.
func (v *visit) picture(name string, raw []byte) string {
	v.t.Helper()
	path := filepath.Join(v.t.TempDir(), name)
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		v.t.Fatal(err)
	}
	return path
}

// plainJPEG is a photo that the page sends as it is, while it is small enough.
func plainJPEG(rnd *rand.Rand, w, h int) []byte {
	img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = uint8(120 + i%w*80/w + int(rnd.Uint32()&31))
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = 115, 150
	}
	var body bytes.Buffer
	_ = jpeg.Encode(&body, img, &jpeg.Options{Quality: 85}) // to memory: cannot fail
	return body.Bytes()
}

// shown waits until so many photos on the page are in a state.
func (v *visit) shown(state string, n int) {
	v.t.Helper()
	v.until(fmt.Sprintf(`document.querySelectorAll('[data-image-state="%s"]').length === %d`, state, n))
}

// field is one of the session's in the registry.
func (v *visit) field(name string) string {
	v.t.Helper()
	return strings.TrimSpace(v.s.cloud.ask("HGET", v.key(), name))
}

func (v *visit) key() string { return "cp:{" + string(faultPractice) + "}:s:" + string(v.sid) }

// images counts the session's images in the registry by state.
func (v *visit) images() map[string]int {
	v.t.Helper()
	states := map[string]int{}
	lines := strings.Split(v.s.cloud.ask("HGETALL", v.key()), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		if strings.HasPrefix(lines[i], "i:") {
			state, _, _ := strings.Cut(lines[i+1], "|")
			states[state]++
		}
	}
	return states
}

// onComputer waits until n photos have landed, and no other was sent.
func (v *visit) onComputer(n int) {
	v.t.Helper()
	eventually(v.t, 60*time.Second, func() bool {
		have := v.images()
		delete(have, string(app.ImageReserved)) // announced, and still on a phone
		return have["landed"] == n && len(have) == 1 || n == 0 && len(have) == 0
	}, func() string { return fmt.Sprintf("%d photos should have landed: %v", n, v.images()) })
}

// file files everything and returns the session's pictures in the practice
// folder.
func (v *visit) file(n int) (paths []string) {
	v.t.Helper()
	v.onComputer(n)
	eventually(v.t, 60*time.Second, func() bool {
		v.workstation.send(link.Input{Kind: link.InputFileAll, SID: string(v.sid), Confirmed: true})
		return v.images()["filed"] == n
	}, func() string { return fmt.Sprintf("%d photos should be filed: %v", n, v.images()) })
	paths = v.desk.filed()
	if len(paths) != n {
		v.t.Errorf("%d pictures in the practice folder, want %d", len(paths), n)
	}
	return paths
}

// kept fails unless exactly the photos promised are in the practice folder.
func (v *visit) kept() {
	v.t.Helper()
	var have, want []string
	for _, path := range v.file(len(v.shots)) {
		raw, err := os.ReadFile(path)
		if err != nil {
			v.t.Fatal(err)
		}
		have = append(have, hexSum(raw))
	}
	for _, one := range v.shots {
		want = append(want, one.file)
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		v.t.Errorf("the pictures filed are not the %d photos taken", len(want))
	}
}

// uploads bends what the phone sends to S3.
func (v *visit) uploads(b bend) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	v.s.uploaded[v.sid] = b
}

// fetches bends what the workstation fetches from S3.
func (v *visit) fetches(b bend) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	v.s.fetched[v.sid] = b
}

// gate stops requests until it is opened.
type gate struct {
	t       *testing.T
	open    func()
	once    sync.Once
	arrived chan struct{}
	opened  chan struct{}
}

func newGate(t *testing.T) *gate {
	g := &gate{t: t, arrived: make(chan struct{}), opened: make(chan struct{})}
	g.open = sync.OnceFunc(func() { close(g.opened) })
	t.Cleanup(g.open) // or a server would wait for who stands there
	return g
}

// await returns once a request stands before the gate.
func (g *gate) await() {
	g.t.Helper()
	select {
	case <-g.arrived:
	case <-time.After(60 * time.Second):
		g.t.Fatal("no request came")
	}
}

// stand waits at the gate, and reports whether whoever asks is still there.
func (g *gate) stand(in *http.Request) bool {
	g.once.Do(func() { close(g.arrived) })
	select {
	case <-g.opened:
		return true
	case <-in.Context().Done():
		return false
	}
}

type match func(*http.Request) bool

func calls(method, suffix string) match {
	return func(in *http.Request) bool { return in.Method == method && strings.HasSuffix(in.URL.Path, suffix) }
}

func code(name string) match {
	return func(in *http.Request) bool { return strings.HasPrefix(in.URL.Path, "/assets/"+name+".") }
}

func puts(in *http.Request) bool { return in.Method == http.MethodPut }

// before stops requests before they are passed on.
func (g *gate) before(m match) bend {
	return func(out http.ResponseWriter, in *http.Request, pass http.Handler) {
		if m(in) {
			var body bytes.Buffer
			_, _ = body.ReadFrom(in.Body) // else nobody notices that the phone has gone
			in.Body = readCloser{&body}
			if !g.stand(in) {
				panic(http.ErrAbortHandler)
			}
		}
		pass.ServeHTTP(out, in)
	}
}

// after passes requests on, and stops their answers; they never arrive.
func (g *gate) after(m match) bend {
	return func(out http.ResponseWriter, in *http.Request, pass http.Handler) {
		if !m(in) {
			pass.ServeHTTP(out, in)
			return
		}
		select {
		case <-g.opened:
			pass.ServeHTTP(out, in)
		default:
			pass.ServeHTTP(httptest.NewRecorder(), in)
			g.stand(in)
			reset(out)
		}
	}
}

// halfway takes one half of what is sent, and resets the connection once the
// gate is opened.
func (g *gate) halfway(m match) bend {
	return func(out http.ResponseWriter, in *http.Request, pass http.Handler) {
		select {
		case <-g.opened:
			pass.ServeHTTP(out, in)
			return
		default:
		}
		if !m(in) {
			pass.ServeHTTP(out, in)
			return
		}
		half := make([]byte, in.ContentLength/2)
		_, _ = in.Body.Read(half)
		g.stand(in)
		reset(out)
	}
}

type readCloser struct{ *bytes.Buffer }

func (readCloser) Close() error { return nil }
