//go:build linux

package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/ui/instance"
	"github.com/clinicpro-nz/images/ui/link"
)

const (
	agentMemory = 250_000_000     // bytes resident at most, ever
	answers     = 5 * time.Second // an act is answered within, at worst
	usually     = time.Second     // and usually
	patience    = 4 * time.Minute // for the machine the test runs on, not for the agent
)

// TestEndToEndHostile lets phones that hold a link send whatever they can: a
// whole session of noise at the size limit, and one of bombs. Beside them a
// GP works with a third phone. The agent answers all along and stays under
// 250 MB; every good photo is filed, and the rest is set apart.
func TestEndToEndHostile(t *testing.T) {
	d := newDesk(t, false)
	t.Setenv("XDG_RUNTIME_DIR", filepath.Join(d.scratch, "run"))
	d.startAgent(apptest.FreeAddr(t), "-no-window")
	d.ready()
	photo := filepath.Join(t.TempDir(), "photo.jpg")
	writePhoto(t, photo, 1)
	good, err := os.ReadFile(photo)
	if err != nil {
		t.Fatal(err)
	}

	gp := attach(t, d.data)
	watch := d.watchAnswers(t)
	began := time.Now()
	var sending sync.WaitGroup
	var phones []*sender
	for _, c := range []struct {
		patient string
		send    func(*sender)
	}{
		{"Noise Testperson", func(p *sender) { p.noise(19) }},
		{"Bomb Testperson", func(p *sender) { p.bombs(good) }},
		{"Aroha Testperson", func(p *sender) { p.large(good, 4) }},
	} {
		p := newSender(t, gp.newSession(c.patient))
		c.send(p)
		p.picture("a good photo", good, app.ImageFiled)
		p.announce()
		phones = append(phones, p)
		sending.Go(p.deliver)
	}

	// The GP files as soon as something can be filed, while the rest arrives.
	total := 0
	for _, p := range phones {
		eventually(t, patience, func() bool {
			for _, q := range phones {
				gp.window.Send(link.Input{Kind: link.InputFileAll, SID: string(q.SID())})
			}
			time.Sleep(500 * time.Millisecond)
			return p.through()
		}, func() string { return "not every image has come to an end:\n" + p.report() })
		total += p.toFile()
	}
	sending.Wait()
	took := time.Since(began)
	median, worst, asked := watch()
	filed := d.filed()
	if len(filed) != total {
		t.Errorf("%d pictures in the practice folder, want %d", len(filed), total)
	}
	for _, path := range filed {
		raw, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(raw, []byte{0xff, 0xd8, 0xff}) || !bytes.HasSuffix(raw, []byte{0xff, 0xd9}) {
			t.Errorf("%s is not a picture and nothing else, %v", filepath.Base(path), err)
		}
		for _, left := range []string{cameraMake, "GPS", "<script", "PK\x03\x04"} {
			if bytes.Contains(raw, []byte(left)) {
				t.Errorf("%q left the workstation in %s", left, filepath.Base(path))
			}
		}
	}
	d.bucketEmpty()
	var sent int64
	images := 0
	for _, p := range phones {
		images += len(p.all)
		sent += p.bytes
	}
	memory := d.peak(t)
	spool, cloud := size(t, filepath.Join(d.data, "spool")), size(t, filepath.Join(d.data, "local"))
	t.Logf("%d images, %d MB in %v: agent's peak %d MB; answers in %v (median) to %v (worst of %d); spool %d MB, local cloud %d MB",
		images, sent/1e6, took.Round(time.Second), memory/1e6, median.Round(time.Millisecond), worst.Round(time.Millisecond), asked, spool/1e6, cloud/1e6)
	if memory > agentMemory {
		t.Errorf("the agent took %d bytes", memory)
	}
	if median > usually || worst > answers || asked < 10 {
		t.Errorf("the agent answered %d times, in %v, at worst %v", asked, median, worst)
	}
	if spool > 2*sent+64<<20 || cloud > 64<<20 {
		t.Errorf("%d bytes sent, %d in the spool, %d left in the cloud", sent, spool, cloud)
	}
}

// attached is a terminal attached to the agent, as clinicproctl receive is.
type attached struct {
	t      *testing.T
	window *link.Window
	mu     sync.Mutex
	last   link.Snapshot
	shown  chan struct{} // a snapshot came
}

func attach(t *testing.T, dir string) *attached {
	t.Helper()
	var other *link.BuildMismatch
	conn := call(t, dir)
	err := link.NewWindow("a test").Run(t.Context(), conn, conn, link.Hear{})
	if !errors.As(err, &other) {
		t.Fatalf("the agent does not say what it was built from: %v", err)
	}
	a := &attached{t: t, window: link.NewWindow(other.Theirs), shown: make(chan struct{}, 1)}
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan struct{})
	t.Cleanup(func() { leave(); <-left })
	conn = call(t, dir)
	go func() {
		defer close(left)
		_ = a.window.Run(ctx, conn, conn, link.Hear{Raise: func() {}, Pixels: func(link.Pixels) {}, Show: func(s link.Snapshot) {
			a.mu.Lock()
			a.last = s
			a.mu.Unlock()
			select {
			case a.shown <- struct{}{}:
			default:
			}
		}})
	}()
	return a
}

func call(t *testing.T, dir string) net.Conn {
	t.Helper()
	conn, err := instance.Dial(dir)
	if err == nil {
		err = instance.WriteHello(conn, instance.Hello{Act: "attach"})
	}
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func (a *attached) snapshot() link.Snapshot {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last
}

// newSession starts a session and returns its link.
func (a *attached) newSession(patient string) string {
	a.t.Helper()
	before := a.snapshot().SID
	a.window.Send(link.Input{Kind: link.InputNewSession, Patient: link.Patient{Name: patient, NHI: patientNHI}})
	var s link.Snapshot
	eventually(a.t, 30*time.Second, func() bool {
		s = a.snapshot()
		return s.SID != before && s.Patient.Name == patient && s.Phase == link.PhaseWaiting && s.Code != nil
	}, func() string { return fmt.Sprintf("no code for %s: %s, %+v", patient, s.Phase, s.Problems) })
	return s.Code.Link
}

// watchAnswers keeps asking the agent to look at the registry, which takes an
// act through the pipe, a step of the engine and a snapshot back. The function
// it returns ends that and says how long the answers took.
func (d *desk) watchAnswers(t *testing.T) (end func() (median, worst time.Duration, asked int)) {
	t.Helper()
	a := attach(t, d.data)
	stop, stopped := make(chan struct{}), make(chan struct{})
	var took []time.Duration
	go func() {
		defer close(stopped)
		for {
			select {
			case <-a.shown: // what came since the last question is no answer
			default:
			}
			began := time.Now()
			a.window.Send(link.Input{Kind: link.InputRefresh})
			select {
			case <-stop:
				return
			case <-a.shown:
				took = append(took, time.Since(began))
			case <-time.After(answers):
				took = append(took, time.Since(began))
			}
			select {
			case <-stop:
				return
			case <-time.After(500 * time.Millisecond):
			}
		}
	}()
	return func() (time.Duration, time.Duration, int) {
		close(stop)
		<-stopped
		if len(took) == 0 {
			return 0, 0, 0
		}
		slices.Sort(took)
		return took[len(took)/2], took[len(took)-1], len(took)
	}
}

// peak is the most memory the agent has had resident, in bytes, as the kernel
// counts it.
func (d *desk) peak(t *testing.T) int64 {
	t.Helper()
	agent := d.agent()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(agent), "status"))
	if agent == 0 || err != nil {
		t.Fatalf("no agent is running any more: %v", err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatal("the kernel does not count the agent's memory")
	return 0
}

// size is what lies in a folder, in bytes.
func size(t *testing.T, dir string) (total int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			total += info.Size()
		}
		return nil // a file that went while we looked is none
	})
	if err != nil {
		t.Fatal(err)
	}
	return total
}
