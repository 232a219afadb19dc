package ablyfeed_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/ablyfeed"
)

// What leaves is docs/contracts.md's form, byte for byte.
func TestPublishedForm(t *testing.T) {
	var path string
	var sent []struct {
		ID       string `msgpack:"id"`
		Name     string `msgpack:"name"`
		Data     string `msgpack:"data"`
		Encoding string `msgpack:"encoding"`
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.Method + " " + r.URL.Path
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = msgpack.Unmarshal(body, &sent)
		}
		if err != nil {
			t.Errorf("body: %v", err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "{}")
	}))
	defer s.Close()
	host, port := address(t, s.Listener.Addr())
	pub, err := ablyfeed.NewPublisher(ablyfeed.Config{Key: app.Seal(sayKey), Practice: "demo",
		Host: host, Port: port, PlainText: true})
	if err != nil {
		t.Fatal(err)
	}
	sid, image := app.NewSessionID(), app.ImageID("01932d5e-7c1a-7abc-8def-0123456789ab")
	if err := pub.Publish(t.Context(), sid, app.EventImageStored, image, 12); err != nil {
		t.Fatal(err)
	}
	if want := "POST /channels/cp:demo:" + string(sid) + "/messages"; path != want {
		t.Errorf("sent to %q, want %q", path, want)
	}
	if len(sent) != 1 {
		t.Fatalf("%d messages, want 1", len(sent))
	}
	m := sent[0]
	if m.ID != string(sid)+":12" || m.Name != "image-stored" || m.Encoding != "json" ||
		m.Data != `{"v":1,"imageId":"`+string(image)+`","seq":12}` {
		t.Errorf("sent %+v", m)
	}
}

func TestAtReadsAnOrigin(t *testing.T) {
	for origin, want := range map[string]ablyfeed.Config{
		"":                        {},
		"https://hub.example.nz":  {Host: "hub.example.nz"},
		"http://127.0.0.1:8787":   {Host: "127.0.0.1", Port: 8787, PlainText: true},
		"https://hub.example:444": {Host: "hub.example", Port: 444},
	} {
		if got, err := (ablyfeed.Config{}).At(origin); err != nil || got != want {
			t.Errorf("%q: %+v, %v", origin, got, err)
		}
	}
	for _, origin := range []string{"hub", "ftp://hub", "http://", "http://hub:many"} {
		if _, err := (ablyfeed.Config{}).At(origin); app.KindOf(err) != app.KindCorrupt {
			t.Errorf("%q: %v", origin, err)
		}
	}
}
