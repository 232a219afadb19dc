package envelope

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
)

// goldenKeep is testdata/keep.json: an offer, and a next link, under the
// secret of golden.json, for the phone page's tests too.
type goldenKeep struct {
	Identity     string     `json:"identity"` // the phone's own
	Recipient    string     `json:"recipient"`
	Token        string     `json:"token"`
	KeptKey      string     `json:"keptKey"`
	Key          app.Digest `json:"key"`
	OfferMAC     app.Digest `json:"offerMac"`
	NextKey      string     `json:"nextKey"` // HKDF of the secret, hex
	SID          string     `json:"sid"`
	N            int64      `json:"n"`
	Link         string     `json:"link"`
	Sealed       []byte     `json:"sealed"` // standard base64
	SealedSHA256 app.Digest `json:"sealedSha256"`
	NextMAC      app.Digest `json:"nextMac"`
}

func (k goldenKeep) next() app.NextLink {
	return app.NextLink{SID: app.SessionID(k.SID), N: k.N, MAC: k.NextMAC, Sealed: k.Sealed}
}

func (k goldenKeep) token() app.Token { return app.Token{Sealed: app.Seal(k.Token)} }

func readKeep(t testing.TB) (k goldenKeep, id *age.X25519Identity) {
	t.Helper()
	must(t, json.Unmarshal(read(t, "keep.json"), &k))
	id, err := age.ParseX25519Identity(k.Identity)
	must(t, err)
	return k, id
}

func TestGoldenKeep(t *testing.T) {
	g := readGolden(t)
	if *update {
		writeKeep(t, g)
	}
	k, id := readKeep(t)
	if k.Recipient != id.Recipient().String() || k.Key != digest([]byte(k.KeptKey)) || len(k.KeptKey) != 43 || k.SealedSHA256 != digest(k.Sealed) {
		t.Error("the parts do not fit together")
	}
	if got := NewOffer(g.secret, k.token(), k.Recipient, k.Key); got.MAC != k.OfferMAC {
		t.Errorf("offer mac %s", got.MAC)
	}
	if got := hex.EncodeToString(nextKey(g.secret)); got != k.NextKey {
		t.Errorf("next key %s", got)
	}
	if got, err := OpenNext(g.secret, id, k.next(), k.N-1); err != nil || got.Reveal() != k.Link {
		t.Errorf("%v, or another link", err)
	}
}

func writeKeep(t *testing.T, g goldenFiles) {
	id, err := age.GenerateX25519Identity()
	must(t, err)
	keptKey := strings.Repeat("Kk3_-9", 7) + "A"
	k := goldenKeep{Identity: id.String(), Recipient: id.Recipient().String(), Token: app.NewToken().Reveal(),
		KeptKey: keptKey, Key: digest([]byte(keptKey)), SID: string(app.NewSessionID()), N: 7,
		NextKey: hex.EncodeToString(nextKey(g.secret))}
	k.Link = "http://192.168.1.20:8787/p/test-practice/" + k.Token + "#" + g.Recipient + "." + g.Secret + ".QS4gVC58NDd8MDE2"
	k.OfferMAC = NewOffer(g.secret, k.token(), k.Recipient, k.Key).MAC
	next, err := SealNext(g.secret, k.Recipient, app.SessionID(k.SID), k.N, app.Seal(k.Link))
	must(t, err)
	k.Sealed, k.SealedSHA256, k.NextMAC = next.Sealed, digest(next.Sealed), next.MAC
	index, err := json.MarshalIndent(k, "", "  ")
	must(t, err)
	must(t, os.WriteFile("testdata/keep.json", append(index, '\n'), 0o644))
}

func TestOffersOfOthersAreRefused(t *testing.T) {
	g := readGolden(t)
	k, _ := readKeep(t)
	good := NewOffer(g.secret, k.token(), k.Recipient, k.Key)
	must(t, CheckOffer(g.secret, k.token(), good))
	stranger, err := age.GenerateX25519Identity()
	must(t, err)
	swapped, rekeyed := good, good
	swapped.Recipient = stranger.Recipient().String()
	rekeyed.Key = digest([]byte("another"))
	for name, o := range map[string]app.KeepOffer{"none": {}, "a swapped recipient": swapped, "another key": rekeyed,
		"under another secret": NewOffer(NewSecret(), k.token(), k.Recipient, k.Key),
		"of another session":   NewOffer(g.secret, app.NewToken(), k.Recipient, k.Key)} {
		if err := CheckOffer(g.secret, k.token(), o); app.KindOf(err) != app.KindCorrupt || !errors.Is(err, ReasonHMAC) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := CheckOffer(g.secret, k.token(), NewOffer(g.secret, k.token(), "age1nobody", k.Key)); !errors.Is(err, ReasonKey) {
		t.Errorf("nobody to seal to: %v", err)
	}
	if err := CheckOffer(Secret{}, k.token(), good); !errors.Is(err, ReasonHMAC) {
		t.Errorf("without a secret: %v", err)
	}
}

func TestNextLinksThatAreNotTaken(t *testing.T) {
	g := readGolden(t)
	k, id := readKeep(t)
	good := k.next()
	signed := func(plain string) app.NextLink {
		sealed, err := encrypt(id.Recipient(), []byte(plain))
		must(t, err)
		return app.NextLink{SID: good.SID, N: 7, MAC: nextMAC(nextKey(g.secret), good.SID, 7, sealed), Sealed: sealed}
	}
	raw := func(sealed []byte) app.NextLink {
		return app.NextLink{SID: good.SID, N: 7, MAC: nextMAC(nextKey(g.secret), good.SID, 7, sealed), Sealed: sealed}
	}
	otherSID, higher, pairingMAC := good, good, good
	otherSID.SID, higher.N = app.NewSessionID(), 8
	pairingMAC.MAC = nextMAC(g.secret.key(), good.SID, 7, good.Sealed)
	forged, err := SealNext(NewSecret(), k.Recipient, good.SID, 9, app.Seal(k.Link))
	must(t, err)
	stranger, err := age.GenerateX25519Identity()
	must(t, err)
	foreign, err := SealNext(g.secret, stranger.Recipient().String(), good.SID, 9, app.Seal(k.Link))
	must(t, err)
	for name, c := range map[string]struct {
		next app.NextLink
		last int64
		want error
	}{
		"taken before":            {good, 7, ErrNextOld},
		"an earlier one":          {good, 8, ErrNextOld},
		"for another session":     {otherSID, 0, ReasonHMAC},
		"under a higher number":   {higher, 7, ReasonHMAC},
		"forged":                  {forged, 0, ReasonHMAC},
		"under the secret itself": {pairingMAC, 0, ReasonHMAC},
		"sealed to another":       {foreign, 0, ReasonKey},
		"too large":               {raw(make([]byte, app.MaxNextLink+1)), 0, ReasonTooLarge},
		"not an age file":         {raw([]byte("noise")), 0, ReasonSeal},
		"no JSON":                 {signed("noise"), 0, ReasonCapture},
		"no link":                 {signed(`{"v":1,"n":7}`), 0, ReasonCapture},
		"a newer version":         {signed(`{"v":2,"n":7,"link":"x"}`), 0, ReasonVersion},
		"another number inside":   {signed(`{"v":1,"n":6,"link":"x"}`), 0, ReasonMismatch},
	} {
		got, err := OpenNext(g.secret, id, c.next, c.last)
		if app.KindOf(err) != app.KindCorrupt || !errors.Is(err, c.want) || !got.IsZero() {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestNextLinksThatAreNotSealed(t *testing.T) {
	g := readGolden(t)
	k, _ := readKeep(t)
	for name, c := range map[string]struct {
		secret Secret
		to     string
		n      int64
		link   string
		want   app.Kind
	}{
		"no secret": {Secret{}, k.Recipient, 1, "x", app.KindBug}, "number 0": {g.secret, k.Recipient, 0, "x", app.KindBug},
		"nobody": {g.secret, "age1x", 1, "x", app.KindCorrupt}, "too long": {g.secret, k.Recipient, 1, strings.Repeat("x", app.MaxNextLink), app.KindTooLarge},
	} {
		if _, err := SealNext(c.secret, c.to, "s", c.n, app.Seal(c.link)); app.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
