package phone

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/envelope"
	"github.com/clinicpro-nz/images/sync/pairing"
)

// Kept is what a phone that can be kept holds: an identity and a key of its
// own, and the link of the session under which it is kept, whose pairing secret
// proves the links to come. It may be used concurrently.
type Kept struct {
	client *http.Client
	keys   pairing.KeptKeys

	mu    sync.Mutex
	on    bool         // kept, as far as the phone has heard
	first pairing.Link // where it heard so first
	last  int64        // the highest number that was taken
}

// Offer draws what the phone is kept by and offers it with every later Claim.
// The link is the one that the phone was made with.
func (p *Phone) Offer() (*Kept, error) {
	keys, err := pairing.NewKeptKeys()
	if err != nil {
		return nil, err
	}
	p.kept = &Kept{client: p.client, first: p.link, keys: keys}
	return p.kept, nil
}

// heard takes in what an answer about the session of link says.
func (k *Kept) heard(link pairing.Link, kept bool) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if kept && !k.on {
		k.first = link
	}
	k.on = kept
}

// Next asks for the next session's link and returns a phone that holds it and
// has claimed nothing yet; nil while none is on offer, or only what was taken
// before. KindAuth: the phone is not kept. KindCorrupt: what was on offer is
// not from the workstation that keeps this phone; nothing of it was taken.
func (k *Kept) Next(ctx context.Context) (*Phone, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	k.mu.Lock()
	first := k.first
	k.mu.Unlock()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, first.Base+"/api/medtech/session/next", nil)
	if err != nil {
		return nil, app.E("phone call", app.KindBug, errors.New("the gateway's address is none"))
	}
	req.Header.Set("Authorization", "Bearer "+k.keys.Key.Reveal())
	req.Header.Set("ClinicPro-Practice", string(first.Practice))
	var a struct {
		Now, Until int64
		Next       *struct {
			SID    app.SessionID
			N      int64
			Sealed []byte
			MAC    app.Digest
		}
	}
	err = ask(k.client, req, &a, func() bool { return a.Now > 0 && a.Until > 0 })
	if app.KindOf(err) == app.KindAuth {
		k.heard(first, false)
	}
	if err != nil || a.Next == nil {
		return nil, err
	}
	return k.take(app.NextLink{SID: a.Next.SID, N: a.Next.N, MAC: a.Next.MAC, Sealed: a.Next.Sealed})
}

// take opens a link and takes note of its number. It leads to the gateway and
// the practice that this phone knows, or it is refused.
func (k *Kept) take(next app.NextLink) (*Phone, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	text, err := envelope.OpenNext(k.first.Secret, k.keys.Identity, next, k.last)
	if errors.Is(err, envelope.ErrNextOld) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p, err := New(text, k.client)
	if err != nil {
		return nil, err
	}
	if p.link.Base != k.first.Base || p.link.Practice != k.first.Practice {
		return nil, app.E("open next link", app.KindCorrupt, errors.New("it leads elsewhere"))
	}
	k.last, p.kept, p.want = next.N, k, next.SID
	return p, nil
}

// Hint is what the phone shows of the patient before its user taps.
func (p *Phone) Hint() pairing.Hint { return p.link.Hint }
