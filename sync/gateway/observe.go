package gateway

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	hints    *prometheus.CounterVec
	panics   prometheus.Counter
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "clinicpro_gateway_requests_total", Help: "Requests by route pattern and status."}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "clinicpro_gateway_request_seconds", Help: "Time to the whole answer by route pattern.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"route"}),
		hints: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "clinicpro_gateway_hints_total", Help: "Realtime hints by outcome: sent, failed, dropped."}, []string{"outcome"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "clinicpro_gateway_panics_total", Help: "Requests that ended in a panic."}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.hints, m.panics)
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// apiCall is one session call: a status with a body, or an error.
type apiCall func(ctx context.Context, r *http.Request) (int, any, error)

// limited bounds a call's rate, body and time, and writes its answer.
func (g *Gateway) limited(call apiCall) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.address.allow(addressOf(r, g.cfg.ProxyHops)) {
			newProblem("rate-limited").write(w)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		status, body, err := call(ctx, r)
		if err != nil {
			g.explain(ctx, err).write(w)
			return
		}
		writeJSON(w, status, "application/json", body)
	})
}

// observed wraps every route: headers, log line, metrics, and a panic's end.
// Only the route's pattern is named: paths hold tokens and image ids.
func (g *Gateway) observed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", g.csp)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if r.TLS != nil || g.cfg.ProxyHops > 0 {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		began, out := time.Now(), &recorder{ResponseWriter: w}
		defer func() {
			cause := recover()
			if cause != nil {
				// The value may hold anything: it is counted, not printed.
				g.metrics.panics.Inc()
				g.cfg.Log.ErrorContext(r.Context(), "request panicked", "route", route(r))
				if out.status == 0 {
					newProblem("unavailable").write(out)
				}
			}
			if out.status == 0 {
				out.status = http.StatusOK
			}
			took := time.Since(began)
			g.metrics.requests.WithLabelValues(route(r), strconv.Itoa(out.status)).Inc()
			g.metrics.seconds.WithLabelValues(route(r)).Observe(took.Seconds())
			g.cfg.Log.InfoContext(r.Context(), "request", "route", route(r), "status", out.status, "ms", took.Milliseconds())
		}()
		mux.ServeHTTP(out, r)
	})
}

// route is the pattern that matched; the mux sets it on the request.
func route(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	return r.Pattern
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController and MaxBytesReader reach the original.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
