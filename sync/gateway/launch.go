package gateway

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/assets"
)

// RecordPath is where workstations reach a record system through the gateway.
const RecordPath = "/api/medtech/record/"

var launchPage = template.Must(template.ParseFS(assets.Launch(), "launch.html"))

// launch forwards a click in Medtech, which can open a web address only, to
// the program on the same workstation. Nobody here looks into the context: it
// goes on as it came, if it can be one at all.
func (g *Gateway) launch(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	// Evolution puts plain base64 into the address as it is: its plus signs are
	// no spaces.
	query, err := url.ParseQuery(strings.ReplaceAll(r.URL.RawQuery, "+", "%2B"))
	var address any
	if err == nil && len(query["context"]) == 1 && len(query["signature"]) == 1 {
		context, signature := query.Get("context"), query.Get("signature")
		if _, err := app.NewLaunch(context, signature); err == nil {
			to := url.Values{"context": {context}, "signature": {signature}}
			address = template.URL(app.LaunchScheme + "://launch?" + to.Encode()) // of characters that NewLaunch allows
		}
	}
	if address == nil {
		w.WriteHeader(http.StatusBadRequest)
	}
	_ = launchPage.Execute(w, address)
}

// launchFiles serves the page's script and style.
func launchFiles() http.Handler {
	files := http.FileServerFS(assets.Launch())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "launch.css" && r.URL.Path != "launch.js" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		files.ServeHTTP(w, r)
	})
}

// polite bounds how much one address may ask of what is behind it.
func (g *Gateway) polite(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.address.allow(addressOf(r, g.cfg.ProxyHops)) {
			newProblem("rate-limited").write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}
