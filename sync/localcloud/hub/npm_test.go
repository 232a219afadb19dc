package hub_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/sync/localcloud/hub"
)

// npm ably, pinned by its lock file, is the witness that the hub speaks
// Ably's protocol and not only ably-go's reading of it.
func TestNPMAbly(t *testing.T) {
	dir := filepath.Join("testdata", "npm")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "ably", "package.json")); err != nil {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		install := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
		install.Dir = dir
		if out, err := install.CombinedOutput(); err != nil {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
	}
	for _, format := range []string{"json", "msgpack"} {
		t.Run(format, func(t *testing.T) {
			cfg := hub.Config{Heartbeat: time.Second}
			var now atomic.Pointer[hub.Hub]
			now.Store(newHub(t, cfg))
			_, port := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/test/drop":
					now.Load().DropAll()
					w.WriteHeader(http.StatusNoContent)
				case "/test/restart":
					now.Swap(newHub(t, cfg)).Close()
					w.WriteHeader(http.StatusNoContent)
				default:
					now.Load().ServeHTTP(w, r)
				}
			}))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			witness := exec.CommandContext(ctx, "node", "witness.js", strconv.Itoa(port), format)
			witness.Dir = dir
			out, err := witness.CombinedOutput()
			t.Logf("%s", out)
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
