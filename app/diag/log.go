// Package diag is what support sees: the log, with an allow-list of keys so
// that no patient value can be logged under a new name.
package diag

import (
	"context"
	"io"
	"log/slog"
	"slices"
)

// allowed are the keys that a log line may carry. Values under any other are
// replaced; add a key only for values that say nothing about a person.
var allowed = []string{
	"kind", "area", "code", "status", "method", "route", "effect", "state", "count", "bytes",
	"ms", "seconds", "attempt", "pid", "program", "version", "addr", "signal", "stage", "op", "stacks",
}

// NewLogger writes one JSON object a line to w.
func NewLogger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(allow{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})})
}

type allow struct{ slog.Handler }

func (h allow) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(scrub(a))
		return true
	})
	return h.Handler.Handle(ctx, clean)
}

func (h allow) WithAttrs(attrs []slog.Attr) slog.Handler {
	for i := range attrs {
		attrs[i] = scrub(attrs[i])
	}
	return allow{h.Handler.WithAttrs(attrs)}
}

func (h allow) WithGroup(name string) slog.Handler { return allow{h.Handler.WithGroup(name)} }

func scrub(a slog.Attr) slog.Attr {
	if !slices.Contains(allowed, a.Key) {
		return slog.String(a.Key, "[not logged]")
	}
	if a.Value.Kind() == slog.KindAny { // a struct may hold anything
		return slog.String(a.Key, "[not logged]")
	}
	return a
}
