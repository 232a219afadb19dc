//go:build linux

package main_test

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// What phones and their browsers do.

// stalledAwake is a connection that takes a photo and then says nothing: the
// page gives it up, asks for another link, and lets no screen go dark
// meanwhile. A browser without a screen has no lock to give, so what the page
// asks of it is counted.
func stalledAwake(v *visit) {
	v.do("script", map[string]any{"content": `(() => {
		globalThis.locks = 0
		const request = async () => { locks++; return { released: false, async release() { this.released = true; locks-- } } }
		Object.defineProperty(navigator, 'wakeLock', { value: { request } })
	})()`})
	v.scan()
	v.until("locks === 0")
	var stalled atomic.Bool
	v.uploads(func(out http.ResponseWriter, in *http.Request, pass http.Handler) {
		if in.Method != http.MethodPut || !stalled.CompareAndSwap(false, true) {
			pass.ServeHTTP(out, in)
			return
		}
		_, _ = io.Copy(io.Discard, in.Body)
		<-in.Context().Done()
		panic(http.ErrAbortHandler)
	})
	v.shoot(1)
	v.shown("sending", 1)
	v.until("locks === 1")
	v.all()
	if !stalled.Load() {
		v.t.Error("no upload has stalled")
	}
	v.until("locks === 0")
	v.kept()
}

// clockWrong is a phone whose clock is three days ahead: what is said of time
// is by the registry's.
func clockWrong(v *visit) {
	v.do("script", map[string]any{"content": "(() => { const now = Date.now.bind(Date); Date.now = () => now() + 3 * 864e5 })()"})
	v.scan()
	v.until("/\\b(59|60) minutes left/.test(document.body.innerText)")
	begun := time.Now()
	v.shoot(1)
	v.all()
	v.kept()
	days := map[string]bool{}
	for _, at := range []time.Time{begun, time.Now()} {
		for _, zone := range []*time.Location{time.UTC, time.Local, time.FixedZone("NZDT", 13*3600)} {
			days[at.In(zone).Format(time.DateOnly)] = true
		}
	}
	for _, path := range v.desk.filed() {
		parts := strings.Split(filepath.Base(path), "_")
		if len(parts) < 2 || !days[parts[1]] {
			v.t.Errorf("the photo was taken at %v and is filed as %s", begun, filepath.Base(path))
		}
	}
}

// miniBrowser is a link that was opened inside another app.
func miniBrowser(v *visit) {
	v.phone = v.another(`{"userAgent":"Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.47"}`)
	v.scan()
	v.phone.see(30*time.Second, "This is another app’s own browser", "Scan the QR code with the phone’s camera instead")
	v.shoot(1)
	v.all()
	v.kept()
}
