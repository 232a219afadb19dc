package app

import (
	"fmt"
	"log/slog"
)

const redacted = "[sealed]"

// Sealed holds a value that must not reach a log, an error text, a crash dump
// written by fmt, or JSON by accident. Only Reveal gives it back.
type Sealed struct{ value string }

// Seal wraps v.
func Seal(v string) Sealed { return Sealed{v} }

// Reveal returns the value. Every call is a place to review.
func (s Sealed) Reveal() string { return s.value }

// IsZero reports whether nothing is sealed inside.
func (s Sealed) IsZero() bool { return s.value == "" }

func (s Sealed) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (s Sealed) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(redacted)) }
func (s Sealed) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
func (s Sealed) MarshalText() ([]byte, error) { return []byte(redacted), nil }
