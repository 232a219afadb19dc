//go:build linux

package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/clinicpro-nz/images/app"
)

// flood publishes so many hints at once on the session's channel: half at
// images that nobody has heard of, half at nothing in particular, no two alike.
func flood(r *rig, n int) {
	r.t.Helper()
	const together = 500
	address := "http://" + r.cloud.hub.addr + "/channels/" +
		url.PathEscape("cp:"+string(faultPractice)+":"+string(r.sid)) + "/messages"
	name, secret, _ := strings.Cut(publishKey, ":")
	type message struct {
		ID   string         `json:"id"`
		Name string         `json:"name"`
		Data map[string]any `json:"data"`
	}
	for from := 0; from < n; from += together {
		batch := make([]message, together)
		for i := range batch {
			seq := from + i
			data := map[string]any{"v": 1, "seq": seq}
			event := app.EventImageRetracted
			if seq%2 == 0 {
				event = app.EventImageStored
			}
			data["imageId"] = fmt.Sprintf("01932e9a-0000-7000-8000-%012x", seq)
			batch[i] = message{fmt.Sprintf("%s:flood%d", r.sid, seq), string(event), data}
		}
		body, _ := json.Marshal(batch)
		req, _ := http.NewRequestWithContext(r.t.Context(), http.MethodPost, address, bytes.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.SetBasicAuth(name, secret)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			r.t.Fatal(err)
		}
		said, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusCreated {
			r.t.Fatalf("the hub answers the flood %d: %s", resp.StatusCode, said)
		}
	}
}
