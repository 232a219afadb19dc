package link

import (
	"bytes"
	"context"
	"errors"
	"image"
	"io"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
)

const (
	sid = "0123456789ABCDEFGHJKMNPQRS"
	img = "01890a5d-ac96-774b-bcce-b302099a8057"
)

// pipes returns two real pipes: what the agent reads and writes, and the window's ends.
func pipes(t *testing.T) (ar, aw, wr, ww *os.File) {
	t.Helper()
	ar, ww, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	wr, aw, err = os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return ar, aw, wr, ww
}

type heard struct {
	snaps  chan Snapshot
	pixels chan Pixels
	raised chan struct{}
	helped chan struct{}
}

func (h heard) hear() Hear {
	return Hear{
		Show:   func(s Snapshot) { h.snaps <- s },
		Pixels: func(p Pixels) { h.pixels <- p },
		Raise:  func() { h.raised <- struct{}{} },
		Help:   func() { h.helped <- struct{}{} },
	}
}

func newHeard() heard {
	return heard{make(chan Snapshot, 200), make(chan Pixels, 200), make(chan struct{}, 9), make(chan struct{}, 9)}
}

func within[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came through the pipe in 30 s")
		panic("unreachable")
	}
}

func TestAgentShowsTheSameToASecondWindow(t *testing.T) {
	a := NewAgent("b1")
	want := Snapshot{Phase: PhasePaired, SID: sid, Patient: Patient{Name: "Aroha Testperson", NHI: "ZZZ0016"},
		Code: &Code{QR: PackModules([][]bool{{true, false}, {false, true}})}, Images: []Image{{ID: img, Thumb: "t1"}}}
	a.Send(PixelsOf("t1", image.NewGray(image.Rect(0, 0, 4, 3))))
	a.Show(want)
	for range 2 {
		ar, aw, wr, ww := pipes(t)
		inputs, served, ran, h := make(chan Input, 9), make(chan error, 1), make(chan error, 1), newHeard()
		go func() { served <- a.Serve(t.Context(), ar, aw, func(in Input) { inputs <- in }) }()
		win := NewWindow("b1")
		go func() { ran <- win.Run(t.Context(), wr, ww, h.hear()) }()
		if p := within(t, h.pixels); p.Key != "t1" || p.Image.Rect.Dx() != 4 || p.Image.Rect.Dy() != 3 {
			t.Errorf("picture %v", p.Key)
		}
		if got := within(t, h.snaps); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v", got)
		}
		in := Input{Kind: InputDiscard, SID: sid, Image: img}
		win.Send(in)
		if got := within(t, inputs); got != in {
			t.Errorf("got %+v", got)
		}
		win.Send(in)
		win.Flush(5 * time.Second)
		if got := within(t, inputs); got != in {
			t.Errorf("after a flush: got %+v", got)
		}
		a.Raise()
		within(t, h.raised)
		a.Help()
		within(t, h.helped)
		a.Quit()
		if err := within(t, ran); err != nil {
			t.Error(err)
		}
		if err := within(t, served); err != nil {
			t.Error(err)
		}
	}
}

func TestNewestSnapshotWinsAndNeverBlocks(t *testing.T) {
	a := NewAgent("b")
	for i := range 10_000 { // nobody reads
		a.Show(Snapshot{Now: int64(i)})
	}
	ar, aw, wr, ww := pipes(t)
	h, served := newHeard(), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { served <- a.Serve(ctx, ar, aw, func(Input) {}) }()
	go func() { _ = NewWindow("b").Run(t.Context(), wr, ww, h.hear()) }()
	if s := within(t, h.snaps); s.Now != 9999 {
		t.Errorf("first shown is %d", s.Now)
	}
	cancel()
	if err := within(t, served); app.KindOf(err) != app.KindCanceled {
		t.Errorf("got %v", err)
	}
}

func TestAnotherBuildIsATypedError(t *testing.T) {
	ar, aw, wr, ww := pipes(t)
	served, ran := make(chan error, 1), make(chan error, 1)
	go func() { served <- NewAgent("b1").Serve(t.Context(), ar, aw, func(Input) {}) }()
	go func() { ran <- NewWindow("b2").Run(t.Context(), wr, ww, newHeard().hear()) }()
	for _, c := range []chan error{served, ran} {
		err := within(t, c)
		var m *BuildMismatch
		if !errors.As(err, &m) || app.KindOf(err) != app.KindConflict {
			t.Errorf("got %v", err)
		}
	}
}

func TestPicturesNoLongerNamedAreForgotten(t *testing.T) {
	a := NewAgent("b")
	a.Send(PixelsOf("t1", image.NewGray(image.Rect(0, 0, 1, 1))))
	a.Show(Snapshot{Images: []Image{{Thumb: "t1"}}})
	a.Show(Snapshot{})
	if len(a.pixels) != 0 {
		t.Error("the picture of a session that is gone is still held")
	}
}

func TestInputsAreChecked(t *testing.T) {
	for _, body := range []string{
		``, `{}`, `{"kind":"explode"}`, `{"kind":"file-all"}`, `{"kind":"file-all","sid":"x"}`,
		`{"kind":"discard","sid":"` + sid + `"}`, `{"kind":"refresh","more":1}`, `{"kind":"refresh"} {}`,
	} {
		if _, err := decodeInput([]byte(body)); app.KindOf(err) != app.KindCorrupt {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

// FuzzFrames: what comes through the pipe is a frame that can be written
// again, or the end of the pipe; never more than was sent.
func FuzzFrames(f *testing.F) {
	var b bytes.Buffer
	_ = writeFrame(&b, frameInput, []byte(`{"kind":"refresh"}`))
	f.Add(b.Bytes())
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 'P'})
	f.Add([]byte{0, 0, 0, 9, 'P', 1, 't', 0, 1, 0, 1, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, data []byte) {
		kind, body, err := readFrame(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, io.EOF) && app.KindOf(err) != app.KindCorrupt {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		var again bytes.Buffer
		if err := writeFrame(&again, kind, body); err != nil || !bytes.HasPrefix(data, again.Bytes()) {
			t.Fatalf("does not come back: %v", err)
		}
		switch kind {
		case framePixels:
			if p, err := decodePixels(body); err == nil {
				if out, err := encodePixels(p); err != nil || !bytes.Equal(out, body) {
					t.Fatal("picture does not come back")
				}
			}
		case frameInput:
			_, _ = decodeInput(body)
		}
	})
}

// A picture that was sent is kept small, and the next window gets it all the same.
func TestAPictureThatWasSentIsKeptSmall(t *testing.T) {
	a := NewAgent("b")
	img := image.NewNRGBA(image.Rect(0, 0, 480, 360))
	for i := range img.Pix {
		img.Pix[i] = map[bool]byte{true: 255, false: 200}[i%4 == 3]
	}
	a.Send(Pixels{"t1", img})
	for n := range 2 {
		ar, aw, wr, ww := pipes(t)
		h, served := newHeard(), make(chan error, 1)
		go func() { served <- a.Serve(t.Context(), ar, aw, func(Input) {}) }()
		go func() { _ = NewWindow("b").Run(t.Context(), wr, ww, h.hear()) }()
		p := within(t, h.pixels)
		if v := int(p.Image.Pix[4*240*180]); p.Key != "t1" || p.Image.Rect != img.Rect || v < 197 || v > 203 {
			t.Errorf("window %d: %s, %v, light %d", n+1, p.Key, p.Image.Rect, v)
		}
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
			a.mu.Lock()
			k := a.pixels["t1"]
			a.mu.Unlock()
			if k.packed != nil && k.Image == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("its pixels are kept")
			}
		}
		a.Quit()
		if err := within(t, served); err != nil {
			t.Fatal(err)
		}
	}
}

// An answer to a look goes to the window that is there, one without a picture too.
func TestALookIsAnsweredOnce(t *testing.T) {
	a := NewAgent("b")
	ar, aw, wr, ww := pipes(t)
	h := newHeard()
	go func() { _ = a.Serve(t.Context(), ar, aw, func(Input) {}) }()
	go func() { _ = NewWindow("b").Run(t.Context(), wr, ww, h.hear()) }()
	a.Show(Snapshot{})
	within(t, h.snaps)
	a.Answer(Seen{Seq: 7, Width: 4000, Height: 3000, Image: image.NewNRGBA(image.Rect(0, 0, 40, 30))})
	a.Answer(Seen{Seq: 8})
	first, ok := SeenOf(within(t, h.pixels))
	second, also := SeenOf(within(t, h.pixels))
	if !ok || !also || first.Seq != 7 || first.Width != 4000 || first.Height != 3000 || first.Image.Rect.Dx() != 40 || second.Seq != 8 || second.Width != 0 {
		t.Errorf("answered %+v, then %+v", first, second)
	}
	for _, key := range []string{"t1", "look/", "look/1/2", "look/a/b/c", "look/1/2/3/4"} {
		if _, ok := SeenOf(Pixels{Key: key}); ok {
			t.Errorf("%s is taken for an answer", key)
		}
	}
}

func TestInputsOfTheReviewAreChecked(t *testing.T) {
	ref := `,"sid":"` + sid + `","image":"` + img + `"`
	for body, good := range map[string]bool{
		`{"kind":"review","sid":"` + sid + `"}`: true, `{"kind":"review"}`: false, `{"kind":"undo","sid":"` + sid + `"}`: false,
		`{"kind":"undo"` + ref + `}`:                                      true,
		`{"kind":"retouch"` + ref + `,"edit":{"kind":"turn"}}`:            true,
		`{"kind":"retouch"` + ref + `,"edit":{"kind":"mask","x1":70000}}`: false,
		`{"kind":"retouch"` + ref + `,"edit":{"kind":"smudge"}}`:          false,
		`{"kind":"look"` + ref + `,"look":{"seq":1,"side":800}}`:          true,
		`{"kind":"look"` + ref + `,"look":{"seq":1}}`:                     false,
		`{"kind":"look"` + ref + `,"of":"x","look":{"seq":1,"side":8}}`:   false,
		`{"kind":"review"` + ref + `,"beside":{"image":"x"}}`:             false,
		`{"kind":"describe"` + ref + `,"field":"site","value":"hand"}`:    true,
		`{"kind":"prepare","sid":"` + sid + `"}`:                          true,
	} {
		if _, err := decodeInput([]byte(body)); (err == nil) != good {
			t.Errorf("%s: %v", body, err)
		}
	}
}
