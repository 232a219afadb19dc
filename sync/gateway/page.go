package gateway

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
)

// policy is the page's Content-Security-Policy. Workers and pictures come
// from blobs that the page itself makes; bytes go to us and to the bucket.
func policy(s3Origin string) (string, error) {
	connect := "'self'"
	if s3Origin != "" {
		u, err := url.Parse(s3Origin)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" ||
			s3Origin != u.Scheme+"://"+u.Host || strings.ContainsAny(u.Host, ";, '*") {
			return "", fmt.Errorf("want an origin like https://host")
		}
		connect += " " + s3Origin
	}
	return "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self'; " +
		"img-src 'self' blob: data:; media-src blob:; font-src 'self'; manifest-src 'self'; connect-src " + connect +
		"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", nil
}

// page answers the same for every link: what a link is worth only claim says.
func (g *Gateway) page(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
	_, _ = w.Write(g.index)
}

// assets serves the hashed files: a changed file has another name.
func (g *Gateway) assets() http.Handler {
	files := http.FileServerFS(g.cfg.Page)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		if info, err := fs.Stat(g.cfg.Page, name); err != nil || !info.Mode().IsRegular() {
			http.NotFound(w, r) // and no listing of a folder
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		files.ServeHTTP(w, r)
	})
}
