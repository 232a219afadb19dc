package text

import (
	"fmt"
	"strconv"
	"time"
)

// TestNHI is for tests, and never given to a person (HISO 10046).
const TestNHI = "ZZZ0016"

// LightAt says when a part was asked.
func LightAt(at, now time.Time) string {
	switch ago := now.Sub(at); {
	case ago < time.Minute:
		return lightNow
	case ago < 2*time.Minute:
		return lightMinute
	case ago < time.Hour:
		return fill(lightMinutes, "n", strconv.Itoa(int(ago.Minutes())))
	}
	return WaitingSince(at, now)
}

// Days is a number of days.
func Days(n int) string {
	return counted(n, day, days)
}

// Kilobytes is the size that photos are made to; a kB is 1,000 bytes.
func Kilobytes(n int64) string {
	switch {
	case n%1000 == 0:
		return fmt.Sprintf("%d MB", n/1000)
	case n > 1000:
		return fmt.Sprintf("%.1f MB", float64(n)/1000)
	}
	return fmt.Sprintf("%d kB", n)
}

// LanguageName is a language in itself.
func LanguageName(code string) string { return named("language", code) }

// SupportSaved says where the diagnostics are.
func SupportSaved(path string) string { return fill(supportSaved, "path", path) }

// SetUpStep counts the steps of the first run.
func SetUpStep(n, of int) string {
	return fill(setUpStep, "n", strconv.Itoa(n), "of", strconv.Itoa(of))
}
